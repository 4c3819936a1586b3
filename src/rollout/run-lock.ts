/** The folder of a run has one owner at a time: two processes that write the same trajectories would damage them. */
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { disk } from '../lib/disk.ts';
import { GhostexecError } from '../lib/errors.ts';
import { isRunning, removeDrafts, removeIfPossible, writeDraft, writeWhole, writing } from '../lib/write-file.ts';

export const LOCK = 'run.lock';

/** The owner touches its lock so often. Whether a process of another machine still runs can be told from that alone. */
const TOUCH_MS = 10_000;
const FOREIGN_DEAD_MS = 90_000;

const ownerSchema = z.strictObject({
  pid: z.int().min(1),
  /** When the process started, in clock ticks since the machine did: another process may have its pid by now. */
  started: z.string().nullable(),
  host: z.string(),
});
type Owner = z.output<typeof ownerSchema>;

/**
 * Makes this process the owner of a folder. The lock of a process that is gone is taken over.
 * @returns what gives the folder back; to be called once
 * @throws GhostexecError (RUN_IN_USE) that names the owner, if it still runs; WriteError where the lock cannot be written
 */
export function lockRun(folder: string): () => void {
  const path = join(folder, LOCK);
  const me: Owner = { pid: process.pid, started: startOf(process.pid), host: hostname() };
  const text = `${JSON.stringify(me)}\n`;
  if (owned.has(path)) throw inUse(folder, me);
  if (!create(path, text)) takeOver(folder, path, text);
  const touch = setInterval(() => attempt(() => disk.touch('lock', path)), TOUCH_MS).unref();
  const release = (): void => {
    clearInterval(touch);
    owned.delete(path);
    attempt(() => {
      if (readFileSync(path, 'utf8') === text) giveBack(path);
    });
  };
  if (owned.size === 0) process.off('exit', releaseAll).on('exit', releaseAll);
  owned.set(path, release);
  givenBack.delete(path);
  removeDrafts('lock', path);
  if (!isHeld(turnOf(path))) removeIfPossible('lock', turnOf(path));
  return release;
}

/** Whether a process that still runs owns the folder. */
export function hasOwner(folder: string): boolean {
  return isHeld(join(folder, LOCK));
}

function isHeld(path: string): boolean {
  const owner = ownerIn(path);
  return owner !== undefined && isAlive(owner, path);
}

/** What gives the folders of this process back. */
const owned = new Map<string, () => void>();

/** Locks of this process that could not be removed when they were given back: they are as good as gone. */
const givenBack = new Set<string>();

function giveBack(path: string): void {
  givenBack.add(path);
  attempt(() => {
    disk.remove('lock', path);
    givenBack.delete(path);
  });
}

function releaseAll(): void {
  for (const release of owned.values()) release();
}

/**
 * Creates a file with its content, in one step. Whether it was not there before.
 * @throws WriteError
 */
function create(path: string, text: string): boolean {
  const draft = writeDraft('lock', path, text);
  try {
    return writing(path, () => link(draft, path) ?? createPlainly(path, text));
  } finally {
    removeIfPossible('lock', draft);
  }
}

/** Codes of file systems without hard links, as those that are mounted from a cloud. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** False where the file is there already; undefined where there are no hard links. */
function link(draft: string, path: string): boolean | undefined {
  try {
    disk.link('lock', draft, path);
    return true;
  } catch (error) {
    if (NO_LINKS.has((error as NodeJS.ErrnoException).code)) return undefined;
    return falseIfThere(error);
  }
}

/** The same where there are no hard links: for a moment the file is empty. */
function createPlainly(path: string, text: string): boolean {
  let file: number;
  try {
    file = disk.open('lock', path, 'wx');
  } catch (error) {
    return falseIfThere(error);
  }
  try {
    try {
      disk.write('lock', file, Buffer.from(text), 0);
    } finally {
      disk.close('lock', file);
    }
  } catch (error) {
    // It stays behind and is taken over: to remove it could remove that of another process, which has done so by now.
    givenBack.add(path);
    throw error;
  }
  return true;
}

function falseIfThere(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
  throw error;
}

/** Who has this one takes the lock over. */
function turnOf(path: string): string {
  return `${path}.takeover`;
}

/** One process at a time takes a lock over, and looks at it once more then. */
function takeOver(folder: string, path: string, text: string): void {
  refuseIfAlive(folder, path);
  const turn = turnOf(path);
  if (!create(turn, text)) {
    refuseIfAlive(folder, turn);
    writing(turn, () => disk.remove('lock', turn));
    if (!create(turn, text)) throw inUse(folder, ownerIn(turn));
  }
  try {
    refuseIfAlive(folder, path);
    writeWhole('lock', path, text);
  } finally {
    giveBack(turn);
  }
}

function refuseIfAlive(folder: string, path: string): void {
  const owner = ownerIn(path);
  if (owner !== undefined && isAlive(owner, path)) throw inUse(folder, owner);
}

/** Undefined if there is no lock, or its owner ended while it wrote it. */
function ownerIn(path: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started, host }: Owner, path: string): boolean {
  if (host !== hostname()) {
    const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return touched !== undefined && Date.now() - touched < FOREIGN_DEAD_MS;
  }
  if (pid === process.pid && givenBack.has(path)) return false;
  return startOf(pid) === started && isRunning(pid);
}

/** Null where the system does not say, or there is no such process. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function inUse(folder: string, owner: Owner | undefined): GhostexecError {
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;
  return new GhostexecError(
    'RUN_IN_USE',
    `${folder} is in use by ${who}, which still writes to it; wait for it, stop it, or choose another directory`,
  );
}

/** The file may be gone with its folder. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Nothing depends on it: a lock that stays behind is taken over.
  }
}

/** Locks the folder of a run. It has one owner at a time, because two processes that write the same trajectories would damage them. */
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { disk, isRunning, removeDrafts, removeIfPossible, writeDraft, writeWhole, writing } from '../lib/disk.ts';
import { GhostexecError } from '../lib/errors.ts';

export const LOCK = 'run.lock';

/** The owner touches its lock at this interval. For a process on another machine, this is the only sign that it still runs. */
const TOUCH_MS = 10_000;
/** The owner on another machine counts as gone if it has not touched its lock for this time. */
const FOREIGN_DEAD_MS = 90_000;

const ownerSchema = z.strictObject({
  pid: z.int().min(1),
  /** Start of the process, in clock ticks since the machine started: by now, another process may have the same pid. */
  started: z.string().nullable(),
  host: z.string(),
});
type Owner = z.output<typeof ownerSchema>;

/**
 * Makes this process the owner of a folder. Takes over the lock of a process that is gone.
 * @returns a function that releases the folder; call it once
 * @throws GhostexecError (RUN_IN_USE) that names the owner, if it still runs; WriteError if the lock cannot be written
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

/** Whether a running process owns the folder. */
export function hasOwner(folder: string): boolean {
  return isHeld(join(folder, LOCK));
}

function isHeld(path: string): boolean {
  const owner = ownerIn(path);
  return owner !== undefined && isAlive(owner, path);
}

/** The functions that release the folders of this process, by the path of the lock. */
const owned = new Map<string, () => void>();

/** Locks that this process released but could not remove. They count as gone. */
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
 * Creates a file with its content, in one step.
 * @returns false if the file existed already
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

/** Error codes of file systems without hard links, such as mounted cloud storage. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** False if the file exists already; undefined if the file system has no hard links. */
function link(draft: string, path: string): boolean | undefined {
  try {
    disk.link('lock', draft, path);
    return true;
  } catch (error) {
    if (NO_LINKS.has((error as NodeJS.ErrnoException).code)) return undefined;
    return falseIfThere(error);
  }
}

/** Creates the file without hard links, so it is empty for a moment. @returns false if it existed already */
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
    // The lock stays behind until it is taken over. To remove it here could remove the lock of a process that has taken it over.
    givenBack.add(path);
    throw error;
  }
  return true;
}

function falseIfThere(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
  throw error;
}

/** The path of the second lock: only the process that holds it may take over the first. */
function turnOf(path: string): string {
  return `${path}.takeover`;
}

/** Takes over a lock. Only one process at a time may do so, and it checks the lock once more before. */
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

/** The owner in a lock; undefined if there is no lock, or if the process ended while it wrote the lock. */
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

/** The start of a process, in clock ticks; null if there is no such process or no /proc. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may contain any character.
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

/** Ignores errors: the lock may be gone together with its folder. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // A lock that stays behind does no harm, because the next run takes it over.
  }
}

/** The folder of a run has one owner at a time: two processes that write the same trajectories would damage them. */
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { GhostexecError } from '../lib/errors.ts';
import { howToGoOn } from '../lib/write-file.ts';

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
 * @throws GhostexecError (RUN_IN_USE) that names the owner, if it still runs
 */
export function lockRun(folder: string): () => void {
  const path = join(folder, LOCK);
  const me: Owner = { pid: process.pid, started: startOf(process.pid), host: hostname() };
  const text = `${JSON.stringify(me)}\n`;
  if (owned.has(path)) throw inUse(folder, me);
  if (!create(path, text)) takeOver(folder, path, text);
  const touch = setInterval(() => attempt(() => utimesSync(path, new Date(), new Date())), TOUCH_MS).unref();
  const release = (): void => {
    clearInterval(touch);
    owned.delete(path);
    attempt(() => {
      if (readFileSync(path, 'utf8') === text) rmSync(path);
    });
  };
  if (owned.size === 0) process.off('exit', releaseAll).on('exit', releaseAll);
  owned.set(path, release);
  return release;
}

/** What gives the folders of this process back. */
const owned = new Map<string, () => void>();

function releaseAll(): void {
  for (const release of owned.values()) release();
}

/**
 * Creates a file with its content, in one step. Whether it was not there before.
 * @throws GhostexecError (FILE) where it cannot be written
 */
function create(path: string, text: string): boolean {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, text);
    return succeeds(() => linkSync(draft, path));
  } catch (error) {
    if (NO_LINKS.has((error as NodeJS.ErrnoException).code)) return createPlainly(path, text);
    throw new GhostexecError('FILE', `cannot write ${path}: ${howToGoOn(error)}`, { cause: error });
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Codes of file systems without hard links, as those that are mounted from a cloud. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** The same where there are no hard links: for a moment the file is empty. */
function createPlainly(path: string, text: string): boolean {
  return succeeds(() => writeFileSync(path, text, { flag: 'wx' }));
}

/** False where the file is there already. */
function succeeds(make: () => void): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** One process at a time takes a lock over, and looks at it once more then. */
function takeOver(folder: string, path: string, text: string): void {
  refuseIfAlive(folder, path);
  const turn = `${path}.takeover`;
  if (!create(turn, text)) {
    refuseIfAlive(folder, turn);
    rmSync(turn, { force: true });
    if (!create(turn, text)) throw inUse(folder, ownerIn(turn));
  }
  try {
    refuseIfAlive(folder, path);
    writeFileSync(`${turn}.new`, text);
    renameSync(`${turn}.new`, path);
  } finally {
    rmSync(turn, { force: true });
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
  if (host !== hostname()) return Date.now() - statSync(path).mtimeMs < FOREIGN_DEAD_MS;
  if (startOf(pid) !== started) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
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

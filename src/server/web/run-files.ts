/** Finds the trajectory files of the paths on the command line. */
import { closeSync, type Dirent, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { GhostexecError, messageOf } from '../../lib/errors.ts';
import { quote } from '../../lib/text.ts';
import { TRAJECTORIES } from '../../rollout/run.ts';

export type RunFile = { readonly path: string; readonly name: string };

/**
 * The trajectory files of each path: the path itself if it is a file, its `trajectories.jsonl` if it is the folder of a run, else those
 * of the runs in the folder. The names of the results are unique.
 * @throws GhostexecError (NO_TRACES) for a path that does not exist or contains none
 */
export function findRunFiles(paths: readonly string[]): RunFile[] {
  const files = [...new Set(paths.flatMap((path) => filesIn(path)))];
  const names = files.map(nameOf);
  return files.map((path, at) => {
    const name = names[at] ?? path;
    return { path, name: names.filter((other) => other === name).length === 1 ? name : path };
  });
}

function filesIn(given: string): string[] {
  const path = resolve(given);
  try {
    if (!statSync(path).isDirectory()) {
      if (beginsAsLines(path)) return [path];
      throw new GhostexecError(
        'NO_TRACES',
        `${quote(given, 300)} contains no trajectories: it begins with no JSON object`,
      );
    }
    const own = join(path, TRAJECTORIES);
    if (existsSync(own)) return [own];
    const runs = readdirSync(path, { withFileTypes: true })
      .filter((entry) => holdsRun(path, entry))
      .map(({ name }) => join(path, name, TRAJECTORIES))
      .sort();
    if (runs.length > 0) return runs;
  } catch (error) {
    if (error instanceof GhostexecError) throw error;
    throw new GhostexecError('NO_TRACES', `cannot read ${quote(given, 300)}: ${messageOf(error)}`);
  }
  const expected = `expected ${TRAJECTORIES}, or folders of runs that hold one`;
  throw new GhostexecError('NO_TRACES', `there are no trajectories in ${quote(given, 300)}: ${expected}`);
}

/** Whether a file begins with a JSON object or is still empty. The lines themselves are checked when they are read. */
function beginsAsLines(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(256);
    const begin = bytes
      .toString('utf8', 0, readSync(file, bytes))
      .replace(/^\uFEFF/, '')
      .trimStart();
    return begin === '' || begin.startsWith('{');
  } finally {
    closeSync(file);
  }
}

function holdsRun(folder: string, { name }: Dirent): boolean {
  return existsSync(join(folder, name, TRAJECTORIES));
}

function nameOf(path: string): string {
  return basename(path) === TRAJECTORIES ? basename(dirname(path)) : basename(path);
}

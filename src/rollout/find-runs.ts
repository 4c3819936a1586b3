/** Finds the runs of the paths that a user gives: trajectory files, folders of runs, and folders that contain such folders. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GhostexecError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { cannotRead, readJsonFile } from '../scenarios/files.ts';
import { MANIFEST_FORMAT } from './manifest.ts';
import { MANIFEST, TRAJECTORIES } from './run.ts';

export type FoundRun = {
  /** The folder of the run, or the trajectory file if the user gave a file of another name. */
  readonly path: string;
  /** Undefined for a run without records, which writes no trajectories. */
  readonly trajectories: string | undefined;
};

/**
 * The runs of a path, sorted: the file itself, the run in the folder, or else all runs below it, at any depth. Folders within the
 * folder of a run, and hidden folders, are not searched.
 * @throws GhostexecError (NO_FILE, FILE) if the path cannot be read
 */
export function findRuns(path: string): FoundRun[] {
  try {
    if (statSync(path).isDirectory()) return runsIn(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
  return [{ path: basename(path) === TRAJECTORIES ? dirname(path) : path, trajectories: path }];
}

/** The error for a path without what a command looks for. */
export function noRuns(path: string): GhostexecError {
  const expected = `expected ${TRAJECTORIES}, or folders of runs that hold one`;
  return new GhostexecError('NO_TRACES', `there are no trajectories in ${quote(path, 300)}: ${expected}`);
}

function runsIn(folder: string): FoundRun[] {
  const trajectories = join(folder, TRAJECTORIES);
  if (existsSync(trajectories)) return [{ path: folder, trajectories }];
  if (hasManifest(folder)) return [{ path: folder, trajectories: undefined }];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => runsIn(join(folder, name)));
}

/** Other programs write files of this name, too. */
function hasManifest(folder: string): boolean {
  const path = join(folder, MANIFEST);
  try {
    return existsSync(path) && Object(readJsonFile(path)).format === MANIFEST_FORMAT;
  } catch {
    return false;
  }
}

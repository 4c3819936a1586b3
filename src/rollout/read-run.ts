/** Finds runs on the disk, and reads their episodes, one after the other, for those who train on them or look at them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GhostexecError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { readLines } from '../records/read.ts';
import type { EpisodeRecord } from '../records/schema.ts';
import { cannotRead, readJsonFile } from '../scenarios/files.ts';
import { MANIFEST_FORMAT } from './manifest.ts';
import { MANIFEST, TRAJECTORIES } from './run.ts';

/** The files of a run, given by its folder or by its trajectories, which may have another name. */
export function filesOfRun(path: string): { readonly trajectories: string; readonly manifest: string } {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return {
    trajectories: isFolder ? join(path, TRAJECTORIES) : path,
    manifest: join(path, isFolder ? '' : '..', MANIFEST),
  };
}

/**
 * The episodes of a run, in the order of the file. One at a time is in memory, so the file may have any size.
 * @param path The folder of the run, or a file of trajectories (`.jsonl`).
 * @param onDamage Called for a line that is not a record, which is then left out. Without it such a line is an error.
 * @throws GhostexecError if the file cannot be read (FILE), or a line is not a record (BAD_RECORD)
 * @example
 * for await (const { task_id, advantage, steps } of readEpisodes('runs/a')) {
 *   for (const { observation, completion } of steps) console.log(task_id, advantage, observation, completion);
 * }
 */
export async function* readEpisodes(
  path: string,
  onDamage?: (line: number, why: string) => void,
): AsyncGenerator<EpisodeRecord> {
  const { trajectories } = filesOfRun(path);
  for await (const { number, record, damage = '' } of readLines(trajectories)) {
    if (record !== undefined) yield record;
    else if (onDamage !== undefined) onDamage(number, damage);
    else throw new GhostexecError('BAD_RECORD', `line ${number} of ${trajectories} is not a record: ${damage}`);
  }
}

// The paths that a user gives: trajectory files, folders of runs, and folders that contain such folders.

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

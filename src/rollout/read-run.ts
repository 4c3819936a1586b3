/** Reads the episodes of a run, one after the other, for those who train on them or look at them. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { GhostexecError } from '../lib/errors.ts';
import { readLines } from '../records/read.ts';
import type { EpisodeRecord } from '../records/schema.ts';
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

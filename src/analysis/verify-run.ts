/** Verifies a run on the disk: its trajectories, and the manifest beside them. */
import { existsSync } from 'node:fs';
import { messageOf } from '../lib/errors.ts';
import { Turn } from '../lib/turn.ts';
import { readLines } from '../records/read.ts';
import { type RunManifest, readRunManifest } from '../rollout/manifest.ts';
import { filesOfRun } from '../rollout/read-run.ts';
import type { Difference } from './verify.ts';
import { RolloutVerifier } from './verify-rollout.ts';

/** The outcome of the verification of a run: see `RolloutVerifier`. */
export type RunVerification = ReturnType<RolloutVerifier['finish']> & {
  /** Whether there is a manifest beside the trajectories. Without one, the plan of the run is not known. */
  readonly hasManifest: boolean;
};

/**
 * Plays every episode of a run again, and compares each step, the summary of each episode, its place in the plan and its advantage
 * with the record. The event loop goes on meanwhile.
 * @param path The folder of the run, or a file of trajectories (`.jsonl`).
 * @throws GhostexecError (FILE) if the trajectories cannot be read
 * @example
 * const { episodes, reproduced, differences } = await verifyRun('runs/a');
 * if (reproduced < episodes) console.error(differences[0]);
 */
export async function verifyRun(path: string): Promise<RunVerification> {
  const files = filesOfRun(path);
  const hasManifest = existsSync(files.manifest);
  const problems: Difference[] = [];
  let manifest: RunManifest | undefined;
  try {
    if (hasManifest) manifest = readRunManifest(files.manifest);
  } catch (error) {
    const place = { recording: files.manifest, step: '-', field: '-' };
    problems.push({ ...place, expected: 'a manifest', actual: messageOf(error) });
  }
  const verifier = new RolloutVerifier(files.trajectories, manifest);
  const turn = new Turn();
  for await (const { number, record, damage } of readLines(files.trajectories)) {
    await turn.rest();
    if (record === undefined) verifier.addDamaged(number, damage ?? '');
    else verifier.add(record);
  }
  const found = verifier.finish();
  return {
    ...found,
    hasManifest,
    differing: found.differing + problems.length,
    differences: [...problems, ...found.differences],
  };
}

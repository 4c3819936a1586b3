/** `ghostexec verify` on a rollout. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { plural } from '../lib/text.ts';
import { Turn } from '../lib/turn.ts';
import { readLines } from '../report/read.ts';
import { type Manifest, readManifest } from '../rollout/manifest.ts';
import { MANIFEST } from '../rollout/run.ts';
import type { Difference } from '../rollout/verify.ts';
import { RolloutVerifier } from '../rollout/verify-rollout.ts';

/** The result for a rollout: the lines to print, the number of differences, and the first of the differences. */
export type RolloutOutcome = {
  readonly lines: readonly string[];
  readonly differing: number;
  readonly differences: readonly Difference[];
};

/**
 * Plays every episode of a file of trajectories again, one line at a time. The manifest beside it, if there is one, says which
 * episodes there should be.
 * @throws GhostexecError with code FILE if the trajectories cannot be read
 */
export async function verifyRollout(trajectories: string): Promise<RolloutOutcome> {
  const manifestPath = join(dirname(trajectories), MANIFEST);
  const lines: string[] = [];
  let manifest: Manifest | undefined;
  let problems: Difference[] = [];
  if (!existsSync(manifestPath))
    lines.push(`${trajectories}: there is no ${MANIFEST} beside it, so its plan is not known`);
  else {
    try {
      manifest = readManifest(manifestPath);
    } catch (error) {
      const place = { recording: manifestPath, step: '-', field: '-' };
      problems = [{ ...place, expected: 'a manifest', actual: messageOf(error) }];
    }
  }
  const verifier = new RolloutVerifier(trajectories, manifest);
  const turn = new Turn();
  for await (const { number, record, damage } of readLines(trajectories)) {
    await turn.rest();
    if (record === undefined) verifier.addDamaged(number, damage ?? '');
    else verifier.add(record);
  }
  const { episodes, reproduced, steps, damaged, differing, differences, changedTasks } = verifier.finish();
  for (const task of changedTasks) lines.push(`${trajectories}: the scenario of ${task} has changed since the run`);
  const left = damaged === 0 ? '' : `; ${plural(damaged, 'line')} cannot be read`;
  lines.push(
    `${trajectories}: ${reproduced} of ${plural(episodes, 'episode')} reproduce (${plural(steps, 'step')})${left}`,
  );
  return { lines, differing: differing + problems.length, differences: [...problems, ...differences] };
}

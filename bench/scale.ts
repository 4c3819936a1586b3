/** Compares the cost of a step among many environments with the cost among few. */
import type { Group } from './group.js';
import { interleave, ratesOf, speedRatios } from './interleave.js';
import type { Measure } from './measure.js';
import { actionsFor, makeOffice, playThrough } from './play.js';

const FEW = 64;
/** A round of this many environments takes seconds, so there are few rounds. */
const MOST_ROUNDS = 5;
/** Steps after each reset: enough for all eight types, and few enough for a round of a few seconds. */
const STEPS = 8;

export const scale: Group = {
  name: 'scale',
  figures: {
    few_envs_steps_per_s: { what: 'steps/s in process, 64 environments' },
    many_envs_steps_per_s: { what: 'steps/s in process, 16,384 environments' },
    large_n_ratio: { what: 'rate at 16,384 environments / at 64', goal: { least: 0.9 } },
  },
  measure: measureScale,
};

/** Both variants make the same number of resets and steps: one has many environments, the other plays few of them many times. */
async function measureScale(rounds: number, smoke: boolean): Promise<Record<string, Measure>> {
  const many = smoke ? 512 : 16_384;
  const [fewEnv, manyEnv] = [await makeOffice(FEW, 0), await makeOffice(many, 0)];
  const [fewActions, manyActions] = [actionsFor(FEW, 'v1', STEPS), actionsFor(many, 'v1', STEPS)];
  const times = await interleave(
    {
      few: {
        run: async () => {
          for (let at = 0; at < many; at += FEW) await playThrough(fewEnv, fewActions);
        },
      },
      many: { run: () => playThrough(manyEnv, manyActions) },
    },
    Math.min(rounds, MOST_ROUNDS),
  );
  const steps = many * STEPS;
  return {
    few_envs_steps_per_s: ratesOf(times.few, steps),
    many_envs_steps_per_s: ratesOf(times.many, steps),
    large_n_ratio: speedRatios(times.many, times.few),
  };
}

/** The reward of one step under rules v2: the change of V, shaping, and the cost of an invalid or idle step. */
import type { Breakdown } from '../breakdown.ts';
import type { Episode } from '../episode.ts';
import * as v2 from './constants.ts';
import { BEFORE, COLLATERAL } from './value.ts';

// Local copies: an imported binding is looked up at every use.
const { SCALE, CALM } = v2;
const [WEIGHT_0, WEIGHT_1, WEIGHT_2] = v2.CHANNEL_WEIGHTS;

/**
 * Fills `out`; `out.final` is the reward. `conflict`, `relationship` and `task` are the changes of the three potentials, and
 * `catastrophic_penalty` is the cost of the step's collateral damage. Fields that v2 does not use stay 0.
 * @param stress Stress before the step.
 * @param idled Whether the step furthered nothing although an obligation can still be met.
 */
export function rewardStep({ s, rewardMode }: Episode, stress: number, idled: boolean, out: Breakdown): void {
  const { sums } = s;
  const conflict = (sums[0] ?? 0) - (sums[BEFORE] ?? 0);
  const relationship = (sums[1] ?? 0) - (sums[BEFORE + 1] ?? 0);
  const task = (sums[2] ?? 0) - (sums[BEFORE + 2] ?? 0);
  const damage = (sums[COLLATERAL] ?? 0) - (sums[BEFORE + COLLATERAL] ?? 0);
  const base = SCALE * (WEIGHT_0 * conflict + WEIGHT_1 * relationship + WEIGHT_2 * task);
  const calmer = rewardMode === 'base' ? 0 : (SCALE * CALM * (stress - s.stress)) / 100;
  const invalid = s.stepOk ? 0 : v2.INVALID_STEP;
  const idle = idled ? v2.IDLE_STEP : 0;
  out.conflict = out.conflict_raw = conflict;
  out.relationship = relationship;
  out.task = task;
  out.output_scale = SCALE;
  out.shaping_potential = out.shaping_total = calmer;
  out.weighted_base = base + calmer;
  out.catastrophic_penalty = -SCALE * damage;
  out.invalid_step_adjustment = invalid;
  out.do_nothing_floor = idle;
  out.final = base + calmer + -SCALE * damage + invalid + idle;
}

/** The reward of one step under rules v2: what the step changed in V, shaping, and what an invalid or idle step costs. */
import type { Breakdown } from '../breakdown.ts';
import type { Episode } from '../episode.ts';
import * as v2 from './constants.ts';
import { BEFORE, COLLATERAL } from './value.ts';

/**
 * Fills `out`; `out.final` is the reward. `conflict`, `relationship` and `task` are the changes of the three potentials,
 * `catastrophic_penalty` is what the collateral damage of the step costs; fields that v2 has no use for stay 0.
 * @param stress Stress before the step.
 * @param idled Whether the step furthered nothing though something is owed.
 */
export function rewardStep({ s, rewardMode }: Episode, stress: number, idled: boolean, out: Breakdown): void {
  const { sums } = s;
  const change = (sum: number): number => (sums[sum] ?? 0) - (sums[BEFORE + sum] ?? 0);
  const [conflict, relationship, task] = v2.CHANNEL_WEIGHTS;
  out.conflict = out.conflict_raw = change(0);
  out.relationship = change(1);
  out.task = change(2);
  out.output_scale = v2.SCALE;
  const base = v2.SCALE * (conflict * out.conflict + relationship * out.relationship + task * out.task);
  const calmer = rewardMode === 'base' ? 0 : (v2.SCALE * v2.CALM * (stress - s.stress)) / 100;
  out.shaping_potential = out.shaping_total = calmer;
  out.weighted_base = base + calmer;
  out.catastrophic_penalty = -v2.SCALE * change(COLLATERAL);
  out.invalid_step_adjustment = s.stepOk ? 0 : v2.INVALID_STEP;
  out.do_nothing_floor = idled ? v2.IDLE_STEP : 0;
  out.final = out.weighted_base + out.catastrophic_penalty + out.invalid_step_adjustment + out.do_nothing_floor;
}

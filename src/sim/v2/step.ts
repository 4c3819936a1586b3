/** One step under rules v2. */
import type { CompiledScenario } from '../../world/compile.ts';
import { type ReadAction, remarkOf } from '../../world/completion/completion.ts';
import type { Day } from '../../world/day.ts';
import { keptFor } from '../../world/kept.ts';
import { type Breakdown, emptyBreakdown, refusedBreakdown } from '../breakdown.ts';
import { EPISODE_OVER, Episode, type Ruleset } from '../episode.ts';
import { perform } from './actions.ts';
import { Reader } from './answers.ts';
import { INACTIVE_REWARD, MINUTES } from './constants.ts';
import { type Grade, gradeV2 } from './grade.ts';
import { spend } from './react.ts';
import { closeStep, endStep, isAllQuiet, isAnythingOwed, playOut, unfold } from './unfold.ts';
import { appraise, BEFORE, payOf, rewardStep, SUMMED } from './value.ts';

/** The ruleset v2. */
export class RulesV2 implements Ruleset {
  readonly breakdown: Breakdown = emptyBreakdown();
  private readonly reader = new Reader();

  reset(e: Episode): void {
    e.load(e.c.initialRegion, '');
    e.changed |= SUMMED;
    appraise(e, dayOf(e.c));
    remember(e);
  }

  step(e: Episode, action: ReadAction): number {
    const { s, c } = e;
    if (!s.active) return this.refuse(e);
    const day = dayOf(c);
    remember(e);
    // After a load every sum is computed again.
    if (e.v2.harmed) e.changed |= SUMMED;
    s.stepCount += 1;
    e.news = '';
    const { clock, stress } = s;
    closeStep(e);
    const owed = isAnythingOwed(e, day);
    const outcome = perform(e, day, action, this.reader);
    s.stepOk = typeof outcome === 'boolean';
    if (typeof outcome === 'string') {
      e.note = outcome;
      spend(e, MINUTES.invalid);
    }
    e.appendNote(remarkOf(action));
    unfold(e, day, clock);
    if (endStep(e, day)) unfold(e, day, clock);
    const settlement = endIfOver(e, day);
    appraise(e, day);
    rewardStep(e, stress, owed && outcome === false, this.breakdown);
    this.breakdown.settlement = settlement;
    return this.breakdown.final;
  }

  /** A step after the end of the episode changes nothing and costs a little. */
  private refuse(e: Episode): number {
    remember(e);
    closeStep(e);
    e.s.stepOk = false;
    e.note = EPISODE_OVER;
    e.news = '';
    Object.assign(this.breakdown, NOTHING_HAPPENED);
    return INACTIVE_REWARD;
  }
}

/**
 * The episode is terminated if the day is over or nothing is left to do, and truncated at the step limit. Returns the share of
 * the reward that the rest of the day brings.
 */
function endIfOver(e: Episode, day: Day): number {
  const { s } = e;
  const isDone = s.clock >= day.end || (isAllQuiet(e) && !isAnythingOwed(e, day));
  const isLimit = s.stepCount >= e.c.world.max_episode_steps;
  if (!isDone && !isLimit) return 0;
  s.active = false;
  s.limitReached = !isDone;
  appraise(e, day);
  const before = payOf(e);
  playOut(e, day);
  appraise(e, day);
  return payOf(e) - before;
}

/** A second episode of each scenario, in which the rest of a day passes. */
const copyFor = keptFor((c) => Episode.of(c, 'full'));

/** The grade that the episode would have if nothing more were done. The episode itself does not change. */
export function gradeSoFarV2(e: Episode): Grade {
  const { c } = e;
  if (!e.s.active) return gradeV2(c, e.s);
  const copy = copyFor(c);
  copy.copyFrom(e);
  copy.s.active = false;
  copy.v2.harmed = true;
  copy.changed |= SUMMED;
  const day = dayOf(c);
  playOut(copy, day);
  appraise(copy, day);
  return gradeV2(c, copy.s);
}

/** Copies the current sums to the sums before the next step. */
function remember({ s }: Episode): void {
  s.ledgerBefore.set(s.ledger);
  // Only four numbers: `copyWithin` would be slower.
  const { sums } = s;
  for (let sum = 0; sum < BEFORE; sum++) sums[BEFORE + sum] = sums[sum] ?? 0;
}

/** The data that rules v2 added to a scenario. */
export function dayOf({ day }: CompiledScenario): Day {
  if (day === undefined) throw new TypeError('the scenario was not compiled for rules v2');
  return day;
}

const NOTHING_HAPPENED = refusedBreakdown(INACTIVE_REWARD);

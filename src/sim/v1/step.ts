/** One step under rules v1, in the order of paragraph 3. */
import type { ReadAction } from '../../world/completion/completion.ts';
import { type Breakdown, emptyBreakdown, refusedBreakdown } from '../breakdown.ts';
import { EPISODE_OVER, type Episode, type Ruleset, UNCOUNTED } from '../episode.ts';
import { applyAction } from './actions.ts';
import { INACTIVE_REWARD } from './constants.ts';
import { advanceClock, applyDrift, moveMoods, recomputeStress, takeStock } from './dynamics.ts';
import { rewardStep } from './reward.ts';
import { StepScratch } from './turn.ts';

/** The ruleset v1. */
export class RulesV1 implements Ruleset {
  readonly breakdown: Breakdown = emptyBreakdown();
  private readonly turn = new StepScratch();

  reset(e: Episode): void {
    e.load(e.c.initialRegion, '');
    takeStock(e);
    recomputeStress(e);
  }

  step(e: Episode, action: ReadAction): number {
    const { s } = e;
    const { turn } = this;
    if (!s.active) return this.refuse(e);
    if (e.v1.criticalUnreplied === UNCOUNTED) takeStock(e);
    s.stepCount += 1;
    applyDrift(e);
    turn.begin(e);
    applyAction(e, action, turn);
    advanceClock(e, turn);
    moveMoods(e, turn);
    recomputeStress(e);
    s.stepOk = turn.ok;
    if (s.stepCount >= e.c.world.max_episode_steps) {
      s.active = false;
      s.limitReached = true;
    }
    rewardStep(e, turn, this.breakdown);
    return this.breakdown.final;
  }

  /** A step after the end of the episode changes nothing and costs a little. */
  private refuse(e: Episode): number {
    e.s.stepOk = false;
    e.note = EPISODE_OVER;
    Object.assign(this.breakdown, NOTHING_HAPPENED);
    return INACTIVE_REWARD;
  }
}

const NOTHING_HAPPENED = refusedBreakdown(INACTIVE_REWARD);

/** Tries out plans in one episode, whose state is restored as often as needed. */
import { Episode } from '../../sim/episode.ts';
import { createRuleset } from '../../sim/rules.ts';
import type { Ruleset } from '../../sim/ruleset.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import type { Action } from '../../world/schema.ts';
import { Candidates, WAIT } from './candidates.ts';
import { Outlook } from './outlook.ts';

export type SolveOptions = {
  /** States that are kept after each step. */
  readonly beam: number;
  readonly seed: number;
  /** Maximum number of steps to play in the search. The plan is completed even if they run out. */
  readonly maxExpansions: number;
  /** Called with the number of finished parts of the search and the number of all parts. */
  readonly onProgress?: (done: number, total: number) => void;
};

export type Plan = {
  readonly actions: readonly Action[];
  /** V at the end. */
  readonly value: number;
  /** Sum of the rewards. */
  readonly paid: number;
};
/** Values that differ by less count as equal. */
export const SAME = 1e-9;
/** Whether plan `a` is better than `b`: by V, then by fewer steps, then by the return. */
export function isBetter(a: Plan, b: Plan): boolean {
  if (Math.abs(a.value - b.value) > SAME) return a.value > b.value;
  if (a.actions.length !== b.actions.length) return a.actions.length < b.actions.length;
  return a.paid > b.paid + SAME;
}

/** One episode in which all plans are tried out. */
export class Bench {
  readonly e: Episode;
  readonly rules: Ruleset = createRuleset('v2');
  readonly candidates: Candidates;
  readonly estimate: Outlook;
  expansions = 0;

  constructor(c: CompiledScenario) {
    this.e = Episode.of(c, 'full');
    this.candidates = new Candidates(c);
    this.estimate = new Outlook(c);
  }

  reset(): void {
    this.rules.reset(this.e);
  }

  step(action: Action): number {
    this.expansions++;
    return this.rules.step(this.e, action);
  }

  /** Restores a state. Texts about the last step are not restored: the rules do not depend on them. */
  load(region: Uint8Array): void {
    this.e.load(region, '');
  }

  /** Plays the step with the best estimate and leaves the episode in the state after it. Returns the action and its reward. */
  stepGreedily(candidates = this.candidates.list(this.e)): { action: Action; paid: number } {
    const before = this.e.s.region.slice();
    let best: { action: Action; paid: number; region: Uint8Array; estimate: number } | undefined;
    for (const { action, worked } of candidates) {
      this.load(before);
      const paid = this.step(action);
      if (!this.e.s.stepOk || !worked(this.e)) continue;
      const estimate = this.estimate.of(this.e);
      if (best === undefined || estimate > best.estimate + SAME) {
        best = { action, paid, estimate, region: this.e.s.region.slice() };
      }
    }
    if (best === undefined) {
      this.load(before);
      return { action: WAIT.action, paid: this.step(WAIT.action) };
    }
    this.load(best.region);
    return best;
  }
}

/** Where plans are tried out: one episode, whose state is put back as often as is needed. */
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
  /** Steps that are played at the most; the plan is finished even if they run out. */
  readonly maxExpansions: number;
  /** `done` of `total` parts of the search are over. */
  readonly onProgress?: (done: number, total: number) => void;
};

export type Plan = {
  readonly actions: readonly Action[];
  /** V at the end. */
  readonly value: number;
  /** Sum of the rewards. */
  readonly paid: number;
};
/** Values that differ by less are equal. */
export const SAME = 1e-9;
/** Whether `a` is the better plan: by V, then fewer steps, then the return. */
export function isBetter(a: Plan, b: Plan): boolean {
  if (Math.abs(a.value - b.value) > SAME) return a.value > b.value;
  if (a.actions.length !== b.actions.length) return a.actions.length < b.actions.length;
  return a.paid > b.paid + SAME;
}

/** One episode in which everything is tried out. */
export class Bench {
  readonly e: Episode;
  readonly rules: Ruleset = createRuleset('v2');
  readonly candidates: Candidates;
  readonly outlook: Outlook;
  expansions = 0;

  constructor(c: CompiledScenario) {
    this.e = Episode.of(c, 'full');
    this.candidates = new Candidates(c);
    this.outlook = new Outlook(c);
  }

  reset(): void {
    this.rules.reset(this.e);
  }

  step(action: Action): number {
    this.expansions++;
    return this.rules.step(this.e, action);
  }

  /** Puts a state back. What was said of it is no part of the rules. */
  load(region: Uint8Array): void {
    this.e.load(region, '');
  }

  /** The step that looks best by the outlook; the episode is in the state after it. Returns its reward. */
  stepGreedily(candidates = this.candidates.list(this.e)): { action: Action; paid: number } {
    const before = this.e.s.region.slice();
    let best: { action: Action; paid: number; region: Uint8Array; outlook: number } | undefined;
    for (const { action, worked } of candidates) {
      this.load(before);
      const paid = this.step(action);
      if (!this.e.s.stepOk || !worked(this.e)) continue;
      const outlook = this.outlook.of(this.e);
      if (best === undefined || outlook > best.outlook + SAME) {
        best = { action, paid, outlook, region: this.e.s.region.slice() };
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

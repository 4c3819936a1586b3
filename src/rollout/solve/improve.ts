/** Improves a plan by small changes: it removes, swaps, moves, replaces and inserts steps. Each changed plan is played. */
import { worthOf } from '../../sim/v2/value.ts';
import type { Action } from '../../world/schema.ts';
import { type Bench, isBetter, type Plan, type SolveOptions } from './bench.ts';

/** Maximum number of rounds. A round that improved the plan is followed by another one. */
const MAX_ROUNDS = 8;

export function* improve(
  bench: Bench,
  plan: Plan,
  { maxExpansions, onProgress }: SolveOptions,
): Generator<undefined, Plan> {
  let best = plan;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = best;
    for (const change of [rearrangements, additions]) {
      for (const actions of change(bench, before.actions)) {
        yield;
        if (bench.expansions >= maxExpansions) return best;
        const played = play(bench, actions);
        if (isBetter(played, best)) best = played;
      }
    }
    if (best === before) break;
  }
  const { max_episode_steps: depth } = bench.e.c.world;
  onProgress?.(depth + 1, depth + 1);
  return best;
}

function* rearrangements(_bench: Bench, actions: readonly Action[]): Generator<Action[]> {
  for (let i = 0; i < actions.length; i++) {
    const without = actions.toSpliced(i, 1);
    yield without;
    const [moved] = actions.slice(i, i + 1);
    if (moved === undefined) continue;
    for (let j = 0; j < actions.length; j++) {
      if (j !== i) yield without.toSpliced(j, 0, moved);
      const other = actions[j];
      if (j > i + 1 && other !== undefined) yield actions.with(i, other).with(j, moved);
    }
  }
}

/** Plans with one more candidate action at each point, either in place of the step there or before it. */
function* additions(bench: Bench, actions: readonly Action[]): Generator<Action[]> {
  for (let i = 0; i < actions.length; i++) {
    bench.reset();
    for (const action of actions.slice(0, i)) bench.step(action);
    if (!bench.e.s.active) return;
    for (const { action } of bench.candidates.list(bench.e, true)) {
      yield actions.with(i, action);
      yield actions.toSpliced(i, 0, action);
    }
  }
}

/** Plays a list of actions. Actions that are impossible or not yet known at their place are skipped; the rest is filled greedily. */
function play(bench: Bench, actions: readonly Action[]): Plan {
  const { e } = bench;
  const done: Action[] = [];
  let paid = 0;
  bench.reset();
  for (const action of actions) {
    if (!e.s.active) break;
    if (!bench.candidates.isKnown(e, action)) continue;
    const before = e.s.region.slice();
    const reward = bench.step(action);
    if (!e.s.stepOk) {
      bench.load(before);
      continue;
    }
    done.push(action);
    paid += reward;
  }
  while (e.s.active) {
    const step = bench.stepGreedily();
    done.push(step.action);
    paid += step.paid;
  }
  return { actions: done, paid, value: worthOf(e.s) };
}

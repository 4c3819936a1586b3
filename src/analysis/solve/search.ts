/**
 * Looks for a plan with a high V: a beam search over copies of the episode's state, step by step, followed by local
 * improvement of the best plan found. The same scenario and options give the same plan.
 */
import { deriveSeed, Random } from '../../lib/random.ts';
import { Turn } from '../../lib/turn.ts';
import type { Episode } from '../../sim/episode.ts';
import { BEFORE, worthOf } from '../../sim/v2/value.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import type { Action } from '../../world/schema.ts';
import type { Candidate } from './candidates.ts';
import { Bench, isBetter, type SolvedPlan, type SolveOptions } from './estimate.ts';

export type Solution = SolvedPlan & {
  /** Steps played in the search. */
  readonly expansions: number;
  /** Whether the search used up all its steps. */
  readonly exhausted: boolean;
  /** V before the local improvement. */
  readonly found: number;
};

/** Shares of the beam that are chosen by estimate and by V; the rest is chosen at random. */
const BY_ESTIMATE = 0.7;
const BY_VALUE = 0.2;
/** Maximum number of states with the same ledger that are chosen by estimate: they differ only in the order of the actions. */
const MAX_ALIKE = 1;
/** Share of the expansions that the beam may use; the rest is for the improvement. */
const FOR_BEAM = 0.8;

type SearchNode = {
  readonly region: Uint8Array;
  readonly parent: SearchNode | undefined;
  readonly action: Action;
  readonly paid: number;
  readonly value: number;
  readonly estimate: number;
  /** The state of obligations and moods, as bytes. Plans that do the same things in another order have equal ledgers. */
  readonly ledger: string;
};

/** Searches in small parts, so that the event loop goes on and a signal can end the search at any time. */
export async function solveCompiled(c: CompiledScenario, options: SolveOptions): Promise<Solution> {
  const search = solveInPieces(c, options);
  const turn = new Turn();
  for (;;) {
    const { done, value } = search.next();
    if (done) return value;
    await turn.rest();
  }
}

/** The search as a generator that yields every few milliseconds. */
export function* solveInPieces(c: CompiledScenario, options: SolveOptions): Generator<undefined, Solution> {
  const bench = new Bench(c);
  const found = yield* beamSearch(bench, options);
  const best = yield* improve(bench, found, options);
  return {
    ...best,
    expansions: bench.expansions,
    exhausted: bench.expansions >= options.maxExpansions,
    found: found.value,
  };
}

function* beamSearch(bench: Bench, options: SolveOptions): Generator<undefined, SolvedPlan> {
  const { e, candidates } = bench;
  const { max_episode_steps: depth } = e.c.world;
  bench.reset();
  let best: SolvedPlan | undefined;
  let beam = [nodeHere(bench, undefined, {}, 0)];
  for (let step = 1; beam.length > 0; step++) {
    options.onProgress?.(step - 1, depth + 1);
    if (bench.expansions >= options.maxExpansions * FOR_BEAM) {
      for (const node of beam.slice(0, 1)) best = better(best, finish(bench, node));
      break;
    }
    const children = new Map<string, SearchNode>();
    for (const node of beam) {
      yield;
      bench.load(node.region);
      for (const candidate of candidates.list(e)) {
        bench.load(node.region);
        const child = tryOut(bench, node, candidate);
        if (child === undefined) continue;
        if (!e.s.active) {
          best = better(best, planOf(child));
          continue;
        }
        const key = keyOf(e);
        const known = children.get(key);
        if (known === undefined || child.paid > known.paid) children.set(key, child);
      }
    }
    beam = select([...children.values()], options.beam, new Random(deriveSeed(options.seed, step)));
  }
  options.onProgress?.(depth, depth + 1);
  return best ?? finish(bench, undefined);
}

function tryOut(bench: Bench, node: SearchNode, { action, worked }: Candidate): SearchNode | undefined {
  const paid = bench.step(action);
  return bench.e.s.stepOk && worked(bench.e) ? nodeHere(bench, node, action, node.paid + paid) : undefined;
}

/** A node for the current state of the episode. */
function nodeHere({ e, estimate }: Bench, parent: SearchNode | undefined, action: Action, paid: number): SearchNode {
  return {
    region: e.s.region.slice(),
    parent,
    action,
    paid,
    value: worthOf(e.s),
    estimate: e.s.active ? estimate.of(e) : 0,
    ledger: Buffer.from(e.s.ledger).toString('latin1'),
  };
}

/** The current state as a key. The values from before the last step are left out. */
function keyOf({ s }: Episode): string {
  const { region, sums, ledgerBefore } = s;
  const copy = Buffer.from(region);
  const offset = region.byteOffset;
  copy.fill(0, sums.byteOffset - offset + BEFORE * 8, sums.byteOffset - offset + sums.byteLength);
  copy.fill(0, ledgerBefore.byteOffset - offset, ledgerBefore.byteOffset - offset + ledgerBefore.byteLength);
  return copy.toString('latin1');
}

function select(nodes: SearchNode[], width: number, random: Random): SearchNode[] {
  nodes.sort((a, b) => b.estimate - a.estimate || b.value - a.value || b.paid - a.paid);
  if (nodes.length <= width) return nodes;
  const head = Math.max(1, Math.floor(width * BY_ESTIMATE));
  const alike = new Map<string, number>();
  const kept: SearchNode[] = [];
  const rest: SearchNode[] = [];
  for (const node of nodes) {
    const count = alike.get(node.ledger) ?? 0;
    if (kept.length < head && count < MAX_ALIKE) {
      kept.push(node);
      alike.set(node.ledger, count + 1);
    } else rest.push(node);
  }
  rest.sort((a, b) => b.value - a.value || b.estimate - a.estimate);
  const rich = Math.min(width - kept.length, Math.floor(width * BY_VALUE));
  kept.push(...rest.slice(0, rich));
  const pool = rest.slice(rich);
  while (kept.length < width && pool.length > 0) {
    const at = random.below(pool.length);
    const chosen = pool[at];
    const last = pool.pop();
    if (at < pool.length && last !== undefined) pool[at] = last;
    if (chosen !== undefined) kept.push(chosen);
  }
  return kept;
}

/** Completes a plan greedily; without a node, a plan from the beginning. */
function finish(bench: Bench, node: SearchNode | undefined): SolvedPlan {
  if (node === undefined) {
    bench.reset();
    return bench.finish([], 0);
  }
  bench.load(node.region);
  return bench.finish(planOf(node).actions, node.paid);
}

function planOf(node: SearchNode): SolvedPlan {
  const actions: Action[] = [];
  for (let at: SearchNode | undefined = node; at?.parent !== undefined; at = at.parent) actions.push(at.action);
  return { actions: actions.reverse(), value: node.value, paid: node.paid };
}

function better(best: SolvedPlan | undefined, plan: SolvedPlan): SolvedPlan {
  return best === undefined || isBetter(plan, best) ? plan : best;
}

// Improves a plan by small changes: it removes, swaps, moves, replaces and inserts steps. Each changed plan is played.

/** Maximum number of rounds. A round that improved the plan is followed by another one. */
const MAX_ROUNDS = 8;

function* improve(
  bench: Bench,
  plan: SolvedPlan,
  { maxExpansions, onProgress }: SolveOptions,
): Generator<undefined, SolvedPlan> {
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
function play(bench: Bench, actions: readonly Action[]): SolvedPlan {
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
  return bench.finish(done, paid);
}

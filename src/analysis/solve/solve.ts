/** The solver for callers in TypeScript: from a task or a scenario to a plan. */
import { z } from 'zod';
import { compileFor } from '../../sim/rules.ts';
import { type EnvSpec, envSpecSchema, loadSpec, seedSchema } from '../../vector/spec.ts';
import type { Action } from '../../world/schema.ts';
import { parseWith } from '../../world/validate.ts';
import { solveCompiled } from './search.ts';
import { measurePlan } from './sidecar.ts';

const searchOptionsSchema = envSpecSchema.pick({ task: true, scenario: true, drift: true }).extend({
  beam: z.int().min(1).max(1_000_000).default(200).describe('States that are kept after each step'),
  seed: seedSchema.default(0).describe('Seed of the random part of the beam'),
  maxExpansions: z.int().min(1).max(1e9).default(1_000_000).describe('Maximum number of steps that are played'),
});

/** What to solve, and how hard to search. */
export type SolveRequest = Omit<z.input<typeof searchOptionsSchema>, 'scenario' | 'drift'> &
  Pick<EnvSpec, 'scenario' | 'drift'> & {
    /** Called with the number of finished parts of the search and the number of all parts. */
    readonly onProgress?: (done: number, total: number) => void;
  };

/** The best plan that was found for a day. */
export type SolveResult = {
  /** The actions, one for each step of the episode. */
  readonly plan: readonly Action[];
  /** V, the worth of the world, at the end of the plan. */
  readonly value: number;
  /** V at the end of a day on which nothing is done. */
  readonly floor: number;
  /** Sum of the rewards of the plan (rules v2, full reward). */
  readonly return: number;
  /** Steps that were played in the search. */
  readonly expansions: number;
  /** Whether the search used up all its steps; more of them may find a better plan. */
  readonly exhausted: boolean;
};

/**
 * Searches for the best plan of a day under rules v2. Equal options give the same plan. The search runs in this thread, and lets
 * the event loop go on. Nothing is stored: `ghostexec solve` stores plans for the graders.
 * @throws UnknownTaskError, ValidationError
 * @example
 * const { plan, value, floor } = await solve({ task: 'phase2_core', beam: 50 });
 */
export async function solve({ onProgress, ...request }: SolveRequest): Promise<SolveResult> {
  const { beam, seed, maxExpansions, ...asked } = parseWith(searchOptionsSchema, request, 'solve options');
  const { scenario, drift } = loadSpec(asked);
  const compiled = compileFor('v2', scenario, drift);
  const options = { beam, seed, maxExpansions, ...(onProgress === undefined ? {} : { onProgress }) };
  const { actions, expansions, exhausted } = await solveCompiled(compiled, options);
  const { value, floor, paid } = measurePlan(compiled, actions);
  return { plan: actions, value, floor, return: paid, expansions, exhausted };
}

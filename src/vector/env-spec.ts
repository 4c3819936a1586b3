/** The specification of one environment by a caller, and the documents that it names. */
import { z } from 'zod';
import { MAX_SEED } from '../lib/random.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { RULES } from '../sim/rules.ts';
import { coerceDocument } from '../world/coerce.ts';
import { type Drift, driftSchema, scenarioSchema } from '../world/schema.ts';
import { loadTask, taskIds } from '../world/tasks.ts';
import { parseWith } from '../world/validate.ts';
import { UnknownTaskError } from './errors.ts';
import type { SpecData } from './spec.ts';

/** The schema of a seed: a whole number in 0..2^53-1. */
export const seedSchema = z.int().min(0).max(MAX_SEED);

export const envSpecSchema = z.strictObject({
  task: z.string().optional().describe('Id of a shipped task, or the name given to an inline scenario'),
  scenario: z.unknown().optional().describe('An inline scenario, instead of a shipped one'),
  drift: z.unknown().optional().describe('An inline drift document; null: none, where the task has one'),
  rules: z.enum(RULES).optional(),
  rewardMode: z.enum(REWARD_MODES).optional(),
  seed: seedSchema.optional().describe('Seed of the first episode'),
});

/** The task or the scenario of one environment. Options that are missing here are those of the VectorEnv. */
export type EnvSpec = z.input<typeof envSpecSchema>;

/**
 * Loads and validates the documents of a spec.
 * @throws UnknownTaskError, ValidationError
 */
export function loadSpec(spec: EnvSpec): Pick<SpecData, 'task' | 'scenario' | 'drift' | 'oracle'> {
  if (spec.scenario === undefined) {
    if (spec.task === undefined || !taskIds().includes(spec.task)) throw new UnknownTaskError(spec.task, taskIds());
    const task = loadTask(spec.task);
    const { id, scenario, drift, oracle } = task;
    // Another drift makes another instance, whose best plan is unknown.
    if (spec.drift !== undefined) return { task: id, scenario, drift: inlineDrift(spec), oracle: undefined };
    return { task: id, scenario, drift, oracle };
  }
  const task = spec.task ?? 'inline';
  return {
    task,
    scenario: parseWith(scenarioSchema, coerceDocument(spec.scenario), `scenario of task ${JSON.stringify(task)}`),
    drift: inlineDrift(spec),
    oracle: undefined,
  };
}

function inlineDrift(spec: EnvSpec): Drift | undefined {
  if (spec.drift === undefined || spec.drift === null) return undefined;
  return parseWith(driftSchema, coerceDocument(spec.drift), `drift of task ${JSON.stringify(spec.task ?? 'inline')}`);
}

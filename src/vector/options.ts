/** The options of VectorEnv.create: validated, and what they name loaded. */
import { z } from 'zod';
import { MAX_SEED } from '../lib/random.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { DEFAULT_RULES, RULES } from '../sim/rules.ts';
import { coerceDocument } from '../world/coerce.ts';
import { type Drift, driftSchema, scenarioSchema } from '../world/schema.ts';
import { defaultTaskIds, loadTask, taskIds } from '../world/tasks.ts';
import { parseWith } from '../world/validate.ts';
import { LengthError, UnknownTaskError } from './errors.ts';
import { AUTORESETS, type Autoreset, compileSpec, type Spec, type SpecData } from './spec.ts';

const seed = z.int().min(0).max(MAX_SEED);

export const envSpecSchema = z.strictObject({
  task: z.string().optional().describe('Id of a shipped task, or the name given to an inline scenario'),
  scenario: z.unknown().optional().describe('An inline scenario, instead of a shipped one'),
  drift: z.unknown().optional().describe('An inline drift document; null: none, where the task has one'),
  rules: z.enum(RULES).optional(),
  rewardMode: z.enum(REWARD_MODES).optional(),
  seed: seed.optional().describe('Seed of the first episode'),
});

export const vectorOptionsSchema = z.strictObject({
  numEnvs: z.int().min(1).max(1_000_000).optional(),
  tasks: z.array(z.string()).min(1).optional(),
  envs: z.array(envSpecSchema).min(1).optional(),
  workers: z.int().min(0).max(256).default(0),
  rules: z.enum(RULES).default(DEFAULT_RULES),
  rewardMode: z.enum(REWARD_MODES).default('full'),
  autoreset: z.enum(AUTORESETS).default('next_step'),
  seed: seed.default(0),
  maxForks: z.int().min(0).max(1_000_000).optional(),
});

export type EnvSpec = z.input<typeof envSpecSchema>;
export type VectorOptions = z.input<typeof vectorOptionsSchema>;

export type ResolvedOptions = {
  /** Distinct specs; environments refer to them by index. */
  readonly specs: readonly Spec[];
  readonly envSpecs: readonly number[];
  /** Seed of an environment's first episode, where one was given. */
  readonly envSeeds: readonly (number | undefined)[];
  readonly workers: number;
  readonly autoreset: Autoreset;
  readonly seed: number;
  readonly maxForks: number;
};

/** Forks have room for so many copies unless `maxForks` says otherwise. */
const DEFAULT_MAX_FORKS = 1_024;

/** Validates the options of VectorEnv.create and loads what they name. */
export function resolveOptions(input: VectorOptions): ResolvedOptions {
  const options = parseWith(vectorOptionsSchema, input, 'VectorEnv.create options');
  if (options.envs !== undefined && options.numEnvs !== undefined && options.envs.length !== options.numEnvs) {
    throw new LengthError('VectorEnv.create', 'env specs', options.envs.length, options.numEnvs);
  }
  const tasks = options.tasks ?? defaultTaskIds();
  const numEnvs = options.envs?.length ?? options.numEnvs ?? tasks.length;
  const byIdentity = new Map<string, number>();
  const documents = new Map<unknown, number>();
  const specs: Spec[] = [];
  const specOf = (spec: EnvSpec): number => {
    const rules = spec.rules ?? options.rules;
    const rewardMode = spec.rewardMode ?? options.rewardMode;
    const identity = [
      spec.task,
      numberOf(documents, spec.scenario),
      numberOf(documents, spec.drift),
      rules,
      rewardMode,
    ];
    const key = JSON.stringify(identity);
    let index = byIdentity.get(key);
    if (index === undefined) {
      index = specs.length;
      specs.push(compileSpec({ ...loadSpec(spec), rules, rewardMode }));
      byIdentity.set(key, index);
    }
    return index;
  };
  // Every task is loaded, though there may be fewer environments: a reset may ask for it.
  const dealt = options.envs === undefined || options.tasks !== undefined ? tasks.map((task) => specOf({ task })) : [];
  const envs: readonly EnvSpec[] = options.envs ?? [];
  const envSpecs = Array.from({ length: numEnvs }, (_, env) => {
    const spec = envs[env];
    return spec === undefined ? (dealt[env % dealt.length] ?? 0) : specOf(spec);
  });
  return {
    specs,
    envSpecs,
    envSeeds: envSpecs.map((_, env) => envs[env]?.seed),
    workers: Math.min(options.workers, numEnvs),
    autoreset: options.autoreset,
    seed: options.seed,
    maxForks: options.maxForks ?? Math.min(numEnvs, DEFAULT_MAX_FORKS),
  };
}

/** Documents are told apart by identity: the same object is validated and compiled once. */
function numberOf(documents: Map<unknown, number>, document: unknown): number {
  const known = documents.get(document) ?? documents.size;
  documents.set(document, known);
  return known;
}

function loadSpec(spec: EnvSpec): Pick<SpecData, 'task' | 'scenario' | 'drift' | 'oracle'> {
  if (spec.scenario === undefined) {
    if (spec.task === undefined || !taskIds().includes(spec.task)) throw new UnknownTaskError(spec.task, taskIds());
    const task = loadTask(spec.task);
    const { id, scenario, drift, oracle } = task;
    // Another drift makes another instance, whose best plan nobody knows.
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

/** The options of VectorEnv.create: their schema, and loading what they name. */
import { z } from 'zod';
import { ValidationError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { defaultTaskIds } from '../scenarios/shipped.ts';
import { REWARD_MODES, type RewardMode } from '../sim/breakdown.ts';
import { DEFAULT_RULES, RULES, type Rules } from '../sim/rules.ts';
import { parseWith } from '../world/validate.ts';
import { LengthError } from './errors.ts';
import {
  AUTORESETS,
  type Autoreset,
  compileSpec,
  type EnvSpec,
  envSpecSchema,
  type Grouping,
  loadSpec,
  type Spec,
  seedSchema,
  type UncheckedSpec,
} from './spec.ts';
import type { Recovery, ShardOptions } from './supervision.ts';

/** Called for every worker thread that was lost and replaced without a loss of episodes. */
export type OnRecovery = (recovery: Recovery) => void;

/** A day, in milliseconds. */
const MAX_DEADLINE_MS = 86_400_000;

/**
 * The schema of the options of `VectorEnv.create`, which documents them. docs/VECTOR_ENV.md and the docstring of `create` repeat
 * its descriptions, and a test compares them.
 */
export const vectorOptionsSchema = z.strictObject({
  numEnvs: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      'Number of environments. By default one group for each task, or one environment for each entry of `envs`',
    ),
  tasks: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'Ids of shipped tasks, dealt out to the groups in turn. Beside `envs`: further tasks, which a reset can name. By default the certified tasks',
    ),
  envs: z
    .array(envSpecSchema)
    .min(1)
    .optional()
    .describe(
      'An `EnvSpec` for each environment: `{task?, scenario?, drift?, rules?, rewardMode?, seed?}`. `scenario` and `drift` are documents, and `task` is then their name',
    ),
  workers: z
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe(
      'Worker threads; 0 plays in the calling thread. Below a few hundred environments a thread costs more than it gains',
    ),
  rules: z
    .enum(RULES)
    .default(DEFAULT_RULES)
    .describe('The ruleset: `v1` is the published environment, `v2` the repaired one'),
  rewardMode: z
    .enum(REWARD_MODES)
    .default('full')
    .describe(
      'The parts of the reward: `full` has all of them, `base` leaves out the shaping, `shaping` is the same as `full`',
    ),
  autoreset: z.enum(AUTORESETS).default('next_step').describe('What happens to an environment whose episode is over'),
  groupSize: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1)
    .describe(
      'Number of consecutive environments that begin every episode alike, with the same task and seed. Forks and added environments belong to no group',
    ),
  seed: seedSchema.default(0).describe('Root from which the seeds of all episodes are derived'),
  maxForks: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe('Room for forks and added environments. By default the number of environments, at most 1,024'),
  briefings: z
    .boolean()
    .default(true)
    .describe('Whether worker threads write the briefings; if not, `briefing(i)` writes them in the calling thread'),
  stepDeadlineMs: z
    .int()
    .min(1)
    .max(MAX_DEADLINE_MS)
    .default(60_000)
    .describe('Milliseconds. A worker thread that takes longer over one command is replaced'),
  workerMemoryMb: z
    .int()
    .min(1)
    .max(1_048_576)
    .optional()
    .describe(
      "Maximum size of a worker's heap (old generation), in MiB. A worker that exceeds it is replaced. By default the limit of Node",
    ),
  onRecovery: z
    .custom<OnRecovery>((value) => typeof value === 'function', 'expected a function')
    .optional()
    .describe('Called with a `Recovery` for every worker thread that was lost and replaced'),
});

/** Options whose documents may be anything: they are checked when they are loaded. */
export type UncheckedOptions = z.input<typeof vectorOptionsSchema>;

/** The options of `VectorEnv.create`. */
export type VectorOptions = Omit<UncheckedOptions, 'envs'> & { envs?: EnvSpec[] | undefined };

/** The options after validation, with all specs loaded and compiled. */
export type ResolvedOptions = {
  /** Distinct specs; environments refer to them by index. Environments that are added later may add specs. */
  readonly specs: readonly Spec[];
  /** The index of the spec of an environment, which is loaded and compiled if it is new. */
  readonly specOf: (env: UncheckedSpec) => number;
  readonly envSpecs: readonly number[];
  /** The seed of each environment's first episode, if one was given. */
  readonly envSeeds: readonly (number | undefined)[];
  readonly workers: number;
  readonly autoreset: Autoreset;
  readonly groups: Grouping;
  readonly seed: number;
  readonly maxForks: number;
  readonly briefings: boolean;
  readonly worker: ShardOptions;
  readonly onRecovery: OnRecovery | undefined;
};

/** The maximum number of worker threads that one command may cost. */
const MAX_LOSSES = 64;
/** The maximum number of forks, unless `maxForks` sets another. */
const DEFAULT_MAX_FORKS = 1_024;

/** Loads and compiles the spec of an environment. */
type CompileEnv = (env: UncheckedSpec, rules: Rules, rewardMode: RewardMode) => Spec;

const compileEnv: CompileEnv = (env, rules, rewardMode) => compileSpec({ ...loadSpec(env), rules, rewardMode });

/**
 * Validates the options of VectorEnv.create and loads what they name.
 * @param compile For callers that cache compiled specs.
 * @throws ValidationError, UnknownTaskError, LengthError
 */
export function resolveOptions(input: UncheckedOptions, compile = compileEnv): ResolvedOptions {
  const options = parseWith(vectorOptionsSchema, input, 'VectorEnv.create options');
  if (options.envs !== undefined && options.numEnvs !== undefined && options.envs.length !== options.numEnvs) {
    throw new LengthError('VectorEnv.create', 'env specs', options.envs.length, options.numEnvs);
  }
  const tasks = options.tasks ?? defaultTaskIds();
  const { groupSize } = options;
  const numEnvs = options.envs?.length ?? options.numEnvs ?? tasks.length * groupSize;
  if (numEnvs % groupSize !== 0) {
    throw new ValidationError('VectorEnv.create options', [
      `groupSize: ${numEnvs} environments do not make whole groups of ${groupSize}`,
    ]);
  }
  const byIdentity = new Map<string, number>();
  const documents = new Map<unknown, number>();
  const specs: Spec[] = [];
  const specOf = (spec: UncheckedSpec): number => {
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
      specs.push(compile(spec, rules, rewardMode));
      byIdentity.set(key, index);
    }
    return index;
  };
  // All tasks are loaded, even if there are fewer environments: a later reset may name any of them.
  const dealt = options.envs === undefined || options.tasks !== undefined ? tasks.map((task) => specOf({ task })) : [];
  const envs: readonly UncheckedSpec[] = options.envs ?? [];
  const envSpecs = Array.from({ length: numEnvs }, (_, env) => {
    const spec = envs[env];
    return spec === undefined ? (dealt[Math.floor(env / groupSize) % dealt.length] ?? 0) : specOf(spec);
  });
  envSpecs.forEach((spec, env) => {
    const first = env - (env % groupSize);
    if (spec !== envSpecs[first] || envs[env]?.seed !== envs[first]?.seed) {
      throw new ValidationError('VectorEnv.create options', [
        `envs[${env}]: expected what envs[${first}] is, since groups of ${groupSize} begin alike`,
      ]);
    }
  });
  return {
    specs,
    specOf,
    envSpecs,
    envSeeds: envSpecs.map((_, env) => envs[env]?.seed),
    workers: Math.min(options.workers, numEnvs),
    autoreset: options.autoreset,
    groups: { numEnvs, groupSize },
    seed: options.seed,
    maxForks: options.maxForks ?? Math.min(numEnvs, DEFAULT_MAX_FORKS),
    briefings: options.briefings,
    worker: {
      module: '#shard-worker',
      deadlineMs: options.stepDeadlineMs,
      memoryMb: options.workerMemoryMb,
      maxLosses: MAX_LOSSES,
    },
    onRecovery: options.onRecovery,
  };
}

/** Numbers documents by identity, so that the same object is validated and compiled only once. */
function numberOf(documents: Map<unknown, number>, document: unknown): number {
  const known = documents.get(document) ?? documents.size;
  documents.set(document, known);
  return known;
}

const addedSchema = z.array(envSpecSchema).min(1).max(1_000_000);

/**
 * The environments that `VectorEnv.add` is called with.
 * @throws ValidationError
 */
export function parseAdded(envs: readonly UncheckedSpec[]): readonly UncheckedSpec[] {
  return parseWith(addedSchema, envs, 'envs to add');
}

// The options of a reset: which environments it selects, and how their next episodes begin.

const resetOptionsSchema = z
  .strictObject({
    ids: z.array(z.int().min(0)).optional().describe('The environments to reset; default: all'),
    mask: z
      .array(z.union([z.boolean(), z.literal(0), z.literal(1)]))
      .optional()
      .describe('One entry for each environment in the order of envIds: whether to reset it'),
    seed: seedSchema.optional().describe('New root from which the seeds of the episodes are derived'),
    seeds: z.array(seedSchema.nullable()).optional().describe('Seed of each selected environment; null: derived'),
    task: z.string().optional().describe('Task for every selected environment'),
    tasks: z.array(z.string().nullable()).optional().describe('Task of each selected environment; null: as before'),
  })
  .refine((options) => options.ids === undefined || options.mask === undefined, {
    error: 'ids and mask exclude each other',
  });

type ParsedResetOptions = z.output<typeof resetOptionsSchema>;

/** `mask` may be a column of a batch, such as `batch.truncated`. */
export type ResetOptions = Omit<z.input<typeof resetOptionsSchema>, 'mask'> & {
  mask?: readonly (boolean | 0 | 1)[] | Uint8Array | undefined;
};

/** @throws ValidationError */
export function parseResetOptions(options: ResetOptions): ParsedResetOptions {
  // Untyped callers may pass anything; the schema then reports the problem.
  const mask = typeof options === 'object' && options !== null ? options.mask : undefined;
  const plain = mask instanceof Uint8Array ? { ...options, mask: Array.from(mask) } : options;
  return parseWith(resetOptionsSchema, plain, 'reset options');
}

/**
 * Refuses lists that are longer than the number of environments before anything iterates over them. The roster refuses `ids`
 * that are too long.
 * @throws LengthError
 */
export function refuseLongLists(options: ResetOptions, all: readonly number[]): void {
  if (typeof options !== 'object' || options === null) return;
  const { ids, mask, seeds, tasks } = options;
  const envs = Array.isArray(ids) ? ids.length : all.length;
  for (const [name, list] of Object.entries({ 'mask entries': mask, seeds, tasks })) {
    if (Array.isArray(list) && list.length > all.length) throw new LengthError('reset', name, list.length, envs);
  }
}

/**
 * The environments that the options select, in the given order.
 * @throws LengthError
 */
export function selectEnvs(options: ParsedResetOptions, all: readonly number[]): readonly number[] {
  const { ids, mask, seeds, tasks } = options;
  if (mask !== undefined && mask.length !== all.length)
    throw new LengthError('reset', 'mask entries', mask.length, all.length);
  const envs = ids ?? (mask === undefined ? all : all.filter((_, i) => Boolean(mask[i])));
  if (seeds !== undefined && seeds.length !== envs.length)
    throw new LengthError('reset', 'seeds', seeds.length, envs.length);
  if (tasks !== undefined && tasks.length !== envs.length)
    throw new LengthError('reset', 'tasks', tasks.length, envs.length);
  return envs;
}

/** @throws ValidationError */
export function refuseUnlessList(call: string, name: string, value: unknown): void {
  if (!Array.isArray(value)) throw new ValidationError(call, [`${name}: expected a list, got ${quote(value)}`]);
}

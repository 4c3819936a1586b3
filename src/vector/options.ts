/** The options of VectorEnv.create: their schema, and loading what they name. */
import { z } from 'zod';
import { ValidationError } from '../lib/errors.ts';
import { REWARD_MODES, type RewardMode } from '../sim/breakdown.ts';
import { DEFAULT_RULES, RULES, type Rules } from '../sim/rules.ts';
import { defaultTaskIds } from '../world/tasks.ts';
import { parseWith } from '../world/validate.ts';
import { type EnvSpec, envSpecSchema, loadSpec, seedSchema } from './env-spec.ts';
import { LengthError } from './errors.ts';
import type { Recovery } from './recovery.ts';
import { AUTORESETS, type Autoreset, compileSpec, type Groups, type Spec } from './spec.ts';
import type { ThreadOptions } from './thread.ts';

/** Called for every worker thread that was lost and replaced without a loss of episodes. */
export type OnRecovery = (recovery: Recovery) => void;

/** A day, in milliseconds. */
const MAX_DEADLINE_MS = 86_400_000;

/** The schema of the options of `VectorEnv.create`, which documents them. */
export const vectorOptionsSchema = z.strictObject({
  numEnvs: z.int().min(1).max(1_000_000).optional(),
  tasks: z.array(z.string()).min(1).optional(),
  envs: z.array(envSpecSchema).min(1).optional(),
  workers: z.int().min(0).max(256).default(0),
  rules: z.enum(RULES).default(DEFAULT_RULES),
  rewardMode: z.enum(REWARD_MODES).default('full'),
  autoreset: z.enum(AUTORESETS).default('next_step'),
  groupSize: z.int().min(1).max(1_000_000).default(1),
  seed: seedSchema.default(0),
  maxForks: z.int().min(0).max(1_000_000).optional(),
  stepDeadlineMs: z.int().min(1).max(MAX_DEADLINE_MS).default(60_000),
  workerMemoryMb: z.int().min(1).max(1_048_576).optional(),
  onRecovery: z.custom<OnRecovery>((value) => typeof value === 'function', 'expected a function').optional(),
});

/** The options of `VectorEnv.create`. */
export type VectorOptions = z.input<typeof vectorOptionsSchema>;

/** The options after validation, with all specs loaded and compiled. */
export type ResolvedOptions = {
  /** Distinct specs; environments refer to them by index. */
  readonly specs: readonly Spec[];
  readonly envSpecs: readonly number[];
  /** The seed of each environment's first episode, if one was given. */
  readonly envSeeds: readonly (number | undefined)[];
  readonly workers: number;
  readonly autoreset: Autoreset;
  readonly groups: Groups;
  readonly seed: number;
  readonly maxForks: number;
  readonly worker: ThreadOptions;
  readonly onRecovery: OnRecovery | undefined;
};

/** The maximum number of worker threads that one command may cost. */
const MAX_LOSSES = 64;
/** The maximum number of forks, unless `maxForks` sets another. */
const DEFAULT_MAX_FORKS = 1_024;

/** Loads and compiles the spec of an environment. */
export type CompileEnv = (env: EnvSpec, rules: Rules, rewardMode: RewardMode) => Spec;

const compileEnv: CompileEnv = (env, rules, rewardMode) => compileSpec({ ...loadSpec(env), rules, rewardMode });

/**
 * Validates the options of VectorEnv.create and loads what they name.
 * @param compile For callers that cache compiled specs.
 * @throws ValidationError, UnknownTaskError, LengthError
 */
export function resolveOptions(input: VectorOptions, compile = compileEnv): ResolvedOptions {
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
      specs.push(compile(spec, rules, rewardMode));
      byIdentity.set(key, index);
    }
    return index;
  };
  // All tasks are loaded, even if there are fewer environments: a later reset may name any of them.
  const dealt = options.envs === undefined || options.tasks !== undefined ? tasks.map((task) => specOf({ task })) : [];
  const envs: readonly EnvSpec[] = options.envs ?? [];
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
    envSpecs,
    envSeeds: envSpecs.map((_, env) => envs[env]?.seed),
    workers: Math.min(options.workers, numEnvs),
    autoreset: options.autoreset,
    groups: { numEnvs, groupSize },
    seed: options.seed,
    maxForks: options.maxForks ?? Math.min(numEnvs, DEFAULT_MAX_FORKS),
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

/** Turns the request of POST /batch into the options of a VectorEnv. */
import { setImmediate } from 'node:timers/promises';
import { deriveSeed } from '../../lib/random.ts';
import type { RewardMode } from '../../sim/breakdown.ts';
import { briefingBytes } from '../../sim/observation/size.ts';
import { retainedBytes } from '../../sim/retained.ts';
import type { Rules } from '../../sim/rules.ts';
import { type ResolvedOptions, resolveOptions } from '../../vector/options.ts';
import { type Spec, seedStream, type UncheckedSpec } from '../../vector/spec.ts';
import { countValues } from '../large-requests.ts';
import type { ServerOptions } from '../options.ts';
import { Problem } from '../problem.ts';
import { doorsOf, type ProfileOptions, type Profiles, profilesOf, refuseGradeless } from '../profiles.ts';
import { isShared, type ResolvedSpec, type Specs } from '../specs.ts';
import { isGiven } from '../wire.ts';
import type { CreateRequest, EnvRequest } from './wire.ts';

// The compiled scenarios of a batch. Shipped tasks are shared with all clients; inline documents belong to the batch.

/** The maximum number of different inline scenarios of a batch. Each is compiled, and once more in every worker thread. */
const MAX_DOCUMENTS = 256;
/** The maximum number of values in all inline scenarios of a batch together: 15 documents of the greatest size. */
const MAX_BATCH_VALUES = 300_000;

type ResolvedPlay = Omit<ResolvedSpec, 'seed'>;

class BatchScenarios {
  private readonly specs: Specs;
  /** A number for each document. Equal documents are one object and have one number. */
  private readonly numbers = new Map<unknown, number>();
  private readonly compiled = new Map<string, Spec>();

  constructor(specs: Specs) {
    this.specs = specs;
  }

  /**
   * Compiles each document of these environments once. Other requests are served between two documents.
   * @throws Problem (413 if there are too many or they are too large together), ValidationError
   */
  async compile(envs: readonly ResolvedPlay[]): Promise<void> {
    const own = new Map<string, ResolvedPlay>();
    for (const env of envs) if (!isShared(env)) own.set(this.keyOf(env), env);
    let values = 0;
    for (const { scenario, drift } of own.values()) values += countValues(scenario) + countValues(drift);
    if (own.size > MAX_DOCUMENTS || values > MAX_BATCH_VALUES) {
      throw new Problem(
        413,
        'TOO_MANY_DOCUMENTS',
        `a batch plays at most ${MAX_DOCUMENTS} different scenarios of its own, with ${MAX_BATCH_VALUES} values together; ` +
          `got ${own.size} with ${values}; make several batches`,
      );
    }
    for (const [key, env] of own) {
      this.compiled.set(key, this.specs.compile(env));
      await setImmediate();
    }
  }

  /** The compiled scenario of an environment. `compile` must have compiled its documents before. */
  readonly specOf = ({ task = '', scenario, drift }: UncheckedSpec, rules: Rules, rewardMode: RewardMode): Spec => {
    const played = { task, scenario, drift, rules, rewardMode };
    return this.compiled.get(this.keyOf(played)) ?? this.specs.compile(played);
  };

  private keyOf({ task, scenario, drift, rules, rewardMode }: ResolvedPlay): string {
    return JSON.stringify([task, this.numberOf(scenario), this.numberOf(drift), rules, rewardMode]);
  }

  private numberOf(document: unknown): number {
    const number = this.numbers.get(document) ?? this.numbers.size;
    this.numbers.set(document, number);
    return number;
  }
}

/** An environment whose slot takes more than this number of bytes counts as several. */
const SLOT_BYTES = 32_768;
/** Bytes that the server keeps for an environment besides its slot. */
const ROW_BYTES = 512;
const DEFAULT_MAX_FORKS = 1_024;
/** The number of environments per worker thread. With fewer, another thread costs more than it gains. */
const ENVS_PER_WORKER = 64;

export type BatchPlan = {
  readonly options: ResolvedOptions;
  /** Scenarios that came with the request. */
  readonly inline: ReadonlySet<Spec>;
  readonly profiles: Profiles;
};

type Defaults = Pick<ServerOptions, 'rules' | 'rewardMode' | 'workers'> & ProfileOptions;

/**
 * Plans a batch: resolves its environments, compiles their scenarios and chooses the number of threads and forks.
 * @param room The number of environments that the server has room for
 * @throws Problem, ValidationError, UnknownTaskError, LengthError
 */
export async function planBatch(
  request: CreateRequest,
  specs: Specs,
  defaults: Defaults,
  room: number,
): Promise<BatchPlan> {
  const groupSize = request.group_size ?? 1;
  const seed = request.seed ?? 0;
  const groups = { numEnvs: Number.POSITIVE_INFINITY, groupSize };
  const rules = request.rules ?? defaults.rules;
  const rewardMode = request.reward_mode ?? defaults.rewardMode;
  const envs = resolveEnvs(request.envs ?? undefined, specs, { rules, reward_mode: rewardMode }, (env) =>
    deriveSeed(seed, seedStream(env, groups), 0),
  );
  const scenarios = new BatchScenarios(specs);
  await scenarios.compile(envs ?? []);
  const resolved = resolveOptions(
    {
      ...(request.num_envs ? { numEnvs: request.num_envs } : {}),
      ...(request.tasks ? { tasks: request.tasks } : {}),
      ...(envs === undefined ? {} : { envs }),
      rules,
      rewardMode,
      autoreset: request.autoreset ?? 'next_step',
      groupSize,
      seed,
      workers: 0,
    },
    scenarios.specOf,
  );
  const numEnvs = resolved.envSpecs.length;
  const workers = Math.max(1, Math.min(defaults.workers, Math.ceil(numEnvs / ENVS_PER_WORKER)));
  // A request without max_forks must not be refused because there is no room for forks.
  const free = Math.floor(room / weightOf(resolved)) - numEnvs;
  const maxForks = request.max_forks ?? Math.max(0, Math.min(numEnvs, DEFAULT_MAX_FORKS, free));
  const inline = new Set<Spec>();
  envs?.forEach((env, i) => {
    const spec = resolved.specs[resolved.envSpecs[i] ?? 0];
    if (env.scenario !== undefined && spec !== undefined) inline.add(spec);
  });
  const profiles = profilesOf(request, doorsOf(defaults).batches);
  for (const spec of resolved.specs) refuseGradeless(spec, inline.has(spec), profiles.reward, ['body']);
  return { options: { ...resolved, workers, maxForks }, inline, profiles };
}

/** The approximate number of bytes of a batch: the results of environments and forks, and the scenarios, once more in each worker thread. */
export function batchBytes({ specs, envSpecs, maxForks, workers }: ResolvedOptions): number {
  const scenarios = specs.reduce((sum, { compiled }) => sum + retainedBytes(compiled), 0);
  return (envSpecs.length + maxForks) * (resultBytes(specs) + ROW_BYTES) + scenarios * (1 + workers);
}

/** The number of environments that a batch counts as, room for forks included. */
export function slotsOf(options: ResolvedOptions): number {
  return (options.envSpecs.length + options.maxForks) * weightOf(options);
}

function weightOf({ specs }: ResolvedOptions): number {
  return Math.max(1, Math.ceil(resultBytes(specs) / SLOT_BYTES));
}

/** Bytes of the state and the briefing of an environment that may play any of the specs. */
function resultBytes(specs: readonly Spec[]): number {
  const states = specs.map(({ compiled }) => compiled.layout.byteLength);
  return Math.max(...states) + Math.max(...specs.map(({ compiled }) => briefingBytes(compiled)));
}

/** What an environment plays, with everything decided except the seed. */
type BatchEnv = Omit<ResolvedSpec, 'seed'> & Pick<UncheckedSpec, 'seed'>;

/** What each environment plays. Equal documents become one object, because a VectorEnv compares them by identity. */
function resolveEnvs(
  envs: readonly EnvRequest[] | undefined,
  specs: Specs,
  defaults: Pick<EnvRequest, 'rules' | 'reward_mode'>,
  seedOf: (env: number) => number,
): BatchEnv[] | undefined {
  const documents = new Map<string, unknown>();
  const intern = (document: unknown): unknown => {
    if (typeof document !== 'object' || document === null) return document;
    const text = JSON.stringify(document);
    if (!documents.has(text)) documents.set(text, document);
    return documents.get(text);
  };
  const known = new Map<string, BatchEnv>();
  return envs?.map((env, index) => {
    const loc = ['body', 'envs', index];
    const rowFollowsSeed = isGiven(env.split) && (env.index ?? undefined) === undefined;
    const { seed: given, ...rest } = env;
    const asked = {
      ...rest,
      rules: env.rules ?? defaults.rules,
      reward_mode: env.reward_mode ?? defaults.reward_mode,
      seed: rowFollowsSeed ? (given ?? seedOf(index)) : 0,
    };
    // Resolving reads files, and thousands of environments may play the same.
    const isPlain = env.scenario === undefined && (typeof env.drift !== 'object' || env.drift === null);
    const key = isPlain ? JSON.stringify(asked) : undefined;
    let spec = key === undefined ? undefined : known.get(key);
    if (spec === undefined) {
      const { seed: _, scenario, drift, ...resolved } = specs.resolve(asked, loc);
      spec = {
        ...resolved,
        ...(scenario === undefined ? {} : { scenario: intern(scenario) }),
        ...(drift === undefined ? {} : { drift: intern(drift) }),
      };
      if (key !== undefined) known.set(key, spec);
    }
    return isGiven(given) ? { ...spec, seed: given } : spec;
  });
}

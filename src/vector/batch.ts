/** The results of one call, for some or all environments. */
import { pack } from 'msgpackr';
import { BREAKDOWN_FIELDS, type Breakdown, type BreakdownField, readBreakdown } from '../sim/breakdown.ts';
import { Episode } from '../sim/episode.ts';
import { briefing } from '../sim/observation/briefing.ts';
import { type Metadata, metadataOf } from '../sim/observation/metadata.ts';
import type { Observation } from '../sim/observation/observation.ts';
import { type BriefingParts, joinParts, observe } from '../sim/observation/observe.ts';
import { gradeSoFar, stateGrade } from '../sim/rules.ts';
import type { Grade } from '../sim/v2/grade.ts';
import { BREAKDOWN_WIDTH, type Columns } from './columns.ts';
import { asFailed } from './engine.ts';
import { StaleBatchError, UnknownEnvError } from './errors.ts';
import type { SavedEpisode } from './saved.ts';
import type { Shard } from './shard.ts';
import type { Spec } from './spec.ts';

/** The metadata of an observation and its environment: everything except the briefing. */
export type EnvInfo = Metadata & {
  readonly env_id: number;
  readonly task_id: string;
  readonly rules: string;
  readonly reward_mode: string;
  /** Seed of the episode. */
  readonly seed: number;
  /** Number of episodes that the environment had begun before this one. */
  readonly episode: number;
};

/** The last observation of an episode that ended in this step and was replaced by a new episode (autoreset `same_step`). */
export type FinalObservation = {
  readonly observation: Observation;
  readonly briefing: string;
  readonly info: Metadata;
};

/** The parts of a VectorEnv that its batches use. */
export type BatchSource = {
  readonly columns: Columns;
  readonly specs: readonly Spec[];
  /** The shard that plays an environment. */
  shard(env: number): Shard;
  /** Number of calls so far that changed the slot of an environment. */
  generation(env: number): number;
  /** Number of worker threads that were replaced without a loss of episodes. */
  recoveries(): number;
};

/**
 * The results of one call, one row for each environment. Rewards, flags and breakdowns are copies and stay valid. Texts and
 * infos are read from the environment's slot on first access, which must come before the environment is stepped or reset again
 * (StaleBatchError after that).
 */
export class Batch {
  /** The environment of each row. */
  readonly envIds: readonly number[];
  readonly reward: Float64Array;
  /** 1 if the episode ended by its own rules. */
  readonly terminated: Uint8Array;
  /** 1 if the episode ended at its step limit. */
  readonly truncated: Uint8Array;
  /** 1 if the action was valid. */
  readonly stepOk: Uint8Array;
  /** 1 if the episode was ended because its step ended the worker thread. `error` gives the reason. `truncated` is 1 too. */
  readonly failed: Uint8Array;
  /** Number of worker threads of the VectorEnv that had been lost and replaced by then without a loss of episodes. */
  readonly recoveries: number;
  private readonly source: BatchSource;
  private readonly generations: Uint32Array;
  private readonly finals: readonly (SavedEpisode | undefined)[];
  /** Final observations by row, which are made on first access. */
  private readonly seenFinals = new Map<number, FinalObservation>();
  /** BREAKDOWN_WIDTH numbers for each row, and the same numbers by column, which are computed on first access. */
  private readonly parts: Float64Array;
  private partColumns: Readonly<Record<BreakdownField, Float64Array>> | undefined;

  /** @internal Batches are made by VectorEnv. */
  constructor(source: BatchSource, envIds: readonly number[]) {
    const { columns } = source;
    this.source = source;
    this.envIds = envIds;
    const run = isRun(envIds);
    this.reward = gather(Float64Array, columns.reward, envIds, run);
    this.terminated = gather(Uint8Array, columns.terminated, envIds, run);
    this.truncated = gather(Uint8Array, columns.truncated, envIds, run);
    this.stepOk = gather(Uint8Array, columns.stepOk, envIds, run);
    this.failed = gather(Uint8Array, columns.failed, envIds, run);
    this.recoveries = source.recoveries();
    this.parts = gatherRows(columns.breakdown, envIds, run);
    this.generations = new Uint32Array(envIds.length);
    for (let row = 0; row < envIds.length; row++) this.generations[row] = source.generation(envIds[row] ?? 0);
    this.finals = envIds.map((env) => columns.final[env]);
  }

  /** The parts of the reward, one column for each; zeros after a reset. */
  get breakdown(): Readonly<Record<BreakdownField, Float64Array>> {
    this.partColumns ??= Object.fromEntries(
      BREAKDOWN_FIELDS.map((field, part) => [
        field,
        Float64Array.from({ length: this.size }, (_, row) => this.parts[row * BREAKDOWN_WIDTH + part] ?? 0),
      ]),
    ) as Record<BreakdownField, Float64Array>;
    return this.partColumns;
  }

  /** Number of rows. */
  get size(): number {
    return this.envIds.length;
  }

  /**
   * What the policy of row `i` sees, as data.
   * @throws StaleBatchError, UnknownEnvError
   */
  observation(i: number): Observation {
    const env = this.fresh(i);
    return this.source.shard(env).observation(env);
  }

  /**
   * The same as text, at most 48,000 code points.
   * @throws StaleBatchError, UnknownEnvError
   */
  briefing(i: number): string {
    return joinParts(this.briefingParts(i));
  }

  /** @internal The parts of the briefing of row `i`, for those who write its bytes. */
  briefingParts(i: number): BriefingParts {
    const env = this.fresh(i);
    return this.source.shard(env).briefingParts(env);
  }

  /** The briefings of all rows, in row order. */
  briefings(): string[] {
    return this.envIds.map((_, i) => this.briefing(i));
  }

  /** The effect of the last action of row `i`, or the reason why it failed: one line; empty after a reset. */
  note(i: number): string {
    const env = this.fresh(i);
    return this.source.shard(env).episode(env).note;
  }

  /** The reason why the episode of row `i` was ended, if it failed: one line. */
  error(i: number): string | undefined {
    if (this.failed[i] !== 1) return undefined;
    return this.finals[i]?.note ?? this.note(i);
  }

  /** Seed of the episode of row `i`. */
  seed(i: number): number {
    return this.source.columns.seed[this.fresh(i)] ?? 0;
  }

  /** Number of episodes that the environment of row `i` had begun before this one. */
  episode(i: number): number {
    return this.source.columns.episode[this.fresh(i)] ?? 0;
  }

  /** The spec (task, ruleset, reward mode) that the environment of row `i` plays. */
  spec(i: number): Spec {
    const env = this.fresh(i);
    const spec = this.source.specs[this.source.columns.spec[env] ?? 0];
    if (spec === undefined) throw new UnknownEnvError('spec', env);
    return spec;
  }

  /** Whether row `i` follows a reset, a restore or a fork, so that its reward and flags belong to no step. */
  isFirst(i: number): boolean {
    return this.source.columns.fresh[this.fresh(i)] === 1 && this.finals[i] === undefined;
  }

  /** The metadata of row `i`, without `reward_breakdown` after a reset. Every call returns a new object. */
  info(i: number): EnvInfo {
    const env = this.fresh(i);
    const { columns } = this.source;
    const spec = this.spec(i);
    const shard = this.source.shard(env);
    const episode = shard.episode(env);
    const breakdown = columns.fresh[env] === 1 ? undefined : this.breakdownOf(i);
    const metadata = metadataOf(episode, breakdown, shard.observation(env));
    return {
      env_id: env,
      task_id: spec.task,
      rules: spec.rules,
      reward_mode: spec.rewardMode,
      seed: columns.seed[env] ?? 0,
      episode: columns.episode[env] ?? 0,
      ...(columns.failed[env] === 1 && !metadata.episode_active ? asFailed(metadata) : metadata),
    };
  }

  /**
   * The grade of the episode that ended in the step of row `i`, if it is made from the final state (rules v2); undefined while
   * the episode goes on, and if it failed.
   * @throws StaleBatchError, UnknownEnvError
   */
  grade(i: number): Grade | undefined {
    const env = this.fresh(i);
    if (this.failed[i] === 1) return undefined;
    const { c, s } = this.replaced(i) ?? this.source.shard(env).episode(env);
    return stateGrade(c, s);
  }

  /**
   * The grade that the episode of row `i` would have if nothing more were done; after its end, its grade. If the step of the row
   * ended an episode that was replaced (autoreset `same_step`), it is the grade of that episode. Undefined under rules v1, whose
   * grades are made from rewards, and if the episode failed.
   * @throws StaleBatchError, UnknownEnvError
   */
  gradeSoFar(i: number): Grade | undefined {
    const env = this.fresh(i);
    if (this.failed[i] === 1) return undefined;
    return gradeSoFar(this.replaced(i) ?? this.source.shard(env).episode(env));
  }

  /** The parts of the reward of row `i`. */
  breakdownOf(i: number): Breakdown {
    return readBreakdown(this.parts, i * BREAKDOWN_WIDTH);
  }

  /**
   * The final observation of the episode that ended in the step of row `i` and was replaced (autoreset `same_step`); otherwise
   * undefined.
   */
  final(i: number): FinalObservation | undefined {
    const known = this.seenFinals.get(i);
    if (known !== undefined) return known;
    const episode = this.replaced(i);
    if (episode === undefined) return undefined;
    const observation = observe(episode);
    const isFailed = this.failed[i] === 1;
    const metadata = metadataOf(episode, isFailed ? undefined : this.breakdownOf(i), observation);
    const seen = { observation, briefing: briefing(observation), info: isFailed ? asFailed(metadata) : metadata };
    this.seenFinals.set(i, seen);
    return seen;
  }

  /**
   * The whole batch as one msgpack map: `env_ids`, `reward`, `terminated`, `truncated`, `step_ok`, `failed` (lists),
   * `breakdown` (map of lists), `briefing` (list of strings), `info` (list of maps), `final` (list of maps or nil).
   */
  toMsgpack(): Buffer {
    return pack({
      env_ids: this.envIds,
      reward: Array.from(this.reward),
      terminated: Array.from(this.terminated, Boolean),
      truncated: Array.from(this.truncated, Boolean),
      step_ok: Array.from(this.stepOk, Boolean),
      failed: Array.from(this.failed, Boolean),
      breakdown: Object.fromEntries(BREAKDOWN_FIELDS.map((field) => [field, Array.from(this.breakdown[field])])),
      briefing: this.briefings(),
      info: this.envIds.map((_, i) => this.info(i)),
      final: this.envIds.map((_, i) => {
        const final = this.final(i);
        return final === undefined ? null : { briefing: final.briefing, info: final.info };
      }),
    });
  }

  /** The episode that ended in the step of row `i` and was replaced; undefined if none was. */
  private replaced(i: number): Episode | undefined {
    const final = this.finals[i];
    const spec = this.source.specs[final?.spec ?? -1];
    if (final === undefined || spec === undefined) return undefined;
    const episode = Episode.of(spec.compiled, spec.rewardMode);
    episode.load(final.state, final.note, final.news);
    return episode;
  }

  private fresh(i: number): number {
    const env = this.envIds[i];
    if (env === undefined) throw new UnknownEnvError(`row ${i} of a batch of ${this.size}`, i, 'there is no such row');
    if (this.source.generation(env) !== this.generations[i]) throw new StaleBatchError(env);
    return env;
  }
}

/** Whether the ids are consecutive, so that whole columns can be copied at once. */
function isRun(envIds: readonly number[]): boolean {
  const first = envIds[0] ?? 0;
  for (let row = 1; row < envIds.length; row++) if (envIds[row] !== first + row) return false;
  return true;
}

/**
 * The entries of a column for these environments, in row order. A run of consecutive entries is copied at once, into memory
 * that is not cleared first.
 */
function gather<T extends Float64Array | Uint8Array>(
  Copy: { new (from: T): T; new (length: number): T },
  column: T,
  envIds: readonly number[],
  run: boolean,
): T {
  const first = envIds[0] ?? 0;
  if (run) return new Copy(column.subarray(first, first + envIds.length) as T);
  const rows = new Copy(envIds.length);
  for (let row = 0; row < envIds.length; row++) rows[row] = column[envIds[row] ?? 0] ?? 0;
  return rows;
}

/** Like `gather`, for a column with BREAKDOWN_WIDTH numbers for each environment. */
function gatherRows(column: Float64Array, envIds: readonly number[], run: boolean): Float64Array {
  const width = BREAKDOWN_WIDTH;
  const first = envIds[0] ?? 0;
  if (run) return new Float64Array(column.subarray(first * width, (first + envIds.length) * width));
  const rows = new Float64Array(envIds.length * width);
  for (let row = 0; row < envIds.length; row++) {
    const at = (envIds[row] ?? 0) * width;
    for (let part = 0; part < width; part++) rows[row * width + part] = column[at + part] ?? 0;
  }
  return rows;
}

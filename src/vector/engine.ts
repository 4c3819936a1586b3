/**
 * Plays the episodes of a set of environments, one after the other, and writes the results into the columns. The in-process
 * backend has one engine, and so has every worker thread.
 */
import { deriveSeed } from '../lib/random.ts';
import { putBreakdown } from '../sim/breakdown.ts';
import type { Ruleset } from '../sim/episode.ts';
import { Episode } from '../sim/episode.ts';
import type { Metadata } from '../sim/observation/metadata.ts';
import type { Observation } from '../sim/observation/observation.ts';
import { type BriefingParts, Observer } from '../sim/observation/observe.ts';
import type { Section } from '../sim/observation/section-cache.ts';
import { createRuleset, type Rules } from '../sim/rules.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { EpisodeState } from '../world/state.ts';
import { BREAKDOWN_WIDTH, type Columns } from './columns.ts';
import { detachStates, type SavedEpisode } from './saved.ts';
import { type Autoreset, type Grouping, type Spec, seedStream } from './spec.ts';
import { readAnswer } from './wire-action.ts';

/** The `episode_end_reason` of an episode that failed. */
const FAILED = 'failed';

/** The episode that an environment begins. */
export type ResetOrder = {
  readonly env: number;
  /** Index into the specs. */
  readonly spec: number;
  /** The root from which the seeds of the environment's episodes are derived from now on. */
  readonly seedBase: number;
  /** The seed of the episode itself, or undefined to derive it from `seedBase`. */
  readonly seed: number | undefined;
  /** Number of the episode within the environment, from 0. */
  readonly episode: number;
};

type EnvSlot = {
  readonly rules: Ruleset;
  /**
   * The `state` of this episode is scratch memory that all episodes of the spec share. Between steps, the state lies in
   * `bytes`.
   */
  readonly episode: Episode;
  readonly bytes: Uint8Array;
  /** Made by the first look at the episode. */
  observer: Observer | undefined;
  readonly spec: number;
  seedBase: number;
  seed: number;
  /** Number of the episode within the environment. */
  number: number;
  resetDue: boolean;
};

/** Plays the environments of one shard in the current thread. */
export class SerialEngine {
  private readonly rulesets = new Map<Rules, Ruleset>();
  private readonly slots: (EnvSlot | undefined)[] = [];
  /**
   * One scratch state for each spec. An episode is copied into it while it is played. Copying a few hundred bytes in and out is
   * faster than following twenty views for each of thousands of environments, which would also need more memory.
   */
  private readonly scratchStates: EpisodeState[] = [];
  private readonly specs: readonly Spec[];
  private readonly columns: Columns;
  private readonly autoreset: Autoreset;
  private readonly groups: Grouping;

  constructor(specs: readonly Spec[], columns: Columns, autoreset: Autoreset, groups: Grouping) {
    this.specs = specs;
    this.columns = columns;
    this.autoreset = autoreset;
    this.groups = groups;
  }

  reset(orders: readonly ResetOrder[]): void {
    for (const order of orders) {
      const slot = this.assign(order.env, order.spec, order.seedBase);
      this.begin(order.env, slot, order.episode, order.seed);
    }
  }

  /** Plays one answer in each environment. */
  step(envs: ArrayLike<number>, answers: readonly unknown[]): void {
    for (let i = 0; i < envs.length; i++) {
      const env = envs[i] ?? 0;
      const slot = this.slotOf(env);
      if (slot.resetDue) this.beginNext(env, slot);
      else this.play(env, slot, answers[i]);
    }
  }

  save(envs: readonly number[]): SavedEpisode[] {
    const saved = envs.map((env) => this.look(env));
    detachStates(saved);
    return saved;
  }

  /** The episode of an environment. Its state is not a copy. */
  look(env: number): SavedEpisode {
    const slot = this.slotOf(env);
    return savedFrom(slot, slot.bytes);
  }

  load(envs: readonly number[], saved: readonly SavedEpisode[]): void {
    for (let i = 0; i < envs.length; i++) {
      const env = envs[i] ?? 0;
      const from = saved[i];
      if (from === undefined) continue;
      const slot = this.assign(env, from.spec, from.seedBase);
      slot.episode.load(from.state, from.note, from.news);
      // The snapshot may come from a VectorEnv with another autoreset mode; the mode of this one applies.
      slot.resetDue = this.autoreset === 'next_step' && (from.resetDue || isOver(slot));
      slot.seed = from.seed;
      slot.number = from.episode;
      this.publishFresh(env, slot);
    }
  }

  /** Ends an episode that cannot be continued, in its current state, with the given reason. */
  fail(env: number, error: string): void {
    const { columns } = this;
    const slot = this.slotOf(env);
    const { episode } = slot;
    episode.load(slot.bytes, error);
    episode.s.active = false;
    episode.s.stepOk = false;
    if (!this.replaceIfOver(env, slot)) this.publishFresh(env, slot);
    columns.stepOk[env] = 0;
    columns.terminated[env] = 0;
    columns.truncated[env] = 1;
    columns.failed[env] = 1;
  }

  /** Continues episodes that another engine played, like `load`. These environments failed before: */
  recover(envs: readonly number[], saved: readonly SavedEpisode[], failed: readonly number[]): void {
    this.load(envs, saved);
    for (const env of failed) this.columns.failed[env] = 1;
  }

  /** Removes environments. */
  release(envs: readonly number[]): void {
    for (const env of envs) this.slots[env] = undefined;
  }

  /** The episode of an environment in its current state; valid until the next call. */
  episode(env: number): Episode {
    const { episode, bytes } = this.slotOf(env);
    episode.s.region.set(bytes);
    return episode;
  }

  /** What a policy sees of that episode. */
  observation(env: number): Observation {
    this.episode(env);
    return observerOf(this.slotOf(env)).observe();
  }

  /** The parts of its briefing. */
  briefingParts(env: number): BriefingParts<Section<unknown>> {
    this.episode(env);
    return observerOf(this.slotOf(env)).parts();
  }

  private slotOf(env: number): EnvSlot {
    const slot = this.slots[env];
    if (slot === undefined) throw new RangeError(`environment ${env} has no episode`);
    return slot;
  }

  /** Prepares the slot of an environment for episodes of the given spec. */
  private assign(env: number, specIndex: number, seedBase: number): EnvSlot {
    const spec = this.specs[specIndex];
    if (spec === undefined) throw new RangeError(`there is no spec ${specIndex}`);
    let slot = this.slots[env];
    if (slot === undefined || slot.spec !== specIndex) {
      const { layout } = spec.compiled;
      slot = {
        rules: this.rulesetOf(spec.rules),
        episode: new Episode(
          spec.compiled,
          scratchStateOf(this.scratchStates, specIndex, spec.compiled),
          spec.rewardMode,
        ),
        bytes: new Uint8Array(layout.byteLength),
        observer: undefined,
        spec: specIndex,
        seedBase,
        seed: 0,
        number: 0,
        resetDue: false,
      };
      this.slots[env] = slot;
    }
    slot.seedBase = seedBase;
    return slot;
  }

  private rulesetOf(name: Rules): Ruleset {
    const rules = this.rulesets.get(name) ?? createRuleset(name);
    this.rulesets.set(name, rules);
    return rules;
  }

  private begin(env: number, slot: EnvSlot, episode: number, exact?: number): void {
    slot.seed = exact ?? deriveSeed(slot.seedBase, seedStream(env, this.groups), episode);
    slot.number = episode;
    slot.resetDue = false;
    slot.rules.reset(slot.episode);
    this.publishFresh(env, slot);
  }

  private beginNext(env: number, slot: EnvSlot): void {
    this.begin(env, slot, slot.number + 1);
  }

  private play(env: number, slot: EnvSlot, answer: unknown): void {
    const { columns } = this;
    const { episode, rules } = slot;
    episode.s.region.set(slot.bytes);
    const wasActive = episode.s.active;
    const reward = rules.step(episode, readAnswer(answer));
    const { active, limitReached, stepOk } = episode.s;
    const replaced = this.replaceIfOver(env, slot);
    if (!replaced) {
      slot.bytes.set(episode.s.region);
      columns.final[env] = undefined;
    }
    columns.reward[env] = reward;
    columns.stepOk[env] = Number(stepOk);
    columns.terminated[env] = Number(!active && !limitReached);
    columns.truncated[env] = Number(!active && limitReached);
    putBreakdown(rules.breakdown, columns.breakdown, env * BREAKDOWN_WIDTH);
    columns.fresh[env] = Number(replaced);
    if (wasActive) columns.failed[env] = 0;
  }

  /**
   * If the episode is over under autoreset `same_step`: keeps its end, begins the next episode and returns true.
   */
  private replaceIfOver(env: number, slot: EnvSlot): boolean {
    const { episode } = slot;
    slot.resetDue = !episode.s.active && this.autoreset === 'next_step';
    if (episode.s.active || this.autoreset !== 'same_step') return false;
    const final = savedFrom(slot, Buffer.from(episode.s.region));
    this.beginNext(env, slot);
    this.columns.final[env] = final;
    return true;
  }

  /** Keeps the state of an environment that has just been reset or restored, and writes its columns: reward 0. */
  private publishFresh(env: number, slot: EnvSlot): void {
    const { columns } = this;
    slot.bytes.set(slot.episode.s.region);
    columns.spec[env] = slot.spec;
    columns.seed[env] = slot.seed;
    columns.episode[env] = slot.number;
    const { limitReached, stepOk } = slot.episode.s;
    columns.reward[env] = 0;
    columns.stepOk[env] = Number(stepOk);
    columns.terminated[env] = Number(isOver(slot) && !limitReached);
    columns.truncated[env] = Number(isOver(slot) && limitReached);
    // For this small number of entries, `fill` would be slower.
    const { breakdown } = columns;
    const end = (env + 1) * BREAKDOWN_WIDTH;
    for (let part = env * BREAKDOWN_WIDTH; part < end; part++) breakdown[part] = 0;
    columns.fresh[env] = 1;
    columns.failed[env] = 0;
    columns.final[env] = undefined;
  }
}

/** The episode in a slot, with this state. */
function savedFrom({ episode, spec, seedBase, seed, number, resetDue }: EnvSlot, state: Uint8Array): SavedEpisode {
  const { note, news } = episode;
  return { spec, seedBase, seed, episode: number, resetDue, note, news, state };
}

/** The observer of an episode whose state is in the scratch memory. */
function observerOf(slot: EnvSlot): Observer {
  slot.observer ??= new Observer(slot.episode);
  return slot.observer;
}

function scratchStateOf(scratchStates: EpisodeState[], spec: number, { layout }: CompiledScenario): EpisodeState {
  const scratchState = scratchStates[spec] ?? new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
  scratchStates[spec] = scratchState;
  return scratchState;
}

/** Whether the episode has ended. An episode that its scenario declares inactive has not begun. */
function isOver({ episode }: EnvSlot): boolean {
  return !episode.s.active && episode.s.stepCount > 0;
}

/** The metadata of an episode that failed. It did not reach its end, so it has no grade. */
export function asFailed<T extends Metadata>({ grade: _, ...metadata }: T): Omit<T, 'grade'> {
  return { ...metadata, episode_end_reason: FAILED };
}

/**
 * Plays the episodes of a set of environments, one after the other, and leaves the results in the columns. The
 * in-process backend runs one of these; so does every worker.
 */
import { deriveSeed } from '../lib/random.ts';
import { type Breakdown, putBreakdown } from '../sim/breakdown.ts';
import { ChangeFinder } from '../sim/briefing/changes.ts';
import { BriefingRenderer } from '../sim/briefing/render.ts';
import { BriefingSlot } from '../sim/briefing/slot.ts';
import { Episode, EVERYTHING } from '../sim/episode.ts';
import { type Metadata, observe } from '../sim/observation.ts';
import { createRuleset } from '../sim/rules.ts';
import type { Ruleset } from '../sim/ruleset.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { ReadAction } from '../world/completion.ts';
import { EpisodeState } from '../world/state.ts';
import { BREAKDOWN_WIDTH, type Columns } from './columns.ts';
import { type Autoreset, type Groups, type Spec, seedStream } from './spec.ts';

/** The end reason of an episode that failed. */
const FAILED = 'failed';

/** Which episode an environment is to begin. */
export type ResetOrder = {
  readonly env: number;
  /** Index into the specs. */
  readonly spec: number;
  /** From now on the environment's episodes are seeded from this. */
  readonly seedBase: number;
  /** Seed of the episode itself, where it is not to be derived from the base. */
  readonly seed: number | undefined;
  /** Number of the episode within the environment, from 0. */
  readonly episode: number;
};

/** One episode as it stands, apart from the scenario: what a snapshot holds. */
export type SavedEpisode = {
  spec: number;
  readonly seedBase: number;
  readonly seed: number;
  readonly episode: number;
  /** Whether the next step resets the environment instead of playing an action (autoreset `next_step`). */
  readonly resetDue: boolean;
  readonly note: string;
  readonly news: string;
  state: Uint8Array;
};

/**
 * Puts copies of their states, which are views of something else, in place of these: all in one piece of memory, which is
 * several times cheaper to make, and to send to a worker, than many.
 */
export function detachStates(saved: readonly SavedEpisode[]): void {
  const memory = joinStates(saved);
  let end = 0;
  for (const episode of saved) {
    const at = end;
    end += episode.state.length;
    episode.state = memory.subarray(at, end);
  }
}

/** The states one behind the other, in memory of their own. */
export function joinStates(saved: readonly SavedEpisode[]): Uint8Array {
  const memory = new Uint8Array(saved.reduce((sum, { state }) => sum + state.length, 0));
  let at = 0;
  for (const { state } of saved) {
    memory.set(state, at);
    at += state.length;
  }
  return memory;
}

/** The last observation of an episode whose environment was reset in the same step. */
export type FinalStep = { readonly env: number; readonly briefing: string; readonly metadata: Metadata };

type Slot = {
  readonly rules: Ruleset;
  /** Its state is a desk that all episodes of the spec share: between steps the state lies in `bytes`. */
  readonly episode: Episode;
  /** In the columns, but for what is replayed: that lies in memory of its own until all of it is as it was. */
  bytes: Uint8Array;
  readonly briefing: BriefingSlot;
  readonly spec: number;
  seedBase: number;
  seed: number;
  /** Number of the episode within the environment. */
  number: number;
  resetDue: boolean;
};

export class SerialEngine {
  private readonly rulesets: readonly Ruleset[];
  private readonly renderer = new BriefingRenderer();
  private readonly slots: (Slot | undefined)[] = [];
  /**
   * One state for each spec, into which an episode is copied while it is played. Copying a few hundred bytes there and back
   * is quicker than to reach a score of views for each of thousands of environments, and those would need more memory.
   */
  private readonly desks: EpisodeState[] = [];
  /** For each spec, once something was loaded. */
  private readonly finders: (ChangeFinder | undefined)[] = [];
  /** The states in the columns. */
  private readonly stateWords: Int32Array;
  private readonly specs: readonly Spec[];
  private readonly columns: Columns;
  private readonly autoreset: Autoreset;
  private readonly groups: Groups;
  /** Whether what was played before is played again: then nothing is written to the columns. */
  private quiet = false;

  constructor(specs: readonly Spec[], columns: Columns, autoreset: Autoreset, groups: Groups) {
    this.specs = specs;
    const byName = new Map(specs.map(({ rules }) => [rules, createRuleset(rules)]));
    this.rulesets = specs.map(({ rules }) => byName.get(rules) ?? createRuleset(rules));
    this.columns = columns;
    this.stateWords = new Int32Array(columns.data.states);
    this.autoreset = autoreset;
    this.groups = groups;
  }

  reset(orders: readonly ResetOrder[]): void {
    for (const order of orders) {
      const slot = this.seat(order.env, order.spec, order.seedBase);
      this.begin(order.env, slot, order.episode, order.seed);
    }
  }

  /**
   * Plays one action in each environment. Returns the final observations of episodes that were replaced by new ones.
   * @param read Makes an action of an answer, and never throws.
   */
  step<T>(envs: ArrayLike<number>, answers: readonly T[], read: (answer: T) => ReadAction): FinalStep[] {
    const finals: FinalStep[] = [];
    for (let i = 0; i < envs.length; i++) {
      const env = envs[i] ?? 0;
      const slot = this.slotOf(env);
      if (slot.resetDue) this.beginNext(env, slot);
      else this.play(env, slot, answers[i] as T, read, finals);
    }
    return finals;
  }

  save(envs: readonly number[]): SavedEpisode[] {
    const saved = envs.map((env) => {
      const { episode, bytes, spec, seedBase, seed, number, resetDue } = this.slotOf(env);
      const { note, news } = episode;
      return { spec, seedBase, seed, episode: number, resetDue, note, news, state: bytes };
    });
    detachStates(saved);
    return saved;
  }

  /** Goes on from saved episodes. Of consecutive ones that are the same object only the first is rendered: forks are. */
  load(envs: readonly number[], saved: readonly SavedEpisode[]): void {
    let before: { readonly from: SavedEpisode; readonly slot: Slot } | undefined;
    for (let i = 0; i < envs.length; i++) {
      const env = envs[i] ?? 0;
      const from = saved[i];
      if (from === undefined) continue;
      const slot = this.seat(env, from.spec, from.seedBase);
      const { episode } = slot;
      const twin = before?.from === from ? before.slot : undefined;
      if (twin === undefined) this.loadInto(env, slot, from);
      else episode.copyFrom(twin.episode);
      // The snapshot may come from a vector with another autoreset; this one's decides.
      slot.resetDue = this.autoreset === 'next_step' && (from.resetDue || isOver(slot));
      slot.seed = from.seed;
      slot.number = from.episode;
      if (twin === undefined) this.publish(env, slot);
      else if (!this.quiet) {
        slot.briefing.copyFrom(twin.briefing);
        this.publishText(env, slot);
      }
      this.publishFresh(env, slot);
      slot.bytes.set(episode.s.region);
      before = { from, slot };
    }
  }

  /** Ends an episode that cannot be gone on with, as it stands, and says why. Returns what `step` does. */
  fail(env: number, error: string): FinalStep[] {
    const { columns } = this;
    const slot = this.slotOf(env);
    const { episode } = slot;
    const finals: FinalStep[] = [];
    episode.load(slot.bytes, error);
    episode.s.active = false;
    episode.s.stepOk = false;
    if (!this.replaceIfOver(env, slot, finals)) {
      this.publish(env, slot);
      this.publishFresh(env, slot);
      slot.bytes.set(episode.s.region);
    }
    if (this.quiet) return finals;
    columns.stepOk[env] = 0;
    columns.terminated[env] = 0;
    columns.truncated[env] = 1;
    columns.failed[env] = 1;
    return finals.map((final) => ({ ...final, metadata: asFailed(final.metadata) }));
  }

  /**
   * Brings slots to where they were by doing again what was done, in an engine that has none. Other threads see nothing of
   * it: the columns keep what they hold, but for the states, which are put there at the end, as they were.
   */
  replay(work: () => void): void {
    this.quiet = true;
    work();
    this.quiet = false;
    this.slots.forEach((slot, env) => {
      if (slot === undefined) return;
      const shared = this.sharedBytes(env, slot.bytes.length);
      shared.set(slot.bytes);
      slot.bytes = shared;
    });
  }

  /** Forgets environments; their slots in the columns may be used by others. */
  release(envs: readonly number[]): void {
    for (const env of envs) this.slots[env] = undefined;
  }

  /** Environments that have an episode, ascending. */
  get envs(): number[] {
    return [...this.slots.keys()].filter((env) => this.slots[env] !== undefined);
  }

  private slotOf(env: number): Slot {
    const slot = this.slots[env];
    if (slot === undefined) throw new RangeError(`environment ${env} has no episode`);
    return slot;
  }

  /** The slot of an environment, for episodes of the given spec. */
  private seat(env: number, specIndex: number, seedBase: number): Slot {
    const spec = this.specs[specIndex];
    const rules = this.rulesets[specIndex];
    if (spec === undefined || rules === undefined) throw new RangeError(`there is no spec ${specIndex}`);
    let slot = this.slots[env];
    if (slot === undefined || slot.spec !== specIndex) {
      const { layout } = spec.compiled;
      slot = {
        rules,
        episode: new Episode(spec.compiled, deskOf(this.desks, specIndex, spec.compiled), spec.rewardMode),
        bytes: this.quiet ? new Uint8Array(layout.byteLength) : this.sharedBytes(env, layout.byteLength),
        briefing: new BriefingSlot(this.columns.text(env)),
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

  /** Puts a saved episode in place of the slot's, and finds out which sections of the briefing it changes. */
  private loadInto(env: number, { episode, briefing, spec }: Slot, { state, note, news }: SavedEpisode): void {
    const { region } = episode.s;
    region.set(state);
    if (briefing.whole) {
      const at = (env * this.columns.data.strides.state) / Int32Array.BYTES_PER_ELEMENT;
      const changed = this.finderOf(spec, episode.c).find(this.stateWords, at, episode.s.words);
      episode.resume(note, news, changed);
    } else episode.resume(note, news, EVERYTHING);
  }

  private finderOf(spec: number, { layout }: CompiledScenario): ChangeFinder {
    const finder = this.finders[spec] ?? new ChangeFinder(layout);
    this.finders[spec] = finder;
    return finder;
  }

  private sharedBytes(env: number, length: number): Uint8Array {
    const { states, strides } = this.columns.data;
    return new Uint8Array(states, env * strides.state, length);
  }

  private begin(env: number, slot: Slot, episode: number, exact?: number): void {
    slot.seed = exact ?? deriveSeed(slot.seedBase, seedStream(env, this.groups), episode);
    slot.number = episode;
    slot.resetDue = false;
    slot.rules.reset(slot.episode);
    this.publish(env, slot);
    this.publishFresh(env, slot);
    slot.bytes.set(slot.episode.s.region);
  }

  private beginNext(env: number, slot: Slot): void {
    this.begin(env, slot, slot.number + 1);
  }

  private play<T>(env: number, slot: Slot, answer: T, read: (answer: T) => ReadAction, finals: FinalStep[]): void {
    const { columns } = this;
    const { episode, rules } = slot;
    episode.s.region.set(slot.bytes);
    const wasActive = episode.s.active;
    const reward = rules.step(episode, read(answer));
    const { active, limitReached, stepOk } = episode.s;
    const replaced = this.replaceIfOver(env, slot, finals, rules.breakdown);
    if (!replaced) {
      this.publish(env, slot);
      slot.bytes.set(episode.s.region);
    }
    if (this.quiet) return;
    columns.reward[env] = reward;
    columns.stepOk[env] = Number(stepOk);
    columns.terminated[env] = Number(!active && !limitReached);
    columns.truncated[env] = Number(!active && limitReached);
    putBreakdown(rules.breakdown, columns.breakdown, env * BREAKDOWN_WIDTH);
    columns.fresh[env] = Number(replaced);
    if (wasActive) columns.failed[env] = 0;
  }

  /** Under autoreset same_step, keeps the last observation of an episode that is over and begins the next one. */
  private replaceIfOver(env: number, slot: Slot, finals: FinalStep[], breakdown?: Readonly<Breakdown>): boolean {
    const { episode, briefing } = slot;
    slot.resetDue = !episode.s.active && this.autoreset === 'next_step';
    if (episode.s.active || this.autoreset !== 'same_step') return false;
    if (!this.quiet) {
      this.renderer.render(episode, briefing);
      finals.push({ env, briefing: textOf(briefing), metadata: observe(episode, breakdown) });
    }
    this.beginNext(env, slot);
    return true;
  }

  private publish(env: number, slot: Slot): void {
    if (this.quiet) return;
    this.renderer.render(slot.episode, slot.briefing);
    this.publishText(env, slot);
  }

  private publishText(env: number, { briefing }: Slot): void {
    const { columns } = this;
    columns.textStart[env] = briefing.start;
    columns.textLength[env] = briefing.length;
    columns.textIsAscii[env] = Number(briefing.isAscii);
    columns.noteStart[env] = briefing.noteStart;
    columns.noteLength[env] = briefing.noteLength;
  }

  /** The columns of an environment that has just been reset or restored: no reward, and the state as it is. */
  private publishFresh(env: number, slot: Slot): void {
    if (this.quiet) return;
    const { columns } = this;
    columns.spec[env] = slot.spec;
    columns.seed[env] = slot.seed;
    columns.episode[env] = slot.number;
    const { limitReached, stepOk } = slot.episode.s;
    columns.reward[env] = 0;
    columns.stepOk[env] = Number(stepOk);
    columns.terminated[env] = Number(isOver(slot) && !limitReached);
    columns.truncated[env] = Number(isOver(slot) && limitReached);
    // For so few, `fill` takes longer.
    const { breakdown } = columns;
    const end = (env + 1) * BREAKDOWN_WIDTH;
    for (let part = env * BREAKDOWN_WIDTH; part < end; part++) breakdown[part] = 0;
    columns.fresh[env] = 1;
    columns.failed[env] = 0;
  }
}

function deskOf(desks: EpisodeState[], spec: number, { layout }: CompiledScenario): EpisodeState {
  const desk = desks[spec] ?? new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
  desks[spec] = desk;
  return desk;
}

/** Whether the episode has ended; one that its file says is not active has not even begun. */
function isOver({ episode }: Slot): boolean {
  return !episode.s.active && episode.s.stepCount > 0;
}

/** What is told of an episode that failed: it did not come to its end, so it has no grade. */
export function asFailed<T extends Metadata>({ grade: _, ...told }: T): Omit<T, 'grade'> {
  return { ...told, episode_end_reason: FAILED };
}

function textOf(briefing: BriefingSlot): string {
  const { buffer, byteOffset, length } = briefing.text;
  return Buffer.from(buffer, byteOffset, length).toString('utf8');
}

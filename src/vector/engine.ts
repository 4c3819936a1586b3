/**
 * Plays the episodes of a set of environments, one after the other, and leaves the results in the columns. The
 * in-process backend runs one of these; so does every worker.
 */
import { deriveSeed } from '../lib/random.ts';
import { BREAKDOWN_FIELDS } from '../sim/breakdown.ts';
import { BriefingRenderer, BriefingSlot } from '../sim/briefing/render.ts';
import { Episode } from '../sim/episode.ts';
import { type Metadata, observe } from '../sim/observation.ts';
import { createRuleset } from '../sim/rules.ts';
import type { Ruleset } from '../sim/ruleset.ts';
import { readAction } from '../world/completion.ts';
import { EpisodeState } from '../world/state.ts';
import { BREAKDOWN_WIDTH, type Columns } from './columns.ts';
import { type Autoreset, type Groups, type Spec, seedStream } from './spec.ts';

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
  readonly spec: number;
  readonly seedBase: number;
  readonly seed: number;
  readonly episode: number;
  /** Whether the next step resets the environment instead of playing an action (autoreset `next_step`). */
  readonly resetDue: boolean;
  readonly note: string;
  readonly news: string;
  readonly state: Uint8Array;
};

/** The last observation of an episode whose environment was reset in the same step. */
export type FinalStep = { readonly env: number; readonly briefing: string; readonly metadata: Metadata };

type Slot = {
  readonly rules: Ruleset;
  /** Its state is a desk that all episodes of the spec share: between steps the state lies in `bytes`. */
  readonly episode: Episode;
  readonly bytes: Uint8Array;
  readonly briefing: BriefingSlot;
  seedBase: number;
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
  private readonly specs: readonly Spec[];
  private readonly columns: Columns;
  private readonly autoreset: Autoreset;
  private readonly groups: Groups;

  constructor(specs: readonly Spec[], columns: Columns, autoreset: Autoreset, groups: Groups) {
    this.specs = specs;
    const byName = new Map(specs.map(({ rules }) => [rules, createRuleset(rules)]));
    this.rulesets = specs.map(({ rules }) => byName.get(rules) ?? createRuleset(rules));
    this.columns = columns;
    this.autoreset = autoreset;
    this.groups = groups;
  }

  reset(orders: readonly ResetOrder[]): void {
    for (const order of orders) {
      const slot = this.seat(order.env, order.spec, order.seedBase);
      this.begin(order.env, slot, order.episode, order.seed);
    }
  }

  /** Plays one action in each environment. Returns the final observations of episodes that were replaced by new ones. */
  step(envs: readonly number[], actions: readonly unknown[]): FinalStep[] {
    const finals: FinalStep[] = [];
    for (let i = 0; i < envs.length; i++) {
      const env = envs[i] ?? 0;
      const slot = this.slotOf(env);
      if (slot.resetDue) this.beginNext(env, slot);
      else this.play(env, slot, actions[i], finals);
    }
    return finals;
  }

  save(envs: readonly number[]): SavedEpisode[] {
    const { columns } = this;
    return envs.map((env) => {
      const { episode, bytes, seedBase, resetDue } = this.slotOf(env);
      return {
        spec: columns.spec[env] ?? 0,
        seedBase,
        seed: columns.seed[env] ?? 0,
        episode: columns.episode[env] ?? 0,
        resetDue,
        note: episode.note,
        news: episode.news,
        state: bytes.slice(),
      };
    });
  }

  load(envs: readonly number[], saved: readonly SavedEpisode[]): void {
    const { columns } = this;
    envs.forEach((env, i) => {
      const from = saved[i];
      if (from === undefined) return;
      const slot = this.seat(env, from.spec, from.seedBase);
      slot.episode.load(from.state, from.note, from.news);
      // The snapshot may come from a vector with another autoreset; this one's decides.
      slot.resetDue = this.autoreset === 'next_step' && (from.resetDue || isOver(slot));
      columns.seed[env] = from.seed;
      columns.episode[env] = from.episode;
      this.publish(env, slot);
      this.publishFresh(env, slot);
      slot.bytes.set(slot.episode.s.region);
    });
  }

  /** Forgets environments; their slots in the columns may be used by others. */
  release(envs: readonly number[]): void {
    for (const env of envs) this.slots[env] = undefined;
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
    const { columns } = this;
    let slot = this.slots[env];
    if (slot === undefined || columns.spec[env] !== specIndex) {
      const { states, stateStride } = columns.data;
      const { layout } = spec.compiled;
      this.desks[specIndex] ??= new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
      slot = {
        rules,
        episode: new Episode(spec.compiled, this.desks[specIndex], spec.rewardMode),
        bytes: new Uint8Array(states, env * stateStride, layout.byteLength),
        briefing: new BriefingSlot(columns.text(env)),
        seedBase,
        resetDue: false,
      };
      this.slots[env] = slot;
      columns.spec[env] = specIndex;
    }
    slot.seedBase = seedBase;
    return slot;
  }

  private begin(env: number, slot: Slot, episode: number, exact?: number): void {
    const { columns } = this;
    const seed = exact ?? deriveSeed(slot.seedBase, seedStream(env, this.groups), episode);
    slot.resetDue = false;
    slot.rules.reset(slot.episode);
    columns.seed[env] = seed;
    columns.episode[env] = episode;
    this.publish(env, slot);
    this.publishFresh(env, slot);
    slot.bytes.set(slot.episode.s.region);
  }

  private beginNext(env: number, slot: Slot): void {
    this.begin(env, slot, (this.columns.episode[env] ?? 0) + 1);
  }

  private play(env: number, slot: Slot, answer: unknown, finals: FinalStep[]): void {
    const { columns } = this;
    const { episode, rules } = slot;
    episode.s.region.set(slot.bytes);
    const reward = rules.step(episode, readAction(answer));
    const { active, limitReached, stepOk } = episode.s;
    const replaced = !active && this.autoreset === 'same_step';
    if (replaced) {
      this.renderer.render(episode, slot.briefing);
      finals.push({ env, briefing: textOf(slot.briefing), metadata: observe(episode, rules.breakdown) });
      this.beginNext(env, slot);
    } else {
      slot.resetDue = !active && this.autoreset === 'next_step';
      this.publish(env, slot);
      slot.bytes.set(episode.s.region);
    }
    columns.reward[env] = reward;
    columns.stepOk[env] = Number(stepOk);
    columns.terminated[env] = Number(!active && !limitReached);
    columns.truncated[env] = Number(!active && limitReached);
    const at = env * BREAKDOWN_WIDTH;
    BREAKDOWN_FIELDS.forEach((field, part) => {
      columns.breakdown[at + part] = rules.breakdown[field];
    });
    columns.fresh[env] = Number(replaced);
  }

  private publish(env: number, slot: Slot): void {
    const { columns } = this;
    const { briefing } = slot;
    this.renderer.render(slot.episode, briefing);
    columns.textLength[env] = briefing.length;
    columns.noteStart[env] = briefing.noteStart;
    columns.noteLength[env] = briefing.noteLength;
  }

  /** The columns of an environment that has just been reset or restored: no reward, and the state as it is. */
  private publishFresh(env: number, slot: Slot): void {
    const { columns } = this;
    const { limitReached, stepOk } = slot.episode.s;
    columns.reward[env] = 0;
    columns.stepOk[env] = Number(stepOk);
    columns.terminated[env] = Number(isOver(slot) && !limitReached);
    columns.truncated[env] = Number(isOver(slot) && limitReached);
    columns.breakdown.fill(0, env * BREAKDOWN_WIDTH, (env + 1) * BREAKDOWN_WIDTH);
    columns.fresh[env] = 1;
  }
}

/** Whether the episode has ended; one that its file says is not active has not even begun. */
function isOver({ episode }: Slot): boolean {
  return !episode.s.active && episode.s.stepCount > 0;
}

function textOf(briefing: BriefingSlot): string {
  const { buffer, byteOffset, length } = briefing.text;
  return Buffer.from(buffer, byteOffset, length).toString('utf8');
}

/**
 * One environment in the calling thread, for single sessions: without columns or messages, and with any scenario at every
 * reset.
 */
import { codePointLength } from '../lib/text.ts';
import type { Breakdown } from '../sim/breakdown.ts';
import type { Ruleset } from '../sim/episode.ts';
import { Episode } from '../sim/episode.ts';
import { type Metadata, metadataOf } from '../sim/observation/metadata.ts';
import type { Observation } from '../sim/observation/observation.ts';
import { briefingOf, observe } from '../sim/observation/observe.ts';
import { createRuleset, potentialsIn, type Rules } from '../sim/rules.ts';
import type { Potentials } from '../sim/v2/value.ts';
import { type ReadAction, readAction } from '../world/completion/completion.ts';
import { exportWorld, type WorldExport } from '../world/export.ts';
import { overlappingPairs } from '../world/facts.ts';
import { ResetNeededError, SnapshotError } from './errors.ts';
import { openSnapshot, packSnapshot } from './snapshot.ts';
import type { Spec } from './spec.ts';

/** Rules v1 have no limit on clashes, so there may be millions. */
const MAX_CLASHES_LISTED = 200;

/** The result of a reset or a step. */
export type SoloStep = {
  readonly observation: Observation;
  /** The observation as text. */
  readonly briefing: string;
  /** Length of the briefing in code points. */
  readonly length: number;
  /** The reward of the step; 0 after a reset. */
  readonly reward: number;
  /** The episode ended by its own rules. */
  readonly terminated: boolean;
  /** The episode ended at its step limit. */
  readonly truncated: boolean;
  readonly metadata: Metadata;
};

/** Rulesets hold no episode: all environments of this thread share them. */
const rulesets = new Map<Rules, Ruleset>();

/** One environment. It holds at most one episode. */
export class SoloEnv {
  private episode: Episode | undefined;
  private rules: Ruleset | undefined;

  /** Begins an episode of this spec, which may differ from the previous one. */
  reset(spec: Spec): SoloStep {
    const { rules, episode } = this.assign(spec);
    rules.reset(episode);
    return this.report(episode, 0);
  }

  /**
   * Plays one action: an object that follows the schema, or a raw completion that contains such an object. An unreadable answer
   * is an invalid step. After the end of the episode the rules refuse every step.
   * @throws ResetNeededError
   */
  step(answer: unknown): SoloStep {
    return this.play(readAction(answer));
  }

  /**
   * The same, of an action that was read before.
   * @throws ResetNeededError
   */
  play(action: ReadAction): SoloStep {
    const { episode, rules } = this;
    if (episode === undefined || rules === undefined) throw new ResetNeededError('step', 0);
    const reward = rules.step(episode, action);
    return this.report(episode, reward, rules.breakdown);
  }

  /** Whether the episode is active; undefined before the first reset. */
  get active(): boolean | undefined {
    return this.episode?.s.active;
  }

  /** Steps of the episode; 0 before the first reset. */
  get steps(): number {
    return this.episode?.s.stepCount ?? 0;
  }

  /**
   * What the policy sees now.
   * @throws ResetNeededError
   */
  observation(): Observation {
    if (this.episode === undefined) throw new ResetNeededError('observation', 0);
    return observe(this.episode);
  }

  /** The current world; undefined before the first reset. */
  world(): WorldExport | undefined {
    return this.episode && exportWorld(this.episode.c, this.episode.s);
  }

  /** Pairs of ids of meetings that overlap, in file order: the first MAX_CLASHES_LISTED; none before the first reset. */
  clashes(): (readonly [string, string])[] {
    const { episode } = this;
    if (episode === undefined) return [];
    const idOf = (meeting: number): string => episode.c.world.meetings[meeting]?.id ?? '';
    return overlappingPairs(episode.c, episode.s, MAX_CLASHES_LISTED).map(([a, b]) => [idOf(a), idOf(b)]);
  }

  /**
   * The current potentials of the world; undefined before the first reset and under rules v1, which do not define potentials.
   */
  potentials(): Potentials | undefined {
    return this.episode && potentialsIn(this.episode.c, this.episode.s);
  }

  /**
   * The episode as bytes. Any process can restore it at any time.
   * @throws ResetNeededError
   */
  snapshot(spec: Spec): Uint8Array {
    const { episode } = this;
    if (episode === undefined) throw new ResetNeededError('snapshot', 0);
    const { note, news, s } = episode;
    const saved = { spec: 0, seedBase: 0, seed: 0, episode: 0, resetDue: false, note, news, state: s.region };
    return packSnapshot([spec], [0], [saved]);
  }

  /**
   * Restores an episode of the same spec from a snapshot.
   * @throws SnapshotError
   */
  restore(spec: Spec, snapshot: Uint8Array): void {
    const [saved] = openSnapshot([spec], snapshot).saved;
    if (saved === undefined) throw new SnapshotError('it holds no episode');
    this.assign(spec).episode.load(saved.state, saved.note, saved.news);
  }

  private report(episode: Episode, reward: number, breakdown?: Breakdown): SoloStep {
    const { active, limitReached } = episode.s;
    // As in a VectorEnv, an episode that was over before it began ends in its first step.
    const over = !active && breakdown !== undefined;
    const observation = observe(episode);
    const text = briefingOf(episode);
    return {
      observation,
      briefing: text,
      length: codePointLength(text),
      reward,
      terminated: over && !limitReached,
      truncated: over && limitReached,
      metadata: metadataOf(episode, breakdown, observation),
    };
  }

  private assign(spec: Spec): { rules: Ruleset; episode: Episode } {
    const rules = rulesetOf(spec.rules);
    let { episode } = this;
    if (episode?.c !== spec.compiled || episode.rewardMode !== spec.rewardMode) {
      episode = Episode.of(spec.compiled, spec.rewardMode);
    }
    this.rules = rules;
    this.episode = episode;
    return { rules, episode };
  }
}

function rulesetOf(rules: Rules): Ruleset {
  const known = rulesets.get(rules) ?? createRuleset(rules);
  rulesets.set(rules, known);
  return known;
}

/** One environment in this thread, for single sessions: no columns, no messages, and another scenario at every reset. */
import { codePointLength } from '../lib/text.ts';
import type { Breakdown } from '../sim/breakdown.ts';
import { BriefingRenderer } from '../sim/briefing/render.ts';
import { Episode } from '../sim/episode.ts';
import { type Metadata, observe } from '../sim/observation.ts';
import { createRuleset, type Rules } from '../sim/rules.ts';
import type { Ruleset } from '../sim/ruleset.ts';
import { type Potentials, potentialsOf } from '../sim/v2/value.ts';
import { type ReadAction, readAction } from '../world/completion.ts';
import { exportWorld, type WorldExport } from '../world/export.ts';
import { overlappingPairs } from '../world/overlaps.ts';
import { ResetNeededError, SnapshotError } from './errors.ts';
import { openSnapshot, packSnapshot } from './snapshot.ts';
import type { Spec } from './spec.ts';

/** Rules v1 know no limit on clashes; there may be millions. */
const MAX_CLASHES_LISTED = 200;

export type SoloStep = {
  readonly briefing: string;
  /** Length of the briefing in code points. */
  readonly length: number;
  /** 0 after a reset. */
  readonly reward: number;
  /** The episode ended of itself. */
  readonly terminated: boolean;
  /** The step limit ended the episode. */
  readonly truncated: boolean;
  readonly metadata: Metadata;
};

/** Rulesets and renderer are scratch: all environments of this thread share them. */
const rulesets = new Map<Rules, Ruleset>();
const renderer = new BriefingRenderer();

export class SoloEnv {
  private episode: Episode | undefined;
  private rules: Ruleset | undefined;

  /** Begins an episode. What is played may be another thing each time. */
  reset(spec: Spec): SoloStep {
    const { rules, episode } = this.seat(spec);
    rules.reset(episode);
    return report(episode, 0);
  }

  /**
   * Plays one action: an object that follows the schema, or a raw completion that holds one. What cannot be read is an
   * invalid step. After the end of the episode every step is refused by the rules.
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
    return report(episode, reward, rules.breakdown);
  }

  /** Whether the episode goes on; undefined before the first reset. */
  get active(): boolean | undefined {
    return this.episode?.s.active;
  }

  /** Steps of the episode; 0 before the first reset. */
  get steps(): number {
    return this.episode?.s.stepCount ?? 0;
  }

  /** The world as it stands; undefined before the first reset. */
  world(): WorldExport | undefined {
    return this.episode && exportWorld(this.episode.c, this.episode.s);
  }

  /** Pairs of ids of meetings that share time, in file order: the first MAX_CLASHES_LISTED; none before the first reset. */
  clashes(): (readonly [string, string])[] {
    const { episode } = this;
    if (episode === undefined) return [];
    const idOf = (meeting: number): string => episode.c.world.meetings[meeting]?.id ?? '';
    return overlappingPairs(episode.c, episode.s, MAX_CLASHES_LISTED).map(([a, b]) => [idOf(a), idOf(b)]);
  }

  /** What the world is worth; undefined before the first reset, and under rules v1, which have no such thing. */
  potentials(): Potentials | undefined {
    return this.episode?.c.day === undefined ? undefined : potentialsOf(this.episode.s);
  }

  /**
   * The episode as bytes, to go on from at any time, in any process.
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
   * Goes on from a snapshot of an episode of the same spec.
   * @throws SnapshotError
   */
  restore(spec: Spec, snapshot: Uint8Array): void {
    const [saved] = openSnapshot([spec], snapshot).saved;
    if (saved === undefined) throw new SnapshotError('it holds no episode');
    this.seat(spec).episode.load(saved.state, saved.note, saved.news);
  }

  private seat(spec: Spec): { rules: Ruleset; episode: Episode } {
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

function report(episode: Episode, reward: number, breakdown?: Breakdown): SoloStep {
  const { active, limitReached } = episode.s;
  // As in a vector, an episode that is over before it began is told so in one step.
  const over = !active && breakdown !== undefined;
  const bytes = renderer.write(episode);
  const briefing = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  return {
    briefing,
    // As many units as bytes: it is all ASCII.
    length: briefing.length === bytes.length ? briefing.length : codePointLength(briefing),
    reward,
    terminated: over && !limitReached,
    truncated: over && limitReached,
    metadata: observe(episode, breakdown),
  };
}

function rulesetOf(rules: Rules): Ruleset {
  const known = rulesets.get(rules) ?? createRuleset(rules);
  rulesets.set(rules, known);
  return known;
}

/** One environment in the calling thread, without columns or messages: for single sessions, replays and evaluation. */
import { codePointLength } from '../lib/text.ts';
import type { Breakdown } from '../sim/breakdown.ts';
import type { Ruleset } from '../sim/episode.ts';
import { Episode } from '../sim/episode.ts';
import { type Metadata, metadataOf } from '../sim/observation/metadata.ts';
import type { Observation } from '../sim/observation/observation.ts';
import { type BriefingParts, joinParts, Observer } from '../sim/observation/observe.ts';
import type { Section } from '../sim/observation/section-cache.ts';
import { createRuleset, DEFAULT_RULES, gradeSoFar, potentialsIn, type Rules } from '../sim/rules.ts';
import type { Grade } from '../sim/v2/grade.ts';
import { type Owed, owedIn } from '../sim/v2/owed.ts';
import type { Potentials } from '../sim/v2/value.ts';
import { type PolicyAnswer, type ReadAction, readAction } from '../world/completion/completion.ts';
import { exportWorld, type WorldExport } from '../world/export.ts';
import { overlappingPairs } from '../world/facts.ts';
import { parseWith } from '../world/validate.ts';
import { ResetNeededError, SnapshotError } from './errors.ts';
import { openSnapshot, packSnapshot } from './snapshot.ts';
import { compileSpec, type EnvSpec, envSpecSchema, loadSpec, type Spec } from './spec.ts';

/** Rules v1 have no limit on clashes, so there may be millions. */
const MAX_CLASHES_LISTED = 200;

/** The result of a reset or a step. */
export type SoloStep = {
  readonly observation: Observation;
  /** The observation as text. */
  readonly briefing: string;
  /** @internal The parts of the text, for those who write it as JSON. */
  readonly parts: BriefingParts<Section<unknown>>;
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

/** What an environment plays: a shipped task, or an inline scenario. By default rules `v2` and the full reward. */
export type SoloOptions = Omit<EnvSpec, 'seed'>;

/** Rulesets hold no episode: all environments of this thread share them. */
const rulesets = new Map<Rules, Ruleset>();

/**
 * One environment in the calling thread. It has no episode until `reset`, which begins the day of its scenario.
 * @example
 * const env = SoloEnv.create({ task: 'monday_morning' });
 * let now = env.reset();
 * while (!now.terminated && !now.truncated) now = env.step({ action_type: 'do_nothing' });
 * now.metadata.grade; // 0.01..0.99
 */
export class SoloEnv {
  private readonly spec: Spec;
  private readonly rules: Ruleset;
  private observer: Observer | undefined;

  /** @internal Callers outside of the package use `create`. */
  constructor(spec: Spec) {
    this.spec = spec;
    this.rules = rulesetOf(spec.rules);
  }

  /** @throws UnknownTaskError, ValidationError */
  static create(options: SoloOptions): SoloEnv {
    return new SoloEnv(compileSolo(options, 'SoloEnv.create options'));
  }

  /** Begins the episode, again if it is under way. */
  reset(): SoloStep {
    const observer = this.ownObserver();
    this.rules.reset(observer.episode);
    return this.report(observer, 0);
  }

  /**
   * Plays one action: an object that follows the schema, or a raw completion that contains such an object. An unreadable answer
   * is an invalid step. After the end of the episode the rules refuse every step.
   * @throws ResetNeededError
   */
  step(answer: PolicyAnswer): SoloStep {
    return this.play(readAction(answer));
  }

  /**
   * The same, of an action that was read before.
   * @throws ResetNeededError
   */
  play(action: ReadAction): SoloStep {
    const { observer, rules } = this;
    if (observer === undefined) throw new ResetNeededError('step', 0);
    const reward = rules.step(observer.episode, action);
    return this.report(observer, reward, rules.breakdown);
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
    if (this.observer === undefined) throw new ResetNeededError('observation', 0);
    return this.observer.observe();
  }

  /** The current world; undefined before the first reset. */
  world(): WorldExport | undefined {
    return this.episode && exportWorld(this.episode.c, this.episode.s);
  }

  /** Pairs of ids of meetings that overlap, in file order: the first MAX_CLASHES_LISTED; none before the first reset. */
  clashes(): (readonly [string, string])[] {
    if (this.episode === undefined) return [];
    const { c, s, pairs } = this.episode;
    const idOf = (meeting: number): string => c.world.meetings[meeting]?.id ?? '';
    return overlappingPairs(c, s, Math.min(pairs, MAX_CLASHES_LISTED)).map(([a, b]) => [idOf(a), idOf(b)]);
  }

  /**
   * The current potentials of the world; undefined before the first reset and under rules v1, which do not define potentials.
   */
  potentials(): Potentials | undefined {
    return this.episode && potentialsIn(this.episode.c, this.episode.s);
  }

  /**
   * The grade that the episode would have if nothing more were done; after its end, its grade. Undefined before the first reset
   * and under rules v1, whose grades are made from rewards.
   */
  gradeSoFar(): Grade | undefined {
    return this.episode && gradeSoFar(this.episode);
  }

  /**
   * What is owed now, for people: it tells more than a policy may know. Undefined before the first reset and under rules v1.
   */
  owed(): Owed | undefined {
    return this.episode && owedIn(this.episode);
  }

  /** How many denied facts people have learned so far; 0 before the first reset and under rules v1. */
  factsTold(): number {
    return this.episode?.s.told.reduce((sum, one) => sum + one, 0) ?? 0;
  }

  /**
   * The episode as bytes. Any process can restore it at any time.
   * @throws ResetNeededError
   */
  snapshot(): Uint8Array {
    const { episode } = this;
    if (episode === undefined) throw new ResetNeededError('snapshot', 0);
    const { note, news, s } = episode;
    const saved = { spec: 0, seedBase: 0, seed: 0, episode: 0, resetDue: false, note, news, state: s.region };
    return packSnapshot([this.spec], [0], [saved]);
  }

  /**
   * Continues from a snapshot of the same scenario, rules and reward mode.
   * @throws SnapshotError
   */
  restore(snapshot: Uint8Array): void {
    const [saved] = openSnapshot([this.spec], snapshot).saved;
    if (saved === undefined) throw new SnapshotError('it holds no episode');
    this.ownObserver().episode.load(saved.state, saved.note, saved.news);
  }

  private report(observer: Observer, reward: number, breakdown?: Breakdown): SoloStep {
    const { episode } = observer;
    const { active, limitReached } = episode.s;
    // As in a VectorEnv, an episode that was over before it began ends in its first step.
    const over = !active && breakdown !== undefined;
    const { observation, parts } = observer.observeWithParts();
    const briefing = joinParts(parts);
    return {
      observation,
      briefing,
      parts,
      length: codePointLength(briefing),
      reward,
      terminated: over && !limitReached,
      truncated: over && limitReached,
      metadata: metadataOf(episode, breakdown, observation),
    };
  }

  private get episode(): Episode | undefined {
    return this.observer?.episode;
  }

  private ownObserver(): Observer {
    this.observer ??= new Observer(Episode.of(this.spec.compiled, this.spec.rewardMode));
    return this.observer;
  }
}

/**
 * Compiles what a single environment plays.
 * @param subject What the options are called in errors.
 * @throws UnknownTaskError, ValidationError
 */
export function compileSolo(options: SoloOptions, subject: string): Spec {
  const env = parseWith(envSpecSchema.omit({ seed: true }), options, subject);
  const { rules = DEFAULT_RULES, rewardMode = 'full' } = env;
  return compileSpec({ ...loadSpec(env), rules, rewardMode });
}

function rulesetOf(rules: Rules): Ruleset {
  const known = rulesets.get(rules) ?? createRuleset(rules);
  rulesets.set(rules, known);
  return known;
}

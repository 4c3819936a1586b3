/** One episode for a human reader: played scene by scene, from its beginning or from a snapshot of any moment. */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../lib/errors.ts';
import { packPlain, unpackSafely } from '../lib/msgpack.ts';
import { answerOf } from '../records/recorded-answer.ts';
import type { EpisodeRecord, EpisodeSummary } from '../records/schema.ts';
import { plannedSource, type RolloutPlan } from '../rollout/plan.ts';
import { finalGrade } from '../scenarios/graders.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import type { Observation } from '../sim/observation/observation.ts';
import { RULES, rewardsProblem } from '../sim/rules.ts';
import { SnapshotError } from '../vector/errors.ts';
import { compileSolo, SoloEnv, type SoloOptions, type SoloStep } from '../vector/solo-env.ts';
import { compileSpec, type Spec, type UncheckedSpec } from '../vector/spec.ts';
import { isUnreadable, readAction } from '../world/completion/completion.ts';

/**
 * One moment of an episode for a human reader. JSON with the names of the wire: the playground, the viewer and reports read it.
 */
export type Scene = Readonly<ReturnType<Replay['begin']>>;

const FORMAT = 'ghostexec.replay';

const bytes = z.instanceof(Uint8Array);
const outerSchema = z.strictObject({ format: z.literal(FORMAT), sha256: bytes, payload: bytes });
/** The saved environment, and the rewards so far: the graders of rules v1 need them, and the environment does not store them. */
const savedSchema = z.strictObject({ env: bytes, rewards: z.array(z.number()) });

/**
 * An episode, played scene by scene.
 * @example
 * const replay = Replay.create({ task: 'phase2_core' });
 * let scene = replay.begin();
 * scene = replay.step({ action_type: 'archive_email', email_id: 'e03' });
 * console.log(scene.reward, scene.reasons, scene.world);
 */
export class Replay {
  private env: SoloEnv;
  private readonly spec: Spec;
  private readonly task: string | undefined;
  /** Rewards up to the end of the episode. Steps after the end are refused, and their price is not a part of the episode. */
  private rewards: number[] = [];

  /** @internal Callers outside of the package use `create`. @param asked What was compiled: a shipped task, or a custom scenario. */
  constructor(spec: Spec, asked: Pick<UncheckedSpec, 'scenario'> = {}) {
    this.env = new SoloEnv(spec);
    this.spec = spec;
    this.task = asked.scenario === undefined ? spec.task : undefined;
  }

  /** @throws UnknownTaskError, ValidationError */
  static create(options: SoloOptions): Replay {
    return new Replay(compileSolo(options, 'Replay.create options'), options);
  }

  /** Begins the episode, again if it was already under way. */
  begin() {
    this.rewards = [];
    return this.show(this.env.reset(), null);
  }

  /**
   * Plays one answer of a policy: an action or a raw completion. An invalid answer is a part of the scene and throws nothing.
   * @throws ResetNeededError before `begin` or `restore`
   */
  step(answer: unknown): Scene {
    const wasOver = this.over;
    const step = this.env.play(readAction(answer));
    if (!wasOver) this.rewards.push(step.reward);
    return this.show(step, answer);
  }

  /**
   * What the policy sees now.
   * @throws ResetNeededError before `begin` or `restore`
   */
  get observation(): Observation {
    return this.env.observation();
  }

  /** Whether the episode has ended. The rules refuse every further step, at a small price. */
  get over(): boolean {
    return this.env.active === false && this.rewards.length > 0;
  }

  /**
   * The current state of the episode as bytes (msgpack).
   * @throws ResetNeededError before `begin` or `restore`
   */
  snapshot(): Uint8Array {
    const payload = packPlain({ env: this.env.snapshot(), rewards: this.rewards });
    return packPlain({ format: FORMAT, sha256: digest(payload), payload });
  }

  /**
   * Continues from a snapshot of the same scenario, ruleset and reward mode.
   * @throws SnapshotError
   */
  restore(snapshot: Uint8Array): void {
    const saved = openSaved(snapshot);
    const env = new SoloEnv(this.spec);
    env.restore(saved.env);
    const problem = rewardsProblem(this.spec.compiled, saved.rewards, env.steps, env.active === true);
    if (problem !== undefined) throw new SnapshotError(`its rewards are malformed: ${problem}`);
    this.env = env;
    // A day that is over before it begins ends with one step, which does not count. Older snapshots hold later rewards, too.
    this.rewards = saved.rewards.slice(0, Math.max(1, env.steps));
  }

  private show(result: SoloStep, answer: unknown) {
    const { observation, briefing, reward, terminated, truncated, metadata } = result;
    const world = this.env.world();
    if (world === undefined) throw new TypeError('a scene needs an episode that has begun');
    const { task, rewards, spec } = this;
    const isStep = rewards.length > 0;
    const action = isStep ? readAction(answer) : undefined;
    return {
      /** Steps played: 0 after a reset. */
      step: observation.step,
      max_steps: observation.max_steps,
      /** What the policy reads, byte for byte. */
      briefing,
      /** Simulated time in UTC, `YYYY-MM-DDTHH:MM:SS`. Before the first step it is the start as the scenario writes it. */
      time: metadata.simulation_time,
      /** 0 to 100. */
      stress: observation.stress,
      /** The answer that led here: an action or a raw completion; null after a reset. */
      action: answer,
      /** The action that was found in the answer; null after a reset and if none was found. */
      understood: action === undefined || isUnreadable(action) ? null : stated(action),
      step_ok: observation.step_ok,
      /** Why the action was invalid. */
      error: metadata.step_error,
      /** What the action did. */
      detail: observation.note,
      /** Reward of the last step; 0 after a reset. */
      reward,
      /** Sum of the rewards up to here. */
      return: rewards.reduce((sum, one) => sum + one, 0),
      /** The parts of the reward; null after a reset. */
      breakdown: metadata.reward_breakdown ?? null,
      /** What the reward was paid for (rules v2); empty under rules v1. */
      reasons: metadata.reward_attribution ?? [],
      /** What happened by itself in the last step (rules v2); empty under rules v1. */
      events: isStep ? (metadata.events ?? []) : [],
      /** The worth of the state and its parts; null under rules v1. */
      potentials: this.env.potentials() ?? null,
      /** What is owed to whom, by when, and why; null under rules v1. Policies do not see it. */
      owed: this.env.owed() ?? null,
      terminated,
      truncated,
      end_reason: metadata.episode_end_reason,
      /** Grade of a finished episode whose task has a grader, with its parts under rules v2; null otherwise. */
      grade: terminated || truncated ? finalGrade(task, spec.rules, rewards, metadata) : null,
      world,
      /** Pairs of ids of meetings that overlap. */
      clashes: this.env.clashes(),
    };
  }
}

/** The fields that were given. */
function stated(action: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(action).filter(([, value]) => value !== undefined));
}

function openSaved(snapshot: Uint8Array): z.output<typeof savedSchema> {
  const { payload, sha256 } = read(outerSchema, snapshot);
  if (!digest(payload).equals(sha256)) throw new SnapshotError('it is corrupt (its checksum does not match)');
  return read(savedSchema, payload);
}

function read<S extends z.ZodType>(schema: S, packed: Uint8Array): z.output<S> {
  let value: unknown;
  try {
    value = unpackSafely(packed);
  } catch (error) {
    throw new SnapshotError(`it is corrupt or truncated (${messageOf(error)})`);
  }
  const saved = schema.safeParse(value);
  if (!saved.success) throw new SnapshotError('it is not a snapshot of a replay');
  return saved.data;
}

function digest(payload: Uint8Array): Buffer {
  return createHash('sha256').update(payload).digest().subarray(0, 16);
}

/** The compiled scenarios of recorded episodes, each compiled once. */
export class RecordedSpecs {
  private readonly specs = new Map<string, Spec>();
  private readonly scenarios: RolloutPlan['scenarios'];

  /** @param plan The plan in the manifest of the run, whose scenarios need not be shipped. */
  constructor(plan?: RolloutPlan) {
    this.scenarios = plan?.scenarios;
  }

  /**
   * The scenario, rules and reward mode of a record.
   * @throws TypeError if its rules or reward mode do not exist; GhostexecError (UNKNOWN_TASK)
   */
  specOf({ task_id, rules, reward_mode }: Pick<EpisodeSummary, 'task_id' | 'rules' | 'reward_mode'>): Spec {
    const key = JSON.stringify([task_id, rules, reward_mode]);
    const known = this.specs.get(key);
    if (known !== undefined) return known;
    const ruleset = RULES.find((one) => one === rules);
    const mode = REWARD_MODES.find((one) => one === reward_mode);
    if (ruleset === undefined) throw new TypeError(`there are no rules ${JSON.stringify(rules)}`);
    if (mode === undefined) throw new TypeError(`there is no reward mode ${JSON.stringify(reward_mode)}`);
    const { scenario, drift, oracle } = plannedSource({ scenarios: this.scenarios }, task_id);
    const spec = compileSpec({ task: task_id, scenario, drift, oracle, rules: ruleset, rewardMode: mode });
    this.specs.set(key, spec);
    return spec;
  }
}

/**
 * Plays a recorded episode again: yields the scene of its beginning, then one for each step.
 * @param plan The plan of its run, from the manifest, if the run has scenarios that are not shipped.
 * @throws TypeError if the rules or the reward mode of the record do not exist; GhostexecError (UNKNOWN_TASK)
 * @example
 * for await (const record of readEpisodes('runs/a')) {
 *   for (const { step, reward, reasons } of replayEpisode(record)) console.log(record.episode_id, step, reward, reasons);
 * }
 */
export function* replayEpisode(record: EpisodeRecord, plan?: RolloutPlan): Generator<Scene> {
  const replay = new Replay(new RecordedSpecs(plan).specOf(record));
  yield replay.begin();
  for (const step of record.steps) yield replay.step(answerOf(step));
}

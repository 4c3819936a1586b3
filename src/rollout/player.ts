/** Plays whole episodes of built-in policies, one after the other, without a vector. */
import { failureOf } from '../policies/failure.ts';
import type { BuiltInPolicy, Decide } from '../policies/policy.ts';
import type { Recorder } from '../records/line-writer.ts';
import type { EpisodeSummary, FailureKind } from '../records/schema.ts';
import { gradeEpisode } from '../scenarios/graders.ts';
import type { RewardMode } from '../sim/breakdown.ts';
import { EDITIONS } from '../sim/edition.ts';
import { Episode, type Ruleset } from '../sim/episode.ts';
import { LiveObservation, Observer } from '../sim/observation/observe.ts';
import { isSuccess } from '../sim/reward-profile.ts';
import { createRuleset, type Rules, stateGrade } from '../sim/rules.ts';
import type { Grade } from '../sim/v2/grade.ts';
import { promptHashOf } from '../sim/v2/prompt.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { type PolicyAnswer, type ReadAction, readAction } from '../world/completion/completion.ts';
import type { PlannedEpisode, RolloutPlan } from './plan.ts';

/** The results of one episode. */
export type PlayedEpisode = {
  readonly rewards: readonly number[];
  /** Steps whose action was invalid. */
  readonly invalid: number;
  /** Why the episode was not played to its end, and the kind of failure; null if it was. */
  readonly error: string | null;
  readonly failure: FailureKind | null;
  /** Grade of a finished episode; rules v2. */
  readonly grade: Grade | undefined;
};

/** Maximum number of texts whose parsed actions are kept, for policies that repeat their answers. */
const MAX_REMEMBERED = 1_000;

/** Plays the episodes of one scenario; owns the memory for it. */
export class EpisodePlayer {
  private readonly c: CompiledScenario;
  private readonly rules: Ruleset;
  private readonly e: Episode;
  /** For records, and for the policy. */
  private readonly observer: Observer;
  private readonly live: LiveObservation;
  private readonly remembered = new Map<string, ReadAction>();

  constructor(c: CompiledScenario, rules: Rules, rewardMode: RewardMode) {
    this.c = c;
    this.rules = createRuleset(rules);
    this.e = Episode.of(c, rewardMode);
    this.observer = new Observer(this.e);
    this.live = new LiveObservation(this.e);
  }

  /** Plays one episode. If the policy throws, the episode ends; the result then contains the error and the steps until then. */
  play(policy: BuiltInPolicy, seed: number, recorder?: Recorder): PlayedEpisode {
    const { e, rules } = this;
    const { s } = e;
    const rewards: number[] = [];
    let invalid = 0;
    let decide: Decide | undefined;
    rules.reset(e);
    // As in a vector, an episode that is over before it begins reports that in one step.
    do {
      recorder?.observe?.(this.observer);
      let answer: PolicyAnswer;
      try {
        decide ??= policy.begin(seed);
        answer = decide(this.live.refresh());
      } catch (error) {
        return { rewards, invalid, ...failureOf(error), grade: undefined };
      }
      const read = this.read(answer);
      const reward = rules.step(e, read);
      rewards.push(reward);
      if (!s.stepOk) invalid++;
      recorder?.step(answer, read, reward, rules.breakdown, e);
    } while (s.active);
    return { rewards, invalid, error: null, failure: null, grade: stateGrade(this.c, s) };
  }

  /** Reads an answer. The objects of a built-in policy are actions already. */
  private read(answer: PolicyAnswer): ReadAction {
    if (typeof answer !== 'string') return answer;
    const known = this.remembered.get(answer);
    if (known !== undefined) return known;
    const action = readAction(answer);
    if (this.remembered.size < MAX_REMEMBERED) this.remembered.set(answer, action);
    return action;
  }
}

// Builds the summary of an episode: everything that is recorded about it besides its steps.

/** The part of a summary that does not follow from the plan. */
export type EpisodeResult = Pick<
  EpisodeSummary,
  'error' | 'failure' | 'return' | 'grade' | 'grade_parts' | 'length' | 'invalid_steps'
> &
  Partial<Pick<EpisodeSummary, 'extra_json'>>;

/** @param task The task whose grader is used. */
export function resultOf(
  task: string,
  rules: Rules,
  { rewards, invalid, error, failure, grade }: PlayedEpisode,
): EpisodeResult {
  const isComplete = error === null;
  const graded = isComplete ? gradeEpisode(task, rules, rewards, grade && { grade }) : undefined;
  return {
    error,
    failure,
    return: isComplete ? rewards.reduce((sum, reward) => sum + reward, 0) : null,
    grade: graded?.grade ?? null,
    grade_parts: graded?.parts ?? null,
    length: rewards.length,
    invalid_steps: invalid,
  };
}

/** The order of the fields is their order in the file. */
export function summaryOf(plan: RolloutPlan, planned: PlannedEpisode, result: EpisodeResult): EpisodeSummary {
  return {
    episode_id: planned.episodeId,
    group_id: planned.groupId,
    index: planned.index,
    task_id: planned.task,
    seed: planned.seed,
    policy_seed: planned.policySeed,
    rules: plan.rules,
    edition: EDITIONS[plan.rules],
    prompt_sha256: promptHashOf(plan.rules),
    reward_mode: plan.rewardMode,
    policy: plan.policy.toWellFormed(),
    status: result.error === null ? 'complete' : 'failed',
    // Whatever a policy threw: files of text have no halves of a character.
    error: result.error?.toWellFormed() ?? null,
    failure: result.failure,
    return: result.return,
    grade: result.grade,
    grade_parts: result.grade_parts,
    success: isSuccess(result.grade, plan.successGrade),
    success_grade: plan.successGrade,
    length: result.length,
    invalid_steps: result.invalid_steps,
    extra_json: result.extra_json ?? null,
    advantage: null,
  };
}

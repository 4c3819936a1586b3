/** Plays the answers of a record again, and records the steps as they are now: to verify a run, to grade it again, to evaluate it. */
import type { BuiltInPolicy } from '../policies/policy.ts';
import { recordAnswer } from '../records/line-writer.ts';
import { answerOf, type RecordedAnswer, recordedMetadata } from '../records/recorded-answer.ts';
import type { StepRecord } from '../records/schema.ts';
import type { PlayedEpisode } from '../rollout/player.ts';
import { emptyBreakdown } from '../sim/breakdown.ts';
import { SoloEnv } from '../vector/solo-env.ts';
import type { Spec } from '../vector/spec.ts';
import { readAction } from '../world/completion/completion.ts';

/** An episode whose answers were played: its steps, its results, and the environment at its end. */
export type PlayedAnswers = Pick<PlayedEpisode, 'rewards' | 'invalid' | 'grade'> & {
  readonly steps: StepRecord[];
  readonly env: SoloEnv;
  /** Whether the episode is over; answers after its end were not played. */
  readonly isOver: boolean;
};

const IDLE: RecordedAnswer = recordAnswer({ action_type: 'do_nothing' });

/** @param goesOn Whether the policy does nothing after the last answer until the episode is over. */
export function playAnswers(spec: Spec, answers: readonly RecordedAnswer[], goesOn = false): PlayedAnswers {
  return play(spec, (step) => answers[step] ?? (goesOn ? IDLE : undefined));
}

/** Plays an episode with a policy of the package. */
export function playPolicy(spec: Spec, policy: BuiltInPolicy, seed: number): PlayedAnswers {
  const decide = policy.begin(seed);
  return play(spec, (_, env) => recordAnswer(decide(env.observation())));
}

function play(spec: Spec, answerTo: (step: number, env: SoloEnv) => RecordedAnswer | undefined): PlayedAnswers {
  const env = new SoloEnv(spec);
  const steps: StepRecord[] = [];
  let { briefing, metadata } = env.reset();
  let isOver = false;
  while (!isOver) {
    const recorded = answerTo(steps.length, env);
    if (recorded === undefined) break;
    const answer = answerOf(recorded);
    const played = env.play(readAction(answer));
    const { reward, terminated, truncated } = played;
    const observation = briefing;
    ({ briefing, metadata } = played);
    const { step_ok } = metadata;
    steps.push({
      observation,
      // The metadata of an action are a field of it.
      ...recordAnswer(answer, undefined, typeof answer === 'string' ? recordedMetadata(recorded) : undefined),
      reward,
      reward_breakdown: metadata.reward_breakdown ?? emptyBreakdown(),
      terminated,
      truncated,
      step_ok,
      error: step_ok ? null : (metadata.step_error?.toWellFormed() ?? null),
    });
    isOver = terminated || truncated;
  }
  const rewards = steps.map(({ reward }) => reward);
  const invalid = steps.filter(({ step_ok }) => !step_ok).length;
  return { steps, env, isOver, rewards, invalid, grade: metadata.grade };
}

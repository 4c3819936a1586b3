/** What an evaluation takes from one recorded episode. Some of it stands in the record, the rest is found by playing its answers again. */
import { playAnswers } from '../analysis/play-answers.ts';
import { RecordedSpecs } from '../analysis/replay.ts';
import { GhostexecError } from '../lib/errors.ts';
import { type RecordedCall, recordedCall, recordedMetadata } from '../records/recorded-answer.ts';
import type { EpisodeRecord, EpisodeSummary, FailureKind } from '../records/schema.ts';
import type { RolloutPlan } from '../rollout/plan.ts';
import { GRADE_RANGE } from '../sim/v2/grade.ts';
import type { OwedItem } from '../sim/v2/owed.ts';
import type { Spec } from '../vector/spec.ts';

/** The kinds of asks, and the other obligations. */
export const ASKED_KINDS = ['value', 'choice', 'act', 'apology', 'clash', 'task'] as const;
export type AskedKind = (typeof ASKED_KINDS)[number];

/** How an ask or another obligation ended. */
export const ENDINGS = ['met', 'late', 'corrected', 'wrong', 'missed'] as const;
export type Ending = (typeof ENDINGS)[number];

/** Failures that say nothing about the policy. Their episodes have no share in any figure of the policy. */
export const LOST = ['infrastructure', 'environment', 'bad_request'] as const satisfies readonly FailureKind[];

/** One episode as an evaluation sees it. */
export type MeasuredEpisode = {
  readonly task: string;
  /** SHA-256 of scenario and drift. */
  readonly world: string;
  /** The lowest grade if the policy failed; null if the episode was lost. */
  readonly grade: number | null;
  readonly failure: FailureKind | null;
  /** Damage as a part of V; null if the episode failed. */
  readonly collateral: number | null;
  /** Number of facts that people learned and must not know. */
  readonly told: number;
  readonly steps: number;
  readonly invalid: number;
  /** Steps whose answer held no action that could be read. */
  readonly unreadable: number;
  /** Answers that ended at the limit of tokens. */
  readonly cutOff: number;
  /** What the calls of a model took; empty for other policies. */
  readonly calls: readonly RecordedCall[];
  /** How what was owed ended; empty if the episode failed. */
  readonly endings: readonly { readonly asked: AskedKind; readonly ending: Ending }[];
};

/**
 * The grade with which an episode counts: a policy that failed has done nothing of worth, so it gets the lowest grade. Null if the
 * episode was lost or has no grade.
 */
export function countedGrade({ grade, failure, status }: EpisodeSummary): number | null {
  if (status === 'complete') return grade;
  return LOST.some((kind) => kind === failure) ? null : GRADE_RANGE[0];
}

/** Measures the episodes of a run. */
export class EpisodeMeter {
  readonly specs: RecordedSpecs;

  constructor(plan: RolloutPlan) {
    this.specs = new RecordedSpecs(plan);
  }

  /**
   * Plays an episode again from its record.
   * @throws GhostexecError (OTHER_GRADE) if that gives another grade than the record has
   */
  measure(record: EpisodeRecord): MeasuredEpisode {
    const { steps, task_id, failure } = record;
    const spec = this.specs.specOf(record);
    const { env, ...played } = playAnswers(spec, steps);
    const grade = played.grade?.grade;
    const isComplete = record.status === 'complete';
    if (isComplete && record.grade !== null && grade !== record.grade) {
      const now = grade === undefined ? 'has no grade' : `the grade is ${grade}`;
      const what = `episode ${record.episode_id} has the grade ${record.grade}, and when it is played again ${now}`;
      throw new GhostexecError('OTHER_GRADE', `${what}: scenario or grader have changed; see ghostexec regrade`);
    }
    return {
      task: task_id,
      world: spec.compiled.hash,
      grade: countedGrade(record),
      failure,
      collateral: record.grade_parts?.collateral ?? null,
      told: env.factsTold(),
      steps: record.length,
      invalid: record.invalid_steps,
      unreadable: steps.filter(({ action }) => action === null).length,
      cutOff: steps.filter((step) => recordedMetadata(step)?.finish_reason === 'length').length,
      calls: steps.flatMap((step) => recordedCall(step) ?? []),
      endings: isComplete ? (env.owed()?.items ?? []).flatMap((item) => endingsOf(spec, item)) : [],
    };
  }
}

function endingsOf(spec: Spec, { id, kind, state, asks }: OwedItem): MeasuredEpisode['endings'] {
  if (kind !== 'reply') return [{ asked: kind, ending: OBLIGATION_ENDINGS[state] ?? 'missed' }];
  const email = spec.compiled.world.emails.find((one) => `reply:${one.id}` === id);
  return asks.flatMap((ask, index) => {
    const asked = email?.asks?.[index]?.kind;
    return asked === undefined ? [] : [{ asked, ending: ASK_ENDINGS[ask.state] }];
  });
}

const ASK_ENDINGS: Readonly<Record<OwedItem['asks'][number]['state'], Ending>> = {
  open: 'missed',
  answered: 'met',
  'answered late': 'late',
  wrong: 'wrong',
  corrected: 'corrected',
};

const OBLIGATION_ENDINGS: Readonly<Partial<Record<OwedItem['state'], Ending>>> = {
  met: 'met',
  late: 'late',
  spoiled: 'wrong',
};

/** One moment of an episode for a human reader. JSON with the names of the wire: the playground, the viewer and reports read it. */
import type { Breakdown } from '../../sim/breakdown.ts';
import type { Metadata } from '../../sim/observation.ts';
import type { Attribution } from '../../sim/v2/explain.ts';
import type { Potentials } from '../../sim/v2/value.ts';
import type { WorldExport } from '../../world/export.ts';
import type { FinalGrade } from '../graders.ts';

export type Scene = {
  /** Steps played: 0 after a reset. */
  readonly step: number;
  readonly max_steps: number;
  /** What the policy reads, byte for byte. */
  readonly briefing: string;
  /** Simulated time in UTC, `YYYY-MM-DDTHH:MM:SS`. Before the first step it is the start as the scenario writes it. */
  readonly time: string;
  /** 0 to 100. */
  readonly stress: number;
  /** The answer that led here: an action or a raw completion; null after a reset. */
  readonly action: unknown;
  /** The action that was found in the answer; null after a reset and if none was found. */
  readonly understood: Readonly<Record<string, unknown>> | null;
  readonly step_ok: boolean;
  /** Why the action was invalid. */
  readonly error: string | null;
  /** What the action did. */
  readonly detail: string;
  /** Reward of the last step; 0 after a reset. */
  readonly reward: number;
  /** Sum of the rewards up to here. */
  readonly return: number;
  /** The parts of the reward; null after a reset. */
  readonly breakdown: Breakdown | null;
  /** What the reward was paid for (rules v2); empty under rules v1. */
  readonly reasons: readonly Attribution[];
  /** What happened by itself in the last step (rules v2); empty under rules v1. */
  readonly events: NonNullable<Metadata['events']>;
  /** The worth of the state and its parts; null under rules v1. */
  readonly potentials: Potentials | null;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly end_reason: string | null;
  /** Grade of a finished episode whose task has a grader, with its parts under rules v2; null otherwise. */
  readonly grade: FinalGrade | null;
  readonly world: WorldExport;
  /** Pairs of ids of meetings that overlap. */
  readonly clashes: readonly (readonly [string, string])[];
};

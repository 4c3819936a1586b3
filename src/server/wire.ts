/** The requests and answers of single-episode clients. Validation, the types and the OpenAPI document all use these schemas. */
import { z } from 'zod';
import { SPLITS } from '../scenarios/source.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { breakdownSchema, metadataSchema } from '../sim/observation/metadata.ts';
import { REWARD_PROFILES } from '../sim/reward-profile.ts';
import { RULES } from '../sim/rules.ts';
import { gradeSchema } from '../sim/v2/grade.ts';
import { seedSchema } from '../vector/spec.ts';
import { actionSchema } from '../world/schema.ts';
import { OBSERVATION_PROFILES, profileSchema } from './profiles.ts';
import { stepActionSchema } from './step-action.ts';

/** These fields of an observation are the same as in its metadata. */
const { critical_unreplied_email_ids, unread_email_ids, overdue_task_ids, active_meeting_ids } = metadataSchema.shape;
const { simulation_time, stress, episode_step, max_episode_steps, step_detail } = metadataSchema.shape;

export const requestIdSchema = z.string().max(255).nullish().describe('The answer returns it');
/** The id of a request that is carried out only once. */
const repeatIdSchema = requestIdSchema.describe(
  'The answer returns it. If a request with an `episode_id` is sent again with the same id, the server returns the same answer and does nothing',
);
export const episodeIdSchema = z.string().min(1).max(255);

/** Whether a request has a value for a key. null is the same as a missing key. */
export function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

/** What an episode plays. */
export const playSchema = {
  task_id: z.string().nullish().describe('A shipped task, or the name given to an inline scenario'),
  split: z.enum(SPLITS).nullish().describe('Instead of task_id: the split of the row at `index`'),
  index: z.int().min(0).nullish().describe('Row of the split, from 0; default: derived from the seed'),
  scenario: z.unknown().optional().describe('Instead of task_id and split: a scenario document'),
  drift: z
    .unknown()
    .optional()
    .describe(
      'true or missing: the drift of the task; false or "none": no drift; the id of a task: the drift of that task; or a drift document',
    ),
  rules: z.enum(RULES).nullish(),
  reward_mode: z.enum(REWARD_MODES).nullish(),
  seed: seedSchema.nullish().describe('0 to 2^53 - 1; default: a random seed, which the observation shows'),
} as const;

export const resetDataSchema = z
  .looseObject({
    ...playSchema,
    ...profileSchema,
    episode_id: episodeIdSchema.nullish().describe('A name for the episode; default: a random id'),
  })
  .describe('How the next episode begins; unknown keys are ignored');

export const resetRequestSchema = resetDataSchema.extend({ request_id: repeatIdSchema });

export const stepRequestSchema = z
  .looseObject({
    action: stepActionSchema,
    timeout_s: z.number().positive().nullish().describe('Accepted and ignored; a step takes microseconds'),
    episode_id: episodeIdSchema
      .nullish()
      .describe('Id of an episode from POST /reset; without it the step begins a new episode'),
    request_id: repeatIdSchema,
  })
  .describe('One action');

const gradePartsSchema = gradeSchema.partial().required({ grade: true });

const wireMetadataSchema = metadataSchema.extend({
  task_id: z.string(),
  rules: z.enum(RULES),
  reward_mode: z.enum(REWARD_MODES),
  seed: seedSchema,
});

export const wireObservationSchema = z.object({
  echoed_message: z.string().describe('The briefing: plain text of at most 48,000 code points'),
  message_length: z.int().min(0).describe('Length of the briefing in code points'),
  briefing: z.string().describe('The same briefing, under its own name'),
  simulation_time,
  stress,
  episode_step,
  max_episode_steps,
  step_ok: z.boolean().describe('Whether the last action was valid; true after a reset'),
  step_detail,
  critical_unreplied_email_ids,
  unread_email_ids,
  overdue_task_ids,
  active_meeting_ids,
  task_id: z.string(),
  rules: z.enum(RULES),
  reward_mode: z.enum(REWARD_MODES),
  seed: seedSchema,
  error: z.string().nullable().describe('Why the last action was invalid'),
  reward_breakdown: breakdownSchema.nullable().describe('The parts of the reward; null after a reset'),
  terminated: z.boolean().describe("Whether the day ended by the episode's own rules"),
  truncated: z.boolean().describe('Whether the step limit ended the episode'),
  grade: gradePartsSchema
    .nullable()
    .describe(
      'Grade of a finished episode: `grade` in [0.01, 0.99], and under rules v2 its parts; null before the end',
    ),
  metadata: wireMetadataSchema,
});
export type WireObservation = z.output<typeof wireObservationSchema>;

/** What the observation profiles `briefing` and `delta` leave of an observation. */
const leanObservationSchema = wireObservationSchema
  .pick({ briefing: true, step_ok: true, error: true, terminated: true, truncated: true, grade: true })
  .extend({
    briefing: z.string().describe('The briefing; under the profile `delta`, after the first answer, what has changed'),
  })
  .describe('Under the observation profiles `briefing` and `delta`');

const answerSchema = z.object({
  observation: z.union([wireObservationSchema, leanObservationSchema]),
  reward: z
    .number()
    .describe('Reward of the last step under the reward profile; 0 after a reset, and where the profile gives none'),
  done: z.boolean().describe('Whether the episode is terminated or truncated'),
  metadata: z
    .object({
      episode_id: z.string(),
      session_token: z.string().optional().describe('Resumes this session on another WebSocket, see `resume`'),
    })
    .describe(
      'Random ids of the episode and session. The observation has none: equal seeds and actions give equal observations',
    ),
});
export type WireAnswer = z.output<typeof answerSchema>;

/** An answer over plain HTTP. It names its episode, because there is no connection that identifies it. */
export const httpAnswerSchema = answerSchema.extend({ episode_id: z.string(), request_id: z.string().optional() });

export const stateSchema = z
  .object({
    episode_id: z.string().nullable().describe('null before the first reset'),
    step_count: z.int().min(0),
    task_id: z.string().nullable(),
    rules: z.enum(RULES).nullable(),
    reward_mode: z.enum(REWARD_MODES).nullable(),
    seed: seedSchema.nullable(),
    done: z.boolean(),
    return: z.number().describe('Sum of the rewards of the steps of this episode, whatever the reward profile'),
    rewards: z
      .array(z.number().nullable())
      .describe('The reward of each step up to the end under the reward profile; null where the profile gives none'),
    grade: z.number().nullable().describe('Grade in [0.01, 0.99] of a finished episode; null before the end'),
    success: z.boolean().nullable().describe('Whether the grade is at least `success_grade`; null before the end'),
    success_grade: z.number(),
    reward_profile: z.enum(REWARD_PROFILES),
    observation_profile: z.enum(OBSERVATION_PROFILES),
    world: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('The current world in the shape of a scenario file, without future events'),
  })
  .describe('The current state of the episode');
export type WireState = z.output<typeof stateSchema>;

/** Clients copy `reward` and `done` of an answer into its observation, so the published schema allows both there. */
const publishedObservationSchema = wireObservationSchema.extend(
  answerSchema.pick({ reward: true, done: true }).partial().shape,
);

export type WireSchemas = Record<'action' | 'observation' | 'state', Record<string, unknown>>;

/** The JSON Schemas (draft 2020-12) that GET /schema returns. */
export function wireSchemas(): WireSchemas {
  return {
    action: { title: 'Ghostexec action', ...z.toJSONSchema(actionSchema, { io: 'input' }) },
    observation: { title: 'Ghostexec observation', ...z.toJSONSchema(publishedObservationSchema) },
    state: { title: 'Ghostexec state', ...z.toJSONSchema(stateSchema) },
  };
}

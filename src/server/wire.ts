/** What single-episode clients send and receive. Validation, the types and the OpenAPI document all come from here. */
import { z } from 'zod';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { breakdownSchema, metadataSchema } from '../sim/observation.ts';
import { RULES } from '../sim/rules.ts';
import { gradeSchema } from '../sim/v2/grade.ts';
import { seedSchema } from '../vector/env-spec.ts';
import { actionSchema } from '../world/schema.ts';
import { SPLITS } from '../world/splits.ts';
import { stepActionSchema } from './step-action.ts';

/** Lists of ids in an observation are those of the metadata. */
const { critical_unreplied_email_ids, unread_email_ids, overdue_task_ids, active_meeting_ids } = metadataSchema.shape;
const { simulation_time, stress, episode_step, max_episode_steps, step_detail } = metadataSchema.shape;

export const requestIdSchema = z.string().max(255).nullish().describe('Comes back in the answer');
/** Of a request that is carried out once. */
const repeatIdSchema = requestIdSchema.describe(
  'Comes back in the answer. Beside an `episode_id`, a request that is sent again with the same id is answered the same and does nothing again',
);
export const episodeIdSchema = z.string().min(1).max(255);

/** What an episode is to be played on; null is the same as leaving a key out. */
export const playSchema = {
  task_id: z.string().nullish().describe('A shipped task, or the name given to an inline scenario'),
  split: z.enum(SPLITS).nullish().describe('Instead of task_id: a split, and with it'),
  index: z.int().min(0).nullish().describe('its row; without one the row follows from the seed'),
  scenario: z.unknown().optional().describe('Instead of both: a scenario document'),
  drift: z
    .unknown()
    .optional()
    .describe(
      'true or left out: that of the task; false or "none": none; the id of a task: its drift; or a drift document',
    ),
  rules: z.enum(RULES).nullish(),
  reward_mode: z.enum(REWARD_MODES).nullish(),
  seed: seedSchema.nullish().describe('0 to 2^53 - 1; without one it is drawn, and told in the observation'),
} as const;

export const resetDataSchema = z
  .looseObject({
    ...playSchema,
    episode_id: episodeIdSchema.nullish().describe('A name for the episode; without one it is made up'),
  })
  .describe('How the next episode begins; keys that are not listed are ignored');

export const resetRequestSchema = resetDataSchema.extend({ request_id: repeatIdSchema });

export const stepRequestSchema = z
  .looseObject({
    action: stepActionSchema,
    timeout_s: z.number().positive().nullish().describe('Accepted; a step takes microseconds'),
    episode_id: episodeIdSchema
      .nullish()
      .describe('An episode that /reset answered; without one the step begins a new one'),
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
  echoed_message: z.string().describe('The briefing: plain text, at most 48,000 code points'),
  message_length: z.int().min(0).describe('Length of the briefing in code points'),
  briefing: z.string().describe('The briefing once more, under its own name'),
  task_id: z.string(),
  rules: z.enum(RULES),
  reward_mode: z.enum(REWARD_MODES),
  seed: seedSchema,
  simulation_time,
  stress,
  episode_step,
  max_episode_steps,
  step_ok: z.boolean().describe('Whether the last action was valid; true after a reset'),
  error: z.string().nullable().describe('Why the last action was invalid'),
  step_detail,
  critical_unreplied_email_ids,
  unread_email_ids,
  overdue_task_ids,
  active_meeting_ids,
  reward_breakdown: breakdownSchema.nullable().describe('The parts of the reward; null after a reset'),
  terminated: z.boolean().describe('The episode ended of itself'),
  truncated: z.boolean().describe('The step limit ended the episode'),
  grade: gradePartsSchema
    .nullable()
    .describe('Of a finished episode: `grade` in [0.01, 0.99], and under rules v2 its parts; null before that'),
  metadata: wireMetadataSchema,
});
export type WireObservation = z.output<typeof wireObservationSchema>;

const answerSchema = z.object({
  observation: wireObservationSchema,
  reward: z.number().nullable().describe('Of the last step; 0 after a reset'),
  done: z.boolean().describe('terminated or truncated'),
  metadata: z
    .object({
      episode_id: z.string(),
      session_token: z.string().optional().describe('Goes on with this session on another WebSocket, see `resume`'),
    })
    .describe('What is drawn for one episode or session. Observations of equal seeds and actions are equal'),
});
export type Answer = z.output<typeof answerSchema>;

/** HTTP answers say which episode they are about, since there is no connection to tell it from. */
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
    return: z.number().describe('Sum of the rewards of this episode'),
    world: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('The world as it stands, in the shape of a scenario file; without what is still to come'),
  })
  .describe('The episode as it stands');
export type State = z.output<typeof stateSchema>;

/** Clients lay reward and done of an answer into its observation; the published schema allows for both. */
const publishedObservationSchema = wireObservationSchema.extend(
  answerSchema.pick({ reward: true, done: true }).partial().shape,
);

/** The JSON Schemas (draft 2020-12) that GET /schema answers. */
export function wireSchemas(): { action: object; observation: object; state: object } {
  return {
    action: { title: 'Ghostexec action', ...z.toJSONSchema(actionSchema, { io: 'input' }) },
    observation: { title: 'Ghostexec observation', ...z.toJSONSchema(publishedObservationSchema) },
    state: { title: 'Ghostexec state', ...z.toJSONSchema(stateSchema) },
  };
}

/** The requests and answers of ORS, the Open Reward Standard. Validation, the types and the OpenAPI document all use these schemas. */
import { z } from 'zod';
import { REWARD_PROFILES } from '../../sim/reward-profile.ts';
import { RULES } from '../../sim/rules.ts';
import { seedSchema } from '../../vector/spec.ts';
import { OBSERVATION_PROFILES, profileSchema } from '../profiles.ts';
import { playSchema, wireObservationSchema } from '../wire.ts';

const taskSpecSchema = z
  .looseObject({
    ...playSchema,
    ...profileSchema,
    id: z.string().nullish().describe('The same as task_id. If it is present, split and index are ignored'),
    seed: seedSchema.nullish().describe('0 to 2^53 - 1; default 0, so that equal tasks are equal episodes'),
  })
  .describe('A row of the task routes, or what else is to be played; unknown keys are ignored');

export const orsEpisodeSchema = z
  .looseObject({
    split: playSchema.split,
    index: playSchema.index,
    task_spec: taskSpecSchema.nullish(),
    env_name: z.string().nullish().describe('`ghostexec`, in upper or lower case; default: that'),
    toolset_name: z.string().nullish().describe('Not supported: null'),
    ...profileSchema,
  })
  .describe('Either split and index, or task_spec');
export type OrsEpisode = z.output<typeof orsEpisodeSchema>;

export const callSchema = z.looseObject({
  name: z.string().describe('A tool'),
  input: z.unknown().describe('Its arguments: an object'),
  task_id: z.string().nullish().describe('The id of an earlier call, whose answer was lost: it is sent again'),
});
export type CallRequest = z.output<typeof callSchema>;

export const sidSchema = z.object({ sid: z.string().describe('The id of the session') });

const blockSchema = z.object({ type: z.literal('text'), text: z.string(), detail: z.null() });
export const blocksSchema = z.array(blockSchema);
export const messagesSchema = z.array(
  z.object({ role: z.enum(['system', 'user']), blocks: blocksSchema, detail: z.null() }),
);

export const toolsSchema = z.object({
  tools: z.array(
    z.object({ name: z.string(), description: z.string(), input_schema: z.record(z.string(), z.unknown()) }),
  ),
});

const { episode_step, max_episode_steps, step_ok, error, terminated, truncated, grade } = wireObservationSchema.shape;
const outputSchema = z.object({
  blocks: blocksSchema,
  metadata: z.object({
    task_id: z.string(),
    rules: z.enum(RULES),
    seed: seedSchema,
    reward_profile: z.enum(REWARD_PROFILES),
    observation_profile: z.enum(OBSERVATION_PROFILES),
    success: z.boolean().nullable().describe('Whether the grade is that of a success; null before the end'),
    step_reward: z
      .number()
      .nullable()
      .describe('The reward of the step, whatever the profile; null if none was played'),
    episode_step,
    max_episode_steps,
    step_ok,
    error,
    terminated,
    truncated,
    grade,
  }),
  reward: z.number().nullable().describe('The reward under the profile of the session; null: none for this step'),
  finished: z.boolean().describe('Whether the episode is over'),
});
export type ToolOutput = z.output<typeof outputSchema>;

/** The data of the event `end` of a call. */
export const callResultSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), output: outputSchema }),
  z.object({
    ok: z.literal(false),
    error: z.string(),
    reason: z.enum(['not_found', 'input_validation']),
  }),
]);
export type CallResult = z.output<typeof callResultSchema>;

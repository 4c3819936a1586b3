/** What a rollout writes: one record for each episode. The schema is the documentation of the file format. */
import { z } from 'zod';
import { breakdownSchema } from '../sim/observation.ts';
import { gradeSchema } from '../sim/v2/grade.ts';

const text = z.string();

/** Empty where a field was left out, so that Arrow reads each of them as text wherever it looks. */
export const recordedActionSchema = z.strictObject({
  action_type: text.describe('`do_nothing` where it was left out'),
  email_id: text,
  message_body: text,
  meeting_id: text,
  new_time: text,
  reason: text,
  task_id: text,
  contact_name: text,
  channel: text,
  message: text,
});

export const stepRecordSchema = z.strictObject({
  observation: z.string().nullable().describe('The briefing that the policy read; null with --observations none'),
  completion: z.string().nullable().describe('The text that the policy answered; null where it answered an object'),
  action: recordedActionSchema
    .nullable()
    .describe('The action that was read from the completion, or answered as an object; null where there was none'),
  extra_json: z
    .string()
    .refine(isJson, { error: 'expected a JSON text' })
    .nullable()
    .describe('JSON: what was answered besides, such as unknown fields; null where there is no more'),
  reward: z.number(),
  reward_breakdown: breakdownSchema,
  terminated: z.boolean(),
  truncated: z.boolean(),
  step_ok: z.boolean().describe('Whether the action was valid'),
  error: z.string().nullable().describe('Why it was not'),
});

export const episodeRecordSchema = z.strictObject({
  episode_id: z.string().describe('Unique within the run'),
  group_id: z.string().describe('Episodes of a group begin alike: same task, same seed'),
  index: z.int().min(0).describe('Place of the episode in the run, and line of the file, from 0'),
  task_id: z.string(),
  seed: z.int().min(0).describe('Seed of the world'),
  policy_seed: z.int().min(0).describe('Seed of the policy'),
  rules: z.string(),
  reward_mode: z.string(),
  policy: z.string(),
  status: z.enum(['complete', 'failed']),
  error: z.string().nullable().describe('What failed'),
  return: z.number().nullable().describe('Sum of the rewards; null where the episode failed'),
  grade: z.number().nullable().describe("By the task's grader, in [0.01, 0.99]; null without one"),
  grade_parts: gradeSchema.nullable().describe('What the grade is made of; null under rules v1'),
  length: z.int().min(0).describe('Number of steps'),
  invalid_steps: z.int().min(0),
  advantage: z
    .number()
    .nullable()
    .describe('(return - mean) / (std + 1e-4) over the complete episodes of the group; null with fewer than two'),
  steps: z.array(stepRecordSchema),
});

/** A record without its steps. */
export const episodeSummarySchema = episodeRecordSchema.omit({ steps: true });

/** What stands before the steps, which come last in a line. */
export const STEPS_KEY = '"steps":';

export type RecordedAction = z.output<typeof recordedActionSchema>;
export type StepRecord = z.output<typeof stepRecordSchema>;
export type EpisodeRecord = z.output<typeof episodeRecordSchema>;
export type EpisodeSummary = z.output<typeof episodeSummarySchema>;

/** Records of format 1 held what was answered, text or object, in `action` alone. */
export const OLD_STEPS =
  'its steps are of format 1, whose `action` is a text or an object; expected `completion`, `action` and `extra_json` (docs/TRAJECTORIES.md); play the run again, or read it with the version of Ghostexec that its manifest names';

/** Whether the steps of a value that is no record are those of format 1. */
export function hasOldSteps(value: unknown): boolean {
  const steps: unknown = isObject(value) ? value.steps : undefined;
  const first: unknown = Array.isArray(steps) ? steps[0] : undefined;
  return isObject(first) && 'action' in first && !('completion' in first) && !('extra_json' in first);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What a rollout writes: one record for each episode. The schema is the documentation of the file format. */
import { z } from 'zod';
import { breakdownSchema } from '../sim/observation.ts';
import { gradeSchema } from '../sim/v2/grade.ts';

export const stepRecordSchema = z.strictObject({
  observation: z.string().nullable().describe('The briefing that the policy read; null with --observations none'),
  action: z.unknown().describe('What the policy answered: an action, or a raw completion'),
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

export type StepRecord = z.output<typeof stepRecordSchema>;
export type EpisodeRecord = z.output<typeof episodeRecordSchema>;
export type EpisodeSummary = z.output<typeof episodeSummarySchema>;

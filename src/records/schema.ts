/** The records that a rollout writes, one for each episode. The schema documents the file format. */
import { z } from 'zod';
import { otherEdition } from '../sim/edition.ts';
import { breakdownSchema } from '../sim/observation/metadata.ts';
import { SUCCESS_GRADE } from '../sim/reward-profile.ts';
import { gradeSchema } from '../sim/v2/grade.ts';

const text = z.string();

/**
 * What an episode failed by: its policy; the environment, which could not go on; a call that the endpoint of a model did not
 * answer (`infrastructure`); a conversation too long for the model; the filter of an endpoint; a request that it refuses.
 */
export const FAILURES = [
  'policy',
  'environment',
  'infrastructure',
  'context_overflow',
  'content_filter',
  'bad_request',
] as const;
export type FailureKind = (typeof FAILURES)[number];

/** A field that was left out is the empty text, so that Arrow infers the type text whichever lines it reads. */
export const recordedActionSchema = z.strictObject({
  action_type: text.describe('`do_nothing` if it was left out'),
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

const jsonText = z.string().refine(isJson, { error: 'expected a JSON text' }).nullable();

/** A step of an episode: observation, answer of the policy, and outcome. */
export const stepRecordSchema = z.object({
  observation: z.string().nullable().describe('The briefing that the policy read; null with --observations none'),
  completion: z.string().nullable().describe('The text that the policy answered; null if it answered an object'),
  action: recordedActionSchema
    .nullable()
    .describe('The action that was read from the completion, or answered as an object; null if there was none'),
  extra_json: jsonText.describe('JSON: the rest of the answer, such as unknown fields; null if there is none'),
  reward: z.number(),
  reward_breakdown: breakdownSchema,
  terminated: z.boolean(),
  truncated: z.boolean(),
  step_ok: z.boolean().describe('Whether the action was valid'),
  error: z.string().nullable().describe('Why the action was invalid; null if it was valid'),
});

/** A record without its steps. */
export const episodeSummarySchema = z
  .object({
    episode_id: z.string().describe('Unique within the run'),
    group_id: z.string().describe('Episodes of a group have the same task and seed'),
    index: z.int().min(0).describe('Place of the episode in the run, and line of the file, from 0'),
    task_id: z.string(),
    seed: z.int().min(0).describe('Seed of the world'),
    policy_seed: z.int().min(0).describe('Seed of the policy'),
    rules: z.string(),
    edition: z.int().min(1).default(1).describe('Edition of these rules'),
    prompt_sha256: z
      .string()
      .nullable()
      .default(null)
      .describe('SHA-256 of the system prompt of these rules; null under rules v1, which have none'),
    reward_mode: z.string(),
    policy: z.string(),
    status: z.enum(['complete', 'failed']),
    error: z.string().nullable().describe('Why the episode failed'),
    failure: z.enum(FAILURES).nullable().default(null).describe('The kind of failure; null if the episode is complete'),
    return: z.number().nullable().describe('Sum of the rewards; null if the episode failed'),
    grade: z.number().nullable().describe("By the task's grader, in [0.01, 0.99]; null without one"),
    grade_parts: gradeSchema.nullable().describe('The parts of the grade; null under rules v1'),
    success: z
      .boolean()
      .nullable()
      .default(null)
      .describe('Whether the grade is at least `success_grade`; null without one'),
    success_grade: z.number().default(SUCCESS_GRADE).describe('The least grade of a success'),
    length: z.int().min(0).describe('Number of steps'),
    invalid_steps: z.int().min(0),
    extra_json: jsonText
      .default(null)
      .describe('JSON: `metadata`, which the policy returned from `end`; null if there are none'),
    advantage: z
      .number()
      .nullable()
      .describe('(return - mean) / (std + 1e-4) over the complete episodes of the group; null with fewer than two'),
  })
  .check(({ value, issues }) => {
    const message = oldForm(value);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value, path: ['edition'] });
  });

/**
 * The schema (zod) of a line of `trajectories.jsonl`: the summary of an episode, and its steps. Other keys, which another program
 * added, are ignored. A record of another edition of its rules is refused: its rewards and grades are not comparable.
 * @example
 * const record = episodeRecordSchema.parse(JSON.parse(line));
 */
export const episodeRecordSchema = episodeSummarySchema.safeExtend({ steps: z.array(stepRecordSchema) });

/** The key of the steps, which come last in a line. */
export const STEPS_KEY = '"steps":';

/**
 * The JSON Schema (draft 2020-12) of a record.
 * @example
 * recordJsonSchema().title; // 'Ghostexec record'
 */
export function recordJsonSchema(): Record<string, unknown> {
  return { title: 'Ghostexec record', ...z.toJSONSchema(episodeRecordSchema, { io: 'input' }) };
}

/** An action in a record. All fields are texts; a field that was left out is empty. */
export type RecordedAction = z.output<typeof recordedActionSchema>;
/** A step in a record. */
export type StepRecord = z.output<typeof stepRecordSchema>;
/** A whole episode in a record. */
export type EpisodeRecord = z.output<typeof episodeRecordSchema>;
/** A record without its steps: what a policy achieved in an episode. */
export type EpisodeSummary = z.output<typeof episodeSummarySchema>;

const WHAT_TO_DO = 'play the run again, or read it with the version of Ghostexec that its manifest names';

/** The message about a record of format 1, in which `action` alone holds the answer, a text or an object. */
export const OLD_STEPS = `its steps are of format 1, whose \`action\` is a text or an object; expected \`completion\`, \`action\` and \`extra_json\` (docs/TRAJECTORIES.md); ${WHAT_TO_DO}`;

/** The message about a record with steps of format 1, or of another edition of its rules; undefined for any other value. */
export function oldForm(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const first: unknown = Array.isArray(value.steps) ? value.steps[0] : undefined;
  if (isObject(first) && 'action' in first && !('completion' in first) && !('extra_json' in first)) return OLD_STEPS;
  const other = otherEdition(value.rules, value.edition);
  return other && `it is ${other}; ${WHAT_TO_DO}`;
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

/** The plan of a rollout. Everything about an episode follows from the plan and the index of the episode. */
import { z } from 'zod';
import { GhostexecError, ValidationError } from '../lib/errors.ts';
import { deriveSeed, MAX_SEED } from '../lib/random.ts';
import { quote } from '../lib/text.ts';
import { modelSettingsSchema } from '../policies/model/options.ts';
import { defaultTaskIds, type Task, taskIds } from '../scenarios/shipped.ts';
import { inlineTask, shipped } from '../scenarios/source.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { SUCCESS_GRADE } from '../sim/reward-profile.ts';
import { DEFAULT_RULES, RULES } from '../sim/rules.ts';
import { successGradeSchema } from '../sim/v2/grade.ts';
import { parseWith } from '../world/validate.ts';

/** `all`: every step is recorded with the briefing that the policy read; `none`: without it. */
export const OBSERVATIONS = ['all', 'none'] as const;

/** The policy of a plan that names none. */
export const DEFAULT_POLICY = 'greedy';

/**
 * The schema (zod) of a plan; every field has a default. `checkPlan` also checks what a schema cannot say.
 * @example
 * const plan = planSchema.parse(JSON.parse(text));
 */
export const planSchema = z.strictObject({
  tasks: z.array(z.string()).min(1).default(defaultTaskIds).describe('The groups take the tasks in turn'),
  scenarios: z
    .record(z.string(), z.strictObject({ scenario: z.unknown(), drift: z.unknown().optional() }))
    .optional()
    .describe('The documents of tasks that are not shipped, by id'),
  policy: z.string().default(DEFAULT_POLICY).describe('A built-in policy, or the path of a module'),
  model: modelSettingsSchema.optional().describe('What the language model is asked, if the policy is one'),
  episodes: z.int().min(1).default(96).describe('Number of all episodes'),
  groupSize: z.int().min(1).default(8).describe('Number of episodes in a group; all of them begin alike'),
  seed: z.int().min(0).max(MAX_SEED).default(0),
  rules: z.enum(RULES).default(DEFAULT_RULES),
  rewardMode: z.enum(REWARD_MODES).default('full'),
  observations: z.enum(OBSERVATIONS).default('all').describe('Which briefings are recorded'),
  successGrade: successGradeSchema.default(SUCCESS_GRADE).describe('The least grade of a success'),
  records: z.boolean().default(true).describe('Whether to write trajectories; otherwise only the summary is written'),
});

export type RolloutPlan = z.output<typeof planSchema>;
/** A plan as the caller gives it: fields with a default are optional. */
export type PlanInput = z.input<typeof planSchema>;

/**
 * The JSON Schema (draft 2020-12) of a plan.
 * @example
 * planJsonSchema().title; // 'Ghostexec plan'
 */
export function planJsonSchema(): Record<string, unknown> {
  return { title: 'Ghostexec plan', ...z.toJSONSchema(planSchema, { io: 'input' }) };
}

/** A part of a rollout that one machine plays: part `index`, from 1, of `of` parts. */
export const shardSchema = z
  .strictObject({ index: z.int().min(1), of: z.int().min(1) })
  .refine(({ index, of }) => index <= of, { error: 'expected an index from 1 to the number of shards' });
export type RolloutShard = z.output<typeof shardSchema>;

/** The episodes from index `first` to `end` (exclusive). */
export type EpisodeRange = { readonly first: number; readonly end: number };

/** The episodes of a shard: whole groups, about as many as in the other shards. Without a shard, all episodes. */
export function episodesOf(
  { episodes, groupSize }: Pick<RolloutPlan, 'episodes' | 'groupSize'>,
  { index, of }: RolloutShard = { index: 1, of: 1 },
): EpisodeRange {
  const border = (shards: number): number => Math.floor(((episodes / groupSize) * shards) / of) * groupSize;
  return { first: border(index - 1), end: border(index) };
}

export type PlannedEpisode = {
  readonly index: number;
  readonly group: number;
  readonly episodeId: string;
  readonly groupId: string;
  readonly task: string;
  /** Seed of the world; the same for the whole group. */
  readonly seed: number;
  /** Seed of the policy; different for each episode. */
  readonly policySeed: number;
};

/**
 * Checks a plan.
 * @throws ValidationError; GhostexecError if the episodes do not make whole groups, or a scenario has the name of a shipped task
 * @example
 * checkPlan({ tasks: ['phase2_core'], episodes: 8, groupSize: 4 }).policy; // 'greedy'
 */
export function checkPlan(input: unknown): RolloutPlan {
  const plan = parseWith(planSchema, input, 'rollout plan');
  const { scenarios = {} } = plan;
  for (const id of Object.keys(scenarios)) {
    plannedSource(plan, id);
    if (!plan.tasks.includes(id))
      throw new ValidationError('rollout plan', [`scenarios: no task is named ${quote(id)}`]);
    // As it is read from the manifest.
    scenarios[id] = JSON.parse(JSON.stringify(scenarios[id]));
  }
  if (plan.episodes % plan.groupSize !== 0) {
    throw new GhostexecError(
      'BAD_DIVISION',
      `${plan.episodes} episodes do not make whole groups of ${plan.groupSize}; expected a multiple of ${plan.groupSize}`,
    );
  }
  return plan;
}

// Constants that keep the streams of seeds apart.
const WORLD = 1;
const POLICY = 2;

/**
 * The documents of a task: those in the plan, or those of the shipped task.
 * @throws GhostexecError (UNKNOWN_TASK, TASK_EXISTS), ValidationError
 */
export function plannedSource({ scenarios }: Pick<RolloutPlan, 'scenarios'>, id: string): Task {
  const own = scenarios !== undefined && Object.hasOwn(scenarios, id) ? scenarios[id] : undefined;
  if (own === undefined) return shipped.get(id);
  if (!taskIds().includes(id)) return inlineTask(id, own);
  throw new GhostexecError('TASK_EXISTS', `a scenario has the name of a shipped task, ${id}; give it another name`);
}

/** Task of the episode with this index. */
export function plannedTask({ tasks, groupSize }: RolloutPlan, index: number): string {
  return tasks[Math.floor(index / groupSize) % tasks.length] ?? '';
}

/** The episode with this index. Sorted episode ids are in the order of the run. */
export function plannedEpisode(plan: RolloutPlan, index: number): PlannedEpisode {
  const group = Math.floor(index / plan.groupSize);
  const member = index % plan.groupSize;
  const groupId = `g${String(group).padStart(6, '0')}`;
  return {
    index,
    group,
    episodeId: `${groupId}-${String(member).padStart(3, '0')}`,
    groupId,
    task: plannedTask(plan, index),
    seed: deriveSeed(plan.seed, WORLD, group),
    policySeed: deriveSeed(plan.seed, POLICY, index),
  };
}

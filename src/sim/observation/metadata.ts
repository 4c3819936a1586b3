/** The metadata of an observation: everything except the briefing, under its wire names. Rules v1, paragraph 5. */
import { z } from 'zod';
import { type Day, NOW } from '../../world/day.ts';
import { endReason, simulationTime } from '../../world/export.ts';
import { isPastDeadline } from '../../world/facts.ts';
import { REPLIED } from '../../world/state.ts';
import { BREAKDOWN_FIELDS, type Breakdown } from '../breakdown.ts';
import type { Episode } from '../episode.ts';
import { REWARD_RANGE } from '../v2/constants.ts';
import { attributionSchema, explain } from '../v2/explain.ts';
import { gradeSchema, gradeV2 } from '../v2/grade.ts';
import { observe } from './observe.ts';

/** The maximum lengths of the lists of ids. */
export const ID_LIMITS = { critical: 12, unread: 15, overdue: 12, meetings: 20 } as const;

export const breakdownSchema = z
  .strictObject(
    Object.fromEntries(BREAKDOWN_FIELDS.map((field) => [field, z.number()])) as Record<
      (typeof BREAKDOWN_FIELDS)[number],
      z.ZodNumber
    >,
  )
  .extend({
    settlement: z
      .number()
      .optional()
      .describe('The share of the reward that the rest of the day brings, after its episode has ended; rules v2'),
  })
  .describe('The parts of the reward of the last step; absent after a reset');

/** The schema of the metadata of an observation. */
export const metadataSchema = z.object({
  simulation_time: z.string().describe('UTC; YYYY-MM-DDTHH:MM:SS after a step'),
  stress: z.number().min(0).max(100),
  episode_step: z.int().min(0),
  max_episode_steps: z.int().min(1),
  step_ok: z.boolean().describe('Whether the last action was valid; true after a reset'),
  step_detail: z.string().describe('What the last action did, or why it failed; empty after a reset'),
  critical_unreplied_email_ids: z.array(z.string()).describe(`In file order, the first ${ID_LIMITS.critical}`),
  unread_email_ids: z.array(z.string()).describe(`By priority, then id; the first ${ID_LIMITS.unread}`),
  overdue_task_ids: z.array(z.string()).describe(`Past their deadline; file order, the first ${ID_LIMITS.overdue}`),
  active_meeting_ids: z.array(z.string()).describe(`Not cancelled; file order, the first ${ID_LIMITS.meetings}`),
  unread_email_count: z.int().min(0),
  calendar_conflict_pairs: z.int().min(0).describe('Pairs of meetings that share time'),
  episode_active: z.boolean(),
  episode_end_reason: z.string().nullable(),
  step_error: z.string().nullable().describe('Why the last action was invalid'),
  reward_breakdown: breakdownSchema.optional(),
  reward_range: z
    .array(z.number())
    .length(2)
    .optional()
    .describe(`Least and greatest reward of a step: ${REWARD_RANGE.join(' and ')}; rules v2`),
  reward_attribution: z
    .array(attributionSchema)
    .optional()
    .describe(
      'What the reward of the last step was paid for; the amounts add up to it; rules v2, absent after a reset',
    ),
  events: z
    .array(z.strictObject({ id: z.string(), announced: z.boolean() }))
    .optional()
    .describe('Events of the last step, and whether the briefing tells of them; rules v2'),
  grade: gradeSchema.optional().describe('Of a finished episode; rules v2'),
});

/** The metadata of an observation, under its wire names. */
export type Metadata = z.output<typeof metadataSchema>;

/** The JSON Schema (draft 2020-12) of the metadata of an observation. */
export function metadataJsonSchema(): Record<string, unknown> {
  return { title: 'Ghostexec metadata', ...z.toJSONSchema(metadataSchema) };
}

/**
 * The current metadata of an episode; a new object for each call. `reward_breakdown` is omitted without `breakdown`, that is,
 * after a reset.
 * @param observation The current observation of the episode.
 */
export function metadataOf(e: Episode, breakdown?: Breakdown, observation = observe(e)): Metadata {
  const { c, s } = e;
  const { world } = c;
  const { note, inbox } = observation;
  const metadata: Metadata = {
    simulation_time: simulationTime(c, s),
    stress: observation.stress,
    episode_step: observation.step,
    max_episode_steps: observation.max_steps,
    step_ok: observation.step_ok,
    step_detail: note,
    critical_unreplied_email_ids: firstIds(
      world.emails,
      ID_LIMITS.critical,
      (email) => ((s.emailFlags[email] ?? 0) & REPLIED) === 0,
      c.criticalEmails,
    ),
    unread_email_ids: firstIds(inbox.emails, Math.min(inbox.unread, ID_LIMITS.unread), () => true),
    overdue_task_ids: firstIds(world.tasks, ID_LIMITS.overdue, (task) => isPastDeadline(c, s, task, s.clock)),
    active_meeting_ids: firstIds(world.meetings, ID_LIMITS.meetings, (meeting) => s.meetingCancelled[meeting] === 0),
    unread_email_count: inbox.unread,
    calendar_conflict_pairs: observation.calendar.clashes,
    episode_active: observation.active,
    episode_end_reason: endReason(c, s),
    step_error: observation.step_ok ? null : note,
  };
  if (c.day !== undefined) addDay(metadata, e, c.day, breakdown);
  else if (breakdown !== undefined) {
    // The published environment has no settlement.
    const { settlement: _, ...parts } = breakdown;
    metadata.reward_breakdown = parts;
  }
  return metadata;
}

/** Adds the metadata of rules v2. */
function addDay(metadata: Metadata, e: Episode, day: Day, breakdown?: Breakdown): void {
  const { s } = e;
  const events: { id: string; announced: boolean }[] = [];
  for (let index = 0; index < day.events.length; index++) {
    const event = day.events[index];
    if (event !== undefined && s.eventStatus[index] === NOW) events.push({ id: event.id, announced: event.announced });
  }
  metadata.reward_range = [...REWARD_RANGE];
  metadata.events = events;
  if (breakdown !== undefined) {
    metadata.reward_breakdown = { ...breakdown };
    metadata.reward_attribution = explain(e, breakdown);
  }
  if (!s.active && s.stepCount > 0) metadata.grade = gradeV2(e.c, s);
}

/**
 * The ids of the first `limit` entries of `all` for which the predicate holds.
 * @param order Indices of the entries to look at; by default all
 */
function firstIds(
  all: readonly { readonly id: string }[],
  limit: number,
  matches: (index: number) => boolean,
  order?: readonly number[],
): string[] {
  const ids: string[] = [];
  const count = (order ?? all).length;
  for (let place = 0; place < count && ids.length < limit; place++) {
    const index = order?.[place] ?? place;
    const entry = all[index];
    if (entry !== undefined && matches(index)) ids.push(entry.id);
  }
  return ids;
}

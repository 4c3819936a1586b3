/**
 * Builds the JSON text of an answer by hand. An observation contains most values twice (the briefing under two names, and much of the
 * rest in its metadata too); each of them is serialized once.
 */
import type { Answer } from './wire.ts';

/**
 * Returns the same text as `JSON.stringify({...answer, ...more})`, in about two thirds of the time. Unknown keys of an answer are left
 * out: a key that is added to wireObservationSchema must be added here too.
 */
export function answerJson(
  { observation: o, reward, done, metadata }: Answer,
  more?: Readonly<Record<string, unknown>>,
): string {
  const m = o.metadata;
  const briefing = JSON.stringify(o.briefing);
  const echoed = o.echoed_message === o.briefing ? briefing : JSON.stringify(o.echoed_message);
  const played = `"task_id":${JSON.stringify(o.task_id)},"rules":"${o.rules}","reward_mode":"${o.reward_mode}","seed":${o.seed}`;
  const time = `"simulation_time":${JSON.stringify(o.simulation_time)},"stress":${o.stress}`;
  const steps = `"episode_step":${o.episode_step},"max_episode_steps":${o.max_episode_steps}`;
  const error = JSON.stringify(o.error);
  const detail = `"step_detail":${JSON.stringify(o.step_detail)}`;
  const lists =
    `"critical_unreplied_email_ids":${JSON.stringify(o.critical_unreplied_email_ids)},` +
    `"unread_email_ids":${JSON.stringify(o.unread_email_ids)},` +
    `"overdue_task_ids":${JSON.stringify(o.overdue_task_ids)},` +
    `"active_meeting_ids":${JSON.stringify(o.active_meeting_ids)}`;
  const breakdown = JSON.stringify(o.reward_breakdown);
  let text =
    `{"observation":{"echoed_message":${echoed},"message_length":${o.message_length},"briefing":${briefing},${played},` +
    `${time},${steps},"step_ok":${o.step_ok},"error":${error},${detail},${lists},"reward_breakdown":${breakdown},` +
    `"terminated":${o.terminated},"truncated":${o.truncated},"grade":${o.grade === null ? 'null' : JSON.stringify(o.grade)},` +
    `"metadata":{${time},"unread_email_count":${m.unread_email_count},"calendar_conflict_pairs":${m.calendar_conflict_pairs},` +
    `${steps},"episode_active":${m.episode_active},"episode_end_reason":${JSON.stringify(m.episode_end_reason)},` +
    `"step_ok":${m.step_ok},"step_error":${error},${detail},${lists}`;
  if (m.reward_breakdown !== undefined) text += `,"reward_breakdown":${breakdown}`;
  if (m.reward_range !== undefined) text += `,"reward_range":${JSON.stringify(m.reward_range)}`;
  if (m.events !== undefined) text += `,"events":${JSON.stringify(m.events)}`;
  if (m.reward_attribution !== undefined) text += `,"reward_attribution":${JSON.stringify(m.reward_attribution)}`;
  if (m.grade !== undefined) text += `,"grade":${JSON.stringify(m.grade)}`;
  text += `,${played}}},"reward":${reward},"done":${done},"metadata":${JSON.stringify(metadata)}`;
  const added = more === undefined ? '{}' : JSON.stringify(more);
  return added === '{}' ? `${text}}` : `${text},${added.slice(1)}`;
}

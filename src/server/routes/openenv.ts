/** POST /reset, POST /step, GET /state: one episode over plain HTTP. */

import { z } from 'zod';
import type { App, Context } from '../app.ts';
import { once } from '../batch/remembered.ts';
import { toolStep } from '../mcp/tool-steps.ts';
import { invalidSchema, refusedSchema } from '../problem.ts';
import { Session } from '../session.ts';
import { isToolAction, type ToolAnswer, toolAnswerSchema } from '../step-action.ts';
import {
  type Answer,
  episodeIdSchema,
  httpAnswerSchema,
  requestIdSchema,
  resetRequestSchema,
  stateSchema,
  stepRequestSchema,
} from '../wire.ts';

// * Builds the JSON text of an answer by hand. An observation contains most values twice (the briefing under two names, and much of the rest in its metadata too); each of them is serialized once.

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

const JSON_TYPE = 'application/json; charset=utf-8';

/** Typed loosely, because the handlers send JSON text that they have built themselves. */
const answered: Record<number, z.ZodType> = {
  200: httpAnswerSchema,
  404: refusedSchema,
  409: refusedSchema,
  413: refusedSchema,
  422: invalidSchema,
  503: refusedSchema,
};

const stepAnswered: Record<number, z.ZodType> = { ...answered, 200: z.union([httpAnswerSchema, toolAnswerSchema]) };

export async function addOpenEnv(app: App, { episodes, specs, metrics, reader }: Context): Promise<void> {
  app.post(
    '/reset',
    {
      schema: {
        tags: ['Environment'],
        summary: 'Begin an episode',
        description: 'The answer names the episode: a step or a state with the same `episode_id` refers to it.',
        body: resetRequestSchema,
        response: answered,
      },
    },
    async ({ body: { request_id, ...data } }, reply) => {
      reply.type(JSON_TYPE);
      if (!isGiven(data.episode_id)) return reply.send(httpAnswerJson(episodes.begin(data), request_id));
      const answers = episodes.answersOf(data.episode_id);
      return reply.send(
        await once(answers, request_id, 'reset', data, () => httpAnswerJson(episodes.begin(data, answers), request_id)),
      );
    },
  );

  app.post(
    '/step',
    {
      schema: {
        tags: ['Environment'],
        summary: 'Play one action',
        description:
          'Plays in the episode that `episode_id` names. Without `episode_id` the server begins a new episode for this step and ' +
          'does not keep it. A string, or `{completion}`, is read as a completion. A completion that cannot be read and an action ' +
          'that cannot be carried out are invalid steps: `step_ok` is false, and `error` says why. An object that does not ' +
          'follow the schema is answered with 422.',
        body: stepRequestSchema,
        response: stepAnswered,
      },
    },
    async ({ body: { action, episode_id, request_id } }, reply) => {
      const began = performance.now();
      // The session is looked up before the action is read. A reset of the same id that arrives meanwhile begins another episode.
      const session = isGiven(episode_id) ? episodes.find(episode_id) : Session.lone(specs);
      const stepped = (): void => metrics.stepped('http', 1, began);
      const read = isToolAction(action) ? undefined : await reader.read(action);
      const play = (): string => {
        if (isToolAction(action)) {
          if (!isGiven(episode_id) && action.type === 'call_tool') session.reset();
          return toolAnswerJson(session, toolStep(session, action, stepped), request_id);
        }
        const json = httpAnswerJson(read === undefined ? session.step(action) : session.play(read), request_id);
        stepped();
        return json;
      };
      reply.type(JSON_TYPE);
      if (!isGiven(episode_id)) return reply.send(play());
      return reply.send(await once(episodes.answersOf(episode_id), request_id, 'step', { action }, play));
    },
  );

  app.get(
    '/state',
    {
      schema: {
        tags: ['Environment'],
        summary: 'The state of an episode',
        description:
          'The state of the episode that `episode_id` names; without it, the state of an environment before its first reset.',
        querystring: z.object({ episode_id: episodeIdSchema.optional(), request_id: requestIdSchema }),
        response: {
          200: stateSchema.extend({ request_id: z.string().optional() }),
          404: refusedSchema,
          422: invalidSchema,
        },
      },
    },
    async ({ query: { episode_id, request_id } }) => {
      const session = isGiven(episode_id) ? episodes.find(episode_id) : new Session(specs);
      return { ...session.state(), ...echo(request_id) };
    },
  );
}

function isGiven(text: string | null | undefined): text is string {
  return text !== undefined && text !== null;
}

function echo(requestId: string | null | undefined): { request_id?: string } {
  return isGiven(requestId) ? { request_id: requestId } : {};
}

function httpAnswerJson(answer: Answer, requestId: string | null | undefined): string {
  return answerJson(answer, { episode_id: answer.metadata.episode_id, ...echo(requestId) });
}

function toolAnswerJson({ episodeId }: Session, answer: ToolAnswer, requestId: string | null | undefined): string {
  return JSON.stringify({ ...answer, episode_id: episodeId, ...echo(requestId) });
}

/** POST /reset, POST /step, GET /state: one episode over plain HTTP. */

import { z } from 'zod';
import type { App, Context } from '../app.ts';
import { once } from '../batch/remembered.ts';
import { toolStep } from '../mcp/tool-steps.ts';
import { invalidSchema, refusedSchema } from '../problem.ts';
import { type Answer, answerJson, Session } from '../session.ts';
import { isToolAction, type ToolAnswer, toolAnswerSchema } from '../step-action.ts';
import {
  episodeIdSchema,
  httpAnswerSchema,
  isGiven,
  requestIdSchema,
  resetRequestSchema,
  stateSchema,
  stepRequestSchema,
} from '../wire.ts';

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
      const session = isGiven(episode_id) ? episodes.find(episode_id) : new Session(specs);
      const stepped = (): void => metrics.stepped('http', 1, began);
      const read = isToolAction(action) ? undefined : await reader.read(action);
      const play = (): string => {
        const needsEpisode = !isToolAction(action) || action.type === 'call_tool';
        if (!isGiven(episode_id) && needsEpisode) session.reset();
        if (isToolAction(action)) return toolAnswerJson(session, toolStep(session, action, stepped), request_id);
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
      return { ...session.state(), request_id: request_id ?? undefined };
    },
  );
}

function httpAnswerJson(answer: Answer, requestId: string | null | undefined): string {
  return answerJson(answer, { episode_id: answer.metadata.episode_id, request_id: requestId ?? undefined });
}

function toolAnswerJson({ episodeId }: Session, answer: ToolAnswer, requestId: string | null | undefined): string {
  return JSON.stringify({ ...answer, episode_id: episodeId, request_id: requestId ?? undefined });
}

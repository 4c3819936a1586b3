/** POST /reset, POST /step, GET /state: one episode over plain HTTP. */
import { z } from 'zod';
import { answerJson } from '../answer-json.ts';
import type { App, Context } from '../app.ts';
import { toolStep } from '../mcp/tool-steps.ts';
import { invalidSchema, refusedSchema } from '../problem.ts';
import { Session } from '../session.ts';
import { isToolAction, toolAnswerSchema } from '../tool-actions.ts';
import {
  type Answer,
  episodeIdSchema,
  httpAnswerSchema,
  requestIdSchema,
  resetRequestSchema,
  stateSchema,
  stepRequestSchema,
} from '../wire.ts';

/** Where a route has a serializer of its own, fastify leaves the type to it. */
const JSON_TYPE = 'application/json; charset=utf-8';

type HttpAnswer = z.output<typeof httpAnswerSchema>;

export async function addOpenEnv(app: App, { episodes, specs, metrics }: Context): Promise<void> {
  app.post(
    '/reset',
    {
      schema: {
        tags: ['Environment'],
        summary: 'Begin an episode',
        description: 'The answer names it: a step or a state that carries its `episode_id` goes on with it.',
        body: resetRequestSchema,
        response: { 200: httpAnswerSchema, 422: invalidSchema },
      },
    },
    async ({ body: { request_id, ...data } }, reply) => {
      const answer = answerOf(episodes.begin(data), request_id);
      reply.type(JSON_TYPE).serializer(httpAnswerJson);
      return answer;
    },
  );

  app.post(
    '/step',
    {
      schema: {
        tags: ['Environment'],
        summary: 'Play one action',
        description:
          'In the episode that `episode_id` names; without one, in a fresh episode that is reset first and not kept. ' +
          'What follows the schema but cannot be done is an invalid step: `step_ok` is false, and `error` says why.',
        body: stepRequestSchema,
        response: { 200: z.union([httpAnswerSchema, toolAnswerSchema]), 404: refusedSchema, 422: invalidSchema },
      },
    },
    async ({ body: { action, episode_id, request_id } }, reply) => {
      const began = performance.now();
      const session = isGiven(episode_id) ? episodes.find(episode_id) : Session.lone(specs);
      if (isToolAction(action)) {
        if (!isGiven(episode_id) && action.type === 'call_tool') session.reset();
        const answer = toolStep(session, action, () => metrics.stepped('http', 1, began));
        reply.type(JSON_TYPE).serializer(JSON.stringify);
        return {
          ...answer,
          ...(session.episodeId === undefined ? {} : { episode_id: session.episodeId }),
          ...echo(request_id),
        };
      }
      const answer = answerOf(session.step(action), request_id);
      metrics.stepped('http', 1, began);
      reply.type(JSON_TYPE).serializer(httpAnswerJson);
      return answer;
    },
  );

  app.get(
    '/state',
    {
      schema: {
        tags: ['Environment'],
        summary: 'The state of an episode',
        description: 'Of the one that `episode_id` names; without one, of an environment that was never reset.',
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

function answerOf(answer: Answer, requestId: string | null | undefined): HttpAnswer {
  return { ...answer, episode_id: answer.observation.metadata.episode_id, ...echo(requestId) };
}

function httpAnswerJson({ episode_id, request_id, ...answer }: HttpAnswer): string {
  return answerJson(answer, { episode_id, request_id });
}

/** POST /reset, POST /step, GET /state, and the same below /text: one episode over plain HTTP. */
import { z } from 'zod';
import { readAction } from '../../world/completion/completion.ts';
import type { App, Context } from '../app.ts';
import { once, type Remembered } from '../batch/remembered.ts';
import { FORMS, type WireForm } from '../forms.ts';
import { toolStep } from '../mcp/tools.ts';
import { invalidSchema, refusedSchema } from '../problem.ts';
import { doorsOf, withProfiles } from '../profiles.ts';
import { Session } from '../session.ts';
import { isToolAction } from '../step-action.ts';
import {
  episodeIdSchema,
  isGiven,
  requestIdSchema,
  resetRequestSchema,
  stateSchema,
  stepRequestSchema,
} from '../wire.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

const refusals = { 404: refusedSchema, 409: refusedSchema, 413: refusedSchema, 422: invalidSchema, 503: refusedSchema };

export async function addOpenEnv(app: App, context: Context): Promise<void> {
  for (const form of FORMS) addForm(app, form, context);
}

function addForm(app: App, form: WireForm, { episodes, specs, metrics, reader, options }: Context): void {
  const profiles = doorsOf(options)[form.door];
  const { base } = form;
  const tags = [form.tag];
  /** Typed loosely, because the handlers send JSON text that they have built themselves. */
  const answered: Record<number, z.ZodType> = { 200: form.answer, ...refusals };

  app.post(
    `${base}/reset`,
    {
      schema: {
        tags,
        summary: 'Begin an episode',
        description: 'The answer names the episode: a step or a state with the same `episode_id` refers to it.',
        body: resetRequestSchema,
        response: answered,
      },
    },
    async ({ body: { request_id, ...data } }, reply) => {
      reply.type(JSON_TYPE);
      const begin = (answers?: Remembered): string => {
        const answer = episodes.begin(withProfiles(data, profiles), answers);
        return form.json(answer, httpKeys(answer.metadata.episode_id, request_id));
      };
      if (!isGiven(data.episode_id)) return reply.send(begin());
      const answers = episodes.answersOf(data.episode_id);
      return reply.send(await once(answers, request_id, 'reset', data, () => begin(answers)));
    },
  );

  app.post(
    `${base}/step`,
    {
      schema: {
        tags,
        summary: 'Play one action',
        description:
          'Plays in the episode that `episode_id` names. Without `episode_id` the server begins a new episode for this step and ' +
          `does not keep it. ${form.about}`,
        body: stepRequestSchema.extend({ action: form.action }),
        response: answered,
      },
    },
    async ({ body: { action, episode_id, request_id } }, reply) => {
      const began = performance.now();
      // The session is looked up before the action is read. A reset of the same id that arrives meanwhile begins another episode.
      const session = isGiven(episode_id) ? episodes.find(episode_id) : new Session(specs);
      const stepped = (): void => metrics.stepped(form.surfaces.http, 1, began);
      const read = isToolAction(action) ? undefined : await reader.read(action);
      const play = (): string => {
        const needsEpisode = !isToolAction(action) || action.type === 'call_tool';
        if (!isGiven(episode_id) && needsEpisode) session.reset(withProfiles({}, profiles));
        const more = httpKeys(session.episodeId, request_id);
        if (isToolAction(action)) return JSON.stringify({ ...toolStep(session, action, stepped), ...more });
        const json = form.play(session, read ?? readAction(action), more);
        stepped();
        return json;
      };
      reply.type(JSON_TYPE);
      if (!isGiven(episode_id)) return reply.send(play());
      return reply.send(await once(episodes.answersOf(episode_id), request_id, 'step', { action }, play));
    },
  );

  app.get(
    `${base}/state`,
    {
      schema: {
        tags,
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

/** The keys of an answer over HTTP that answers of a socket do not have. */
function httpKeys(episodeId: string | undefined, requestId: string | null | undefined): object {
  return { episode_id: episodeId, request_id: requestId ?? undefined };
}

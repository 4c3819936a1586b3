/**
 * ORS, the Open Reward Standard: the session half of its protocol. The Task API is its other half. Clients call the routes bare;
 * those of an environment exist below its name, too.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { quote } from '../../lib/text.ts';
import { VERSION } from '../../lib/version.ts';
import type { App, Context } from '../app.ts';
import type { Remembered } from '../batch/remembered.ts';
import type { Metrics } from '../metrics.ts';
import { invalidSchema, Problem, refusedSchema } from '../problem.ts';
import { checkEnvironments, ENVIRONMENT_PATHS, environmentSchema, refuseOtherEnvironment } from '../routes/tasks.ts';
import type { Session } from '../session.ts';
import { isGiven } from '../wire.ts';
import {
  beginStream,
  jsonEvents,
  messagesOf,
  ORS_TOOLS,
  playCall,
  promptOf,
  type ServerEvent,
  textOf,
} from './play.ts';
import { OrsSessions } from './sessions.ts';
import { blocksSchema, callSchema, messagesSchema, orsEpisodeSchema, sidSchema, toolsSchema } from './wire.ts';

const headers = z.looseObject({ 'x-session-id': z.string().optional().describe('The id of the session') });
const TAGS = ['ORS'];
const refusals = {
  400: refusedSchema.describe('The header X-Session-ID is missing'),
  404: refusedSchema.describe('The session or the environment does not exist'),
  410: refusedSchema.describe('The session was deleted'),
} as const;
/** Says in the fingerprint of a remembered answer that it belongs to a call of ORS. */
const CALL = 'ors/call';

export async function addOrs(app: App, context: Context): Promise<void> {
  const ors = new OrsSessions(context);
  checkEnvironments(app);
  addSessions(app, ors);
  for (const base of ENVIRONMENT_PATHS) addEpisode(app, base, ors, context);
}

/** The routes that begin and end sessions. */
function addSessions(app: App, ors: OrsSessions): void {
  app.post(
    '/create_session',
    {
      schema: {
        tags: TAGS,
        summary: 'Draw the id of a session',
        description:
          'Server-sent events: `task_id`, whose data are the id, and `end`. Nothing else happens before POST /create.',
        response: { 200: z.string().describe('The events') },
      },
    },
    async (_request, reply) => {
      beginStream(reply);
      return textOf([
        ['task_id', randomUUID()],
        ['end', ''],
      ]);
    },
  );

  app.post(
    '/create',
    {
      schema: {
        tags: TAGS,
        summary: 'Open a session and begin its episode',
        headers,
        body: orsEpisodeSchema,
        response: {
          200: sidSchema.describe('The session is open'),
          400: refusedSchema.describe(
            'The header is missing, the id was used before, or the body asks for nothing or two things',
          ),
          404: refusedSchema.describe('The environment does not exist'),
          422: invalidSchema,
          503: refusedSchema.describe('All sessions are in use, or there is no memory for another one'),
        },
      },
    },
    async (request) => {
      const sid = sidOf(request);
      if (isGiven(request.body.env_name)) refuseOtherEnvironment(request.body.env_name);
      ors.create(sid, request.ip, request.body);
      return { sid };
    },
  );

  app.post(
    '/ping',
    {
      schema: {
        tags: TAGS,
        summary: 'Keep a session from being idle',
        headers,
        response: { 200: z.object({ status: z.literal('ok') }).describe('The session is open'), ...refusals },
      },
    },
    async (request) => {
      ors.find(sidOf(request));
      return { status: 'ok' as const };
    },
  );

  for (const path of ['/delete', '/delete_session']) {
    app.post(
      path,
      {
        schema: {
          tags: TAGS,
          summary: 'End a session',
          description: 'The answer is the same for an unknown session: clients delete ids that they have never used.',
          headers,
          response: { 200: sidSchema.describe('The session does not exist any more'), 400: refusals[400] },
        },
      },
      async (request) => {
        const sid = sidOf(request);
        ors.delete(sid);
        return { sid };
      },
    );
  }
}

/** The routes of the environment. @param base '', or the parameter that names the environment */
function addEpisode(app: App, base: string, ors: OrsSessions, { metrics }: Context): void {
  const common = { tags: TAGS, ...(base === '' ? {} : { params: environmentSchema }) };
  const unknown = base === '' ? {} : { 404: refusals[404] };

  app.get(
    `${base}/version`,
    {
      schema: {
        ...common,
        summary: 'The version of the server',
        response: { 200: z.object({ version: z.string(), build_sha: z.null() }).describe('The version'), ...unknown },
      },
    },
    async () => ({ version: VERSION, build_sha: null }),
  );

  app.get(
    `${base}/tools`,
    { schema: { ...common, summary: 'The tools', response: { 200: toolsSchema.describe('The tools'), ...unknown } } },
    async () => ORS_TOOLS,
  );

  const addView = (
    path: string,
    [summary, description]: readonly [string, string],
    answer: z.ZodType,
    view: (session: Session) => unknown,
  ): void => {
    const schema = { ...common, summary, description, headers, response: { 200: answer, ...refusals } };
    app.get(`${base}${path}`, { schema }, async (request) => view(ors.find(sidOf(request)).session));
  };
  addView(
    '/task_tools',
    ['The tools of a session', 'They are the same in every session.'],
    toolsSchema.describe('The tools'),
    () => ORS_TOOLS,
  );
  addView(
    '/prompt',
    ['The prompt of a session', 'One text: the system prompt and the current briefing.'],
    blocksSchema.describe('Its blocks'),
    promptOf,
  );
  addView(
    '/messages',
    [
      'The prompt of a session as messages',
      'The system prompt from the system, and the current briefing from the user.',
    ],
    messagesSchema.describe('The messages'),
    messagesOf,
  );

  app.post(
    `${base}/call`,
    {
      schema: {
        ...common,
        summary: 'Call a tool',
        description:
          'Server-sent events: `task_id`, whose data are the id of the call, and `end`, whose data are ' +
          '`{ok: true, output: {blocks, metadata, reward, finished}}` or `{ok: false, error, reason}` as JSON. An answer above ' +
          '120,000 bytes comes in `chunk`s before the `end`. A request with the `task_id` of an earlier call gets the same answer ' +
          'and plays nothing; for an unknown `task_id` the only event is `error`.',
        headers,
        body: callSchema,
        response: { 200: z.string().describe('The events'), ...refusals, 422: invalidSchema },
      },
    },
    async (request, reply) => {
      const began = performance.now();
      const session = ors.find(sidOf(request));
      const { answers } = session;
      const { task_id, ...call } = request.body;
      beginStream(reply);
      if (isGiven(task_id)) return textOf(await lostEvents(task_id, answers, metrics));
      const id = randomUUID();
      const play = async (): Promise<Buffer> => {
        const result = playCall(session, call, () => metrics.stepped('ors', 1, began));
        return Buffer.from(JSON.stringify(result));
      };
      return textOf(callEvents(id, await answers.answer(id, CALL, play)));
    },
  );
}

function callEvents(id: string, json: Buffer): ServerEvent[] {
  return [['task_id', id], ...jsonEvents(json.toString())];
}

/** The events of an earlier call, or one `error` if there was no such call or its answer is not kept any more. */
async function lostEvents(id: string, answers: Remembered, metrics: Metrics): Promise<ServerEvent[]> {
  const unknown = new Problem(404, 'UNKNOWN_CALL', `there is no call with the task_id ${quote(id)} in this session`);
  try {
    return callEvents(id, await answers.answer(id, CALL, () => Promise.reject(unknown)));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    metrics.failed(error.code);
    return [['error', error.message]];
  }
}

/** The id of the session in the header. @throws Problem (400) */
function sidOf({ headers: { 'x-session-id': given } }: FastifyRequest): string {
  if (typeof given === 'string' && /^[\x21-\x7e]{1,255}$/.test(given)) return given;
  const got = given === undefined ? 'nothing' : quote(given);
  throw new Problem(
    400,
    'NO_SESSION_ID',
    `expected the header X-Session-ID with 1 to 255 visible characters, got ${got}`,
  );
}

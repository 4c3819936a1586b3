/**
 * POST /mcp and POST /mcp/episodes/{id}: JSON-RPC over plain HTTP, and the streamable transport of MCP without its streams. The answer to `initialize`
 * names a session in a header. The episode that the URL of the client describes has begun in that session.
 */

import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { decodeUtf8, quote } from '../../lib/text.ts';
import type { App, Context } from '../app.ts';
import { addAgentMethods, playedUnder } from '../mcp/agent.ts';
import { type Asked, readQuery } from '../mcp/episode.ts';
import { errorAnswer, errorName } from '../mcp/errors.ts';
import { addMethods, endSession, PROTOCOL_VERSIONS } from '../mcp/methods.ts';
import { createRpc, type Played } from '../mcp/rpc.ts';
import { Problem } from '../problem.ts';
import type { SessionEntry } from '../sessions.ts';
import { episodeIdSchema } from '../wire.ts';

/** The MCP endpoint of one episode. */
export const EPISODE_PATH = '/mcp/episodes/:id';
const SESSION_HEADER = 'mcp-session-id';
const VERSION_HEADER = 'mcp-protocol-version';
/** The error code with which the reference servers of MCP answer when a session is gone. */
const SESSION_NOT_FOUND = -32001;

const failureSchema = z
  .object({
    jsonrpc: z.literal('2.0'),
    id: z.null(),
    error: z.object({ code: z.int(), message: z.string() }),
  })
  .describe('The request was refused before its message was read');

export async function addMcp(app: App, context: Context): Promise<void> {
  const { sessions, metrics, gate } = context;
  const failed = (error: unknown): void =>
    app.log.error({ err: error }, 'an MCP request failed because of an error in the server');
  const rpc = createRpc(context, addMethods, failed);
  const agents = createRpc(context, addAgentMethods, failed);

  // Bad JSON gets a JSON-RPC error as its answer, so the body must not be parsed before the handler runs.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => {
    await gate.turnOf(body.length);
    return body;
  });

  const refuse = (reply: FastifyReply, status: number, code: number, message: string): FastifyReply => {
    metrics.failed(status === 404 ? 'SESSION_ERROR' : errorName(code));
    return reply.status(status).send(errorAnswer(null, code, message));
  };
  const gone = (reply: FastifyReply, id: string): FastifyReply =>
    refuse(
      reply,
      404,
      SESSION_NOT_FOUND,
      `there is no session ${quote(id)}: it was closed, was idle too long or gave way to newer ones; send initialize without ${SESSION_HEADER} to begin one`,
    );

  app.post(
    '/mcp',
    {
      schema: {
        tags: ['MCP'],
        summary: 'JSON-RPC 2.0: the Model Context Protocol, and sessions',
        description:
          'Methods: initialize, ping, tools/list, tools/call; openenv/session/create, openenv/session/close, openenv/reset and ' +
          'openenv/state for trainers. The status of a request is 200, also when the answer is a JSON-RPC error; that of a ' +
          'notification is 202. `initialize` begins an episode; its answer has the header `mcp-session-id`, which later requests ' +
          'carry. The query of the URL chooses the episode: `task_id`, `split`, `index`, `seed`, `rules`, `reward_mode`, `drift`, ' +
          '`episode_id`, `control` and the profiles. A trainer can call openenv/session/create instead, which takes the keys of POST /reset and ' +
          '`control` and returns a `session_id` for the params of later calls. 400: the server does not speak the version in the ' +
          'header `mcp-protocol-version`. 404: the session in the header does not exist any more.',
        body: z.unknown().describe('A JSON-RPC request, a notification, or a batch'),
        response: {
          200: z.unknown().describe('A JSON-RPC answer, or a list of them'),
          202: z.null().describe('The message needs no answer'),
          400: failureSchema,
          404: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const unspoken = unspokenVersion(request);
      if (unspoken !== undefined) return refuse(reply, 400, ErrorCode.InvalidRequest, unspoken);
      const id = headerOf(request, SESSION_HEADER);
      const entry = id === undefined ? undefined : sessions.find(id);
      if (id !== undefined && entry === undefined) return gone(reply, id);
      const text = textOf(request.body);
      if (text === undefined) return refuse(reply, 200, ErrorCode.ParseError, 'the message is not UTF-8');
      let begun: SessionEntry | undefined;
      const opened = (session: SessionEntry): void => {
        begun = session;
      };
      const asked = (): Asked => readQuery(request.query);
      const answer = await rpc.receiveText(text, { address: request.ip, own: entry, asked, opened });
      if (begun !== undefined) reply.header(SESSION_HEADER, begun.id);
      return answer === undefined ? empty(reply, 202) : answer;
    },
  );

  app.delete(
    '/mcp',
    {
      schema: {
        tags: ['MCP'],
        summary: 'End an MCP session',
        description: 'The header `mcp-session-id` names the session.',
        response: {
          204: z.null().describe('The session has ended'),
          400: failureSchema.describe('The header is missing'),
          404: failureSchema.describe('There is no such session'),
        },
      },
    },
    async (request, reply) => {
      const unspoken = unspokenVersion(request);
      if (unspoken !== undefined) return refuse(reply, 400, ErrorCode.InvalidRequest, unspoken);
      const id = headerOf(request, SESSION_HEADER);
      if (id === undefined) {
        const message = `expected the header ${SESSION_HEADER}, which names the session to end`;
        return refuse(reply, 400, ErrorCode.InvalidRequest, message);
      }
      const entry = sessions.find(id);
      if (entry === undefined) return gone(reply, id);
      endSession(sessions, entry);
      return empty(reply, 204);
    },
  );

  app.post(
    EPISODE_PATH,
    {
      schema: {
        tags: ['MCP'],
        summary: 'JSON-RPC 2.0: the Model Context Protocol for the agent of one episode',
        description:
          'The episode is one that POST /reset has begun under this `episode_id`, or that of the session with this id. Methods: ' +
          'initialize, ping, tools/list, tools/call; none depends on another. The tools are the actions, and `briefing`. Their ' +
          'results have neither reward nor grade: the trainer reads those from GET /state. A `tools/call` with ' +
          '`ghostexec/request_id` in its `_meta` is carried out once, however often it is sent. 400: the server does not speak ' +
          'the version in the header `mcp-protocol-version`.',
        params: z.object({ id: episodeIdSchema.describe('The id of the episode, or of a session') }),
        body: z.unknown().describe('A JSON-RPC request, a notification, or a batch'),
        response: {
          200: z
            .unknown()
            .describe('A JSON-RPC answer, or a list of them; an unknown episode is an error of it (-32602)'),
          202: z.null().describe('The message needs no answer'),
          400: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const unspoken = unspokenVersion(request);
      if (unspoken !== undefined) return refuse(reply, 400, ErrorCode.InvalidRequest, unspoken);
      const text = textOf(request.body);
      if (text === undefined) return refuse(reply, 200, ErrorCode.ParseError, 'the message is not UTF-8');
      const played = (): Played => playedUnder(request.params.id, context);
      const answer = await agents.receiveText(text, { address: request.ip, played });
      return answer === undefined ? empty(reply, 202) : answer;
    },
  );
  // Clients of MCP ask for a stream of events, and work without one after a 405.
  app.get(EPISODE_PATH, { schema: { hide: true } }, async (_request, reply) => {
    reply.header('allow', 'POST');
    const message = `${EPISODE_PATH} takes POST; it has no stream of events`;
    throw new Problem(405, 'METHOD_NOT_ALLOWED', message);
  });
}

function empty(reply: FastifyReply, status: number): FastifyReply {
  return reply.status(status).send();
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Describes what is wrong with the version of MCP that a request names; undefined if the version is known or the header is absent. */
function unspokenVersion(request: FastifyRequest): string | undefined {
  const version = headerOf(request, VERSION_HEADER);
  if (version === undefined || PROTOCOL_VERSIONS.some((known) => known === version)) return undefined;
  return `expected one of ${PROTOCOL_VERSIONS.join(', ')} as ${VERSION_HEADER}, got ${quote(version)}`;
}

/** The text of a body; undefined if it is not UTF-8. An empty body is read as `{}`, as by every route. */
function textOf(body: unknown): string | undefined {
  if (!Buffer.isBuffer(body) || body.length === 0) return '{}';
  try {
    return decodeUtf8(body);
  } catch {
    return undefined;
  }
}

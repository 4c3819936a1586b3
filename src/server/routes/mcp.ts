/**
 * POST /mcp: JSON-RPC over plain HTTP, and the streamable transport of MCP without its streams. A client that initializes
 * is given a session in a header, in which the episode that its URL asks for has begun.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createJSONRPCErrorResponse, JSONRPCErrorCode } from 'json-rpc-2.0';
import { z } from 'zod';
import { decodeUtf8, quote } from '../../lib/text.ts';
import type { App, Context } from '../app.ts';
import { type Asked, readQuery } from '../mcp/episode.ts';
import { nameOf } from '../mcp/errors.ts';
import { endSession, PROTOCOL_VERSIONS } from '../mcp/methods.ts';
import { createRpc } from '../mcp/rpc.ts';
import type { Entry } from '../sessions.ts';

const SESSION_HEADER = 'mcp-session-id';
const VERSION_HEADER = 'mcp-protocol-version';
/** What the reference servers of MCP answer where a session is gone. */
const SESSION_NOT_FOUND = -32001;

const failureSchema = z
  .object({
    jsonrpc: z.literal('2.0'),
    id: z.null(),
    error: z.object({ code: z.int(), message: z.string() }),
  })
  .describe('The message was not looked at');

export async function addMcp(app: App, context: Context): Promise<void> {
  const { sessions, metrics, gate } = context;
  const rpc = createRpc(context, (error) =>
    app.log.error({ err: error }, 'an MCP request failed for a reason of our own'),
  );

  // Bad JSON is an answer of JSON-RPC here, so nothing may be parsed before.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => {
    await gate.turnOf(body.length);
    return body;
  });

  const refuse = (reply: FastifyReply, status: number, code: number, message: string): FastifyReply => {
    metrics.failed(status === 404 ? 'SESSION_ERROR' : nameOf(code));
    return reply.status(status).send(createJSONRPCErrorResponse(null, code, message));
  };
  const gone = (reply: FastifyReply, id: string): FastifyReply =>
    refuse(
      reply,
      404,
      SESSION_NOT_FOUND,
      `there is no session ${quote(id)}: it was closed, was idle too long or gave way to newer ones; initialize without ${SESSION_HEADER} begins one`,
    );

  app.post(
    '/mcp',
    {
      schema: {
        tags: ['MCP'],
        summary: 'JSON-RPC 2.0: the Model Context Protocol, and sessions',
        description:
          'Methods: initialize, ping, tools/list, tools/call; openenv/session/create, openenv/session/close, openenv/reset and ' +
          'openenv/state for trainers. Requests are answered 200, errors of JSON-RPC included; messages that want no answer 202. ' +
          '`initialize` begins an episode and answers the header `mcp-session-id`, which later requests carry. The query of the ' +
          'URL says what it plays: `task_id`, `split`, `index`, `seed`, `rules`, `reward_mode`, `drift`, `episode_id`, `control`. ' +
          'Instead, openenv/session/create takes the keys of POST /reset and `control`, and answers a `session_id` for the params ' +
          'of later calls. 400: the header `mcp-protocol-version` names none that is spoken here. 404: the session of the ' +
          'header is gone.',
        body: z.unknown().describe('A JSON-RPC request, a notification, or a batch'),
        response: {
          200: z.unknown().describe('A JSON-RPC answer, or a list of them'),
          202: z.null().describe('Nothing to answer'),
          400: failureSchema,
          404: failureSchema,
        },
      },
    },
    async (request, reply) => {
      const unspoken = unspokenVersion(request);
      if (unspoken !== undefined) return refuse(reply, 400, JSONRPCErrorCode.InvalidRequest, unspoken);
      const id = headerOf(request, SESSION_HEADER);
      const entry = id === undefined ? undefined : sessions.find(id);
      if (id !== undefined && entry === undefined) return gone(reply, id);
      const text = textOf(request.body);
      if (text === undefined) return refuse(reply, 200, JSONRPCErrorCode.ParseError, 'the message is no UTF-8');
      let begun: Entry | undefined;
      const opened = (session: Entry): void => {
        begun = session;
      };
      const asked = (): Asked => readQuery(request.query);
      const answer = await rpc.receiveText(text, { address: request.ip, entry, asked, opened });
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
        description: 'The one that the header `mcp-session-id` names.',
        response: {
          204: z.null().describe('It has ended'),
          400: failureSchema.describe('The header is missing'),
          404: failureSchema.describe('There is no such session'),
        },
      },
    },
    async (request, reply) => {
      const unspoken = unspokenVersion(request);
      if (unspoken !== undefined) return refuse(reply, 400, JSONRPCErrorCode.InvalidRequest, unspoken);
      const id = headerOf(request, SESSION_HEADER);
      if (id === undefined) {
        const message = `expected the header ${SESSION_HEADER}, which names the session to end`;
        return refuse(reply, 400, JSONRPCErrorCode.InvalidRequest, message);
      }
      const entry = sessions.find(id);
      if (entry === undefined) return gone(reply, id);
      endSession(sessions, entry);
      return empty(reply, 204);
    },
  );
}

function empty(reply: FastifyReply, status: number): FastifyReply {
  return reply.status(status).send();
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** What is wrong with the version of MCP that a request names; one that names none speaks any. */
function unspokenVersion(request: FastifyRequest): string | undefined {
  const version = headerOf(request, VERSION_HEADER);
  if (version === undefined || PROTOCOL_VERSIONS.some((known) => known === version)) return undefined;
  return `expected one of ${PROTOCOL_VERSIONS.join(', ')} as ${VERSION_HEADER}, got ${quote(version)}`;
}

/** An empty body is `{}`, as everywhere. Undefined: no UTF-8. */
function textOf(body: unknown): string | undefined {
  if (!Buffer.isBuffer(body) || body.length === 0) return '{}';
  try {
    return decodeUtf8(body);
  } catch {
    return undefined;
  }
}

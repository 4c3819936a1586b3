/**
 * JSON-RPC 2.0 for every transport: POST /mcp, the WebSocket /mcp and the `mcp` message of /ws. A message gets at most one answer.
 * No content of a message makes it throw; only the rate limit does.
 */
import {
  createJSONRPCErrorResponse,
  createJSONRPCSuccessResponse,
  isJSONRPCID,
  JSONRPCErrorCode,
  JSONRPCErrorException,
  type JSONRPCRequest,
  JSONRPCServer,
} from 'json-rpc-2.0';
import { z } from 'zod';
import { messageOf } from '../../lib/errors.ts';
import { parseBoundedJson } from '../../lib/json.ts';
import { quote } from '../../lib/text.ts';
import { Turn } from '../../lib/turn.ts';
import { describeIssues } from '../../world/validate.ts';
import type { Context } from '../app.ts';
import type { SessionEntry } from '../sessions.ts';
import { errorName, toRpcError } from './errors.ts';
import { addMethods, type RpcCall } from './methods.ts';

export type Rpc = {
  /**
   * Answers a message, or a batch of at most MAX_BATCH messages; undefined if no answer is due (notifications).
   * @throws RateLimited if a batch has more calls than the client may send now; then none of them is carried out
   */
  receive(message: unknown, sender: Sender): Promise<object | undefined>;
  /** The same for JSON text. Text that is not JSON is answered with the error -32700. */
  receiveText(json: string, sender: Sender): Promise<object | undefined>;
};

/** The sender of a message. */
export type Sender = Pick<RpcCall, 'address'> & {
  /** The session of the connection, if it has one. */
  readonly entry?: SessionEntry | undefined;
  /** As in Call. */
  readonly asked?: RpcCall['asked'];
  readonly opened?: RpcCall['opened'];
};

/** The maximum number of messages in a batch. Each of them may be answered with a briefing and a whole world. */
const MAX_BATCH = 128;

const NOTIFICATION = 'notifications/';

const requestSchema = z.looseObject({
  jsonrpc: z.literal('2.0'),
  method: z.string(),
  id: z.union([z.string(), z.number(), z.null()], { error: 'expected a string, a number or nothing' }).optional(),
});

/** @param failed Called with errors of the server itself; the client does not see them. */
export function createRpc(context: Context, failed: (error: unknown) => void): Rpc {
  const { metrics, sessions, limiter } = context;
  // The library's default listener writes every error to the console, including the mistakes of clients.
  const server = new JSONRPCServer<RpcCall>({ errorListener: () => {} });
  const known = addMethods(server, context);
  server.applyMiddleware((next, request, call) => {
    if (server.hasMethod(request.method)) return next(request, call);
    if (request.method.startsWith(NOTIFICATION)) return Promise.resolve(acknowledge(request));
    throw new JSONRPCErrorException(
      `there is no method ${quote(request.method)}; known: ${known.join(', ')}, ${NOTIFICATION}*`,
      JSONRPCErrorCode.MethodNotFound,
    );
  });
  server.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => {
    const { code, message, data } = toRpcError(error, failed);
    return createJSONRPCErrorResponse(id, code, message, data);
  };

  const refuse = (id: unknown, code: JSONRPCErrorCode, message: string): object => {
    metrics.failed(errorName(code));
    return createJSONRPCErrorResponse(isJSONRPCID(id) ? id : null, code, message);
  };

  const one = async (message: unknown, call: RpcCall): Promise<object | undefined> => {
    if (isAnswer(message)) return undefined;
    const { data: request, error } = requestSchema.safeParse(message);
    if (error !== undefined) {
      const why = `not a JSON-RPC 2.0 request: ${describeIssues(error, message).join('; ')}`;
      return refuse(idOf(message), JSONRPCErrorCode.InvalidRequest, why);
    }
    const answer = await server.receive(request as JSONRPCRequest, call);
    if (answer === null) return undefined;
    if (answer.error !== undefined) metrics.failed(errorName(answer.error.code));
    return answer;
  };

  // JSON-RPC wants a list as the answer to a batch. The library would unwrap a list of one answer.
  const many = async (messages: readonly unknown[], call: RpcCall): Promise<object | undefined> => {
    if (messages.length === 0 || messages.length > MAX_BATCH) {
      const why = `expected 1 to ${MAX_BATCH} messages in a batch, got ${messages.length}`;
      return refuse(null, JSONRPCErrorCode.InvalidRequest, why);
    }
    // The first message was counted together with the request that carries the batch.
    await limiter.take(call.address, messages.length - 1);
    const given: object[] = [];
    const turn = new Turn();
    for (const message of messages) {
      await turn.rest();
      const answer = await one(message, call);
      if (answer !== undefined) given.push(answer);
    }
    return given.length === 0 ? undefined : given;
  };

  const receive: Rpc['receive'] = async (message, { address, entry, asked, opened }) => {
    if (entry !== undefined) sessions.touch(entry);
    const call: RpcCall = { address, own: entry, asked, opened, began: performance.now() };
    return Array.isArray(message) ? many(message, { ...call, opened: undefined }) : one(message, call);
  };

  return {
    receive,
    receiveText: async (json, sender) => {
      let message: unknown;
      try {
        message = parseBoundedJson(json);
      } catch (error) {
        return refuse(
          null,
          JSONRPCErrorCode.ParseError,
          `the message is not JSON that can be read: ${messageOf(error)}`,
        );
      }
      return receive(message, sender);
    },
  };
}

/** Answers a notification that has an id; one without an id gets no answer. */
function acknowledge(request: JSONRPCRequest): ReturnType<typeof createJSONRPCSuccessResponse> | null {
  return request.id === undefined ? null : createJSONRPCSuccessResponse(request.id, {});
}

/** Whether a message is an answer. The server sends no requests, and to answer an answer could go on forever. */
function isAnswer(message: unknown): boolean {
  if (!isObject(message) || message.jsonrpc !== '2.0' || message.method !== undefined) return false;
  return message.id !== undefined && (message.result !== undefined || message.error !== undefined);
}

function idOf(message: unknown): unknown {
  return isObject(message) ? message.id : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

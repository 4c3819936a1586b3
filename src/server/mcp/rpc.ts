/**
 * JSON-RPC 2.0 for every transport: POST /mcp, the WebSocket /mcp and the `mcp` message of /ws. A message gets at most one answer.
 * No content of a message makes it throw; only the rate limit does.
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { Protocol } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ErrorCode, type JSONRPCMessage, type RequestId } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { messageOf } from '../../lib/errors.ts';
import { parseBoundedJson } from '../../lib/json.ts';
import { quote } from '../../lib/text.ts';
import { Turn } from '../../lib/turn.ts';
import { VERSION } from '../../lib/version.ts';
import { describeIssues } from '../../world/validate.ts';
import type { Context } from '../app.ts';
import { parseRequest } from '../problem.ts';
import type { SessionEntry } from '../sessions.ts';
import type { Asked } from './episode.ts';
import { errorAnswer, errorName, RpcError, toRpcError } from './errors.ts';

/** An episode that a trainer has begun, with the remembered answers of its session. */
export type Played = Pick<SessionEntry, 'session' | 'answers'>;

/** The context of a request: what the server knows about it besides its content. */
export type RpcCall = {
  /** The params of the request, not yet validated. The SDK does not see them: it would refuse some that this server accepts. */
  readonly params: unknown;
  /** Address of the client. */
  readonly address: string;
  /** The session of the connection. */
  readonly own?: SessionEntry | undefined;
  /** The episode that the client's URL requests. Undefined if the client begins its episodes itself. */
  readonly asked?: (() => Asked) | undefined;
  /** Called with the session that an `initialize` opens. Undefined if it may not open one. */
  readonly opened?: ((entry: SessionEntry) => void) | undefined;
  /** The begun episode that the client's URL names; throws a Problem (404) if there is none. Undefined if the URL names none. */
  readonly played?: (() => Played) | undefined;
  /** performance.now() when the request was read. */
  readonly began: number;
};

/** Adds the methods that the clients of a server may call. */
export type AddMethods = (add: AddMethod, context: Context) => void;
/** Adds a method. What `method` throws becomes the error of the answer. */
export type AddMethod = <S extends z.ZodType>(
  name: string,
  schema: S,
  method: (params: z.output<S>, call: RpcCall) => object | Promise<object>,
) => void;

export type Rpc = {
  /**
   * Answers a message, or a batch of at most MAX_BATCH messages; undefined if no answer is due (notifications).
   * @throws RateLimited if a batch has more calls than the client may send now; then none of them is carried out
   */
  receive(message: unknown, sender: Sender): Promise<object | undefined>;
  /** The same for JSON text. Text that is not JSON is answered with the error -32700. */
  receiveText(json: string, sender: Sender): Promise<object | undefined>;
};

/** What is known about the sender of a message. */
type Sender = Omit<RpcCall, 'params' | 'began'>;
/** A message with the time when it was read. */
type Received = Omit<RpcCall, 'params'>;

/** The maximum number of messages in a batch. Each of them may be answered with a briefing and a whole world. */
const MAX_BATCH = 128;

const requestSchema = z.looseObject({
  jsonrpc: z.literal('2.0'),
  method: z.string(),
  id: z.union([z.string(), z.number(), z.null()], { error: 'expected a string, a number or nothing' }).optional(),
});

type Waiting = { readonly call: RpcCall; answer(message: JSONRPCMessage): void };

/**
 * Hands the requests of all connections to one server of the SDK, which finds their methods and turns what a method throws into an error.
 * The SDK sees neither the ids of clients, which may be equal, null or fractions, nor the params: it would silently drop requests whose
 * params or `_meta` its schemas do not allow, and such a request must be answered.
 */
class MessageTransport implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: Transport['onclose'];
  onerror?: Transport['onerror'];
  private readonly waiting = new Map<RequestId, Waiting>();
  private lastId = 0;

  async start(): Promise<void> {}

  async close(): Promise<void> {
    this.onclose?.();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (!('id' in message) || message.id === undefined) return;
    this.waiting.get(message.id)?.answer(message);
    this.waiting.delete(message.id);
  }

  /** The context of a request that is being carried out. */
  callOf(id: RequestId): RpcCall {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) throw new TypeError(`there is no request ${id}`);
    return waiting.call;
  }

  /** Resolves to the answer to a request, which has an id of this transport. */
  ask(method: string, call: RpcCall): Promise<JSONRPCMessage> {
    return new Promise((answer) => {
      const id = ++this.lastId;
      this.waiting.set(id, { call, answer });
      this.onmessage?.({ jsonrpc: '2.0', id, method });
    });
  }
}

const NOTIFICATION = 'notifications/';

/** A server of the SDK with these methods. */
function serverOf(
  transport: MessageTransport,
  context: Context,
  addMethods: AddMethods,
  failed: (error: unknown) => void,
): Server {
  const server = new Server({ name: 'ghostexec', version: VERSION }, { capabilities: { tools: {} } });
  const names: string[] = [];
  addMethods((name, schema, method) => {
    names.push(name);
    const request = z.object({ method: z.literal(name) });
    // Not the method of Server, which would check the params of tools/call.
    Protocol.prototype.setRequestHandler.call(server, request, async (_request, { requestId }) => {
      try {
        const call = transport.callOf(requestId);
        return { ...(await method(parseRequest(schema, call.params ?? {}, 'params'), call)) };
      } catch (error) {
        throw toRpcError(error, failed);
      }
    });
  }, context);
  server.fallbackRequestHandler = async ({ method }) => {
    if (method.startsWith(NOTIFICATION)) return {};
    const message = `there is no method ${quote(method)}; known: ${names.join(', ')}, ${NOTIFICATION}*`;
    throw new RpcError(ErrorCode.MethodNotFound, message);
  };
  return server;
}

/** @param failed Called with errors of the server itself; the client does not see them. */
export function createRpc(context: Context, addMethods: AddMethods, failed: (error: unknown) => void): Rpc {
  const { metrics, sessions, limiter } = context;
  const transport = new MessageTransport();
  void serverOf(transport, context, addMethods, failed).connect(transport);

  const refuse = (id: unknown, code: ErrorCode, message: string): object => {
    metrics.failed(errorName(code));
    return errorAnswer(id, code, message);
  };

  const one = async (message: unknown, call: Received): Promise<object | undefined> => {
    if (isAnswer(message)) return undefined;
    const { data: request, error } = requestSchema.safeParse(message);
    if (error !== undefined) {
      const why = `not a JSON-RPC 2.0 request: ${describeIssues(error, message).join('; ')}`;
      return refuse(idOf(message), ErrorCode.InvalidRequest, why);
    }
    const { id, method, params } = request;
    // A notification: a client tells the server nothing that it would act on.
    if (id === undefined) return undefined;
    const answer = await transport.ask(method, { ...call, params });
    if ('error' in answer) metrics.failed(errorName(answer.error.code));
    return { ...answer, id };
  };

  // JSON-RPC wants a list as the answer to a batch. The library would unwrap a list of one answer.
  const many = async (messages: readonly unknown[], call: Received): Promise<object | undefined> => {
    if (messages.length === 0 || messages.length > MAX_BATCH) {
      const why = `expected 1 to ${MAX_BATCH} messages in a batch, got ${messages.length}`;
      return refuse(null, ErrorCode.InvalidRequest, why);
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

  const receive: Rpc['receive'] = async (message, sender) => {
    if (sender.own !== undefined) sessions.touch(sender.own);
    const call = { ...sender, began: performance.now() };
    return Array.isArray(message) ? many(message, { ...call, opened: undefined }) : one(message, call);
  };

  return {
    receive,
    receiveText: async (json, sender) => {
      let message: unknown;
      try {
        message = parseBoundedJson(json);
      } catch (error) {
        return refuse(null, ErrorCode.ParseError, `the message is not JSON that can be read: ${messageOf(error)}`);
      }
      return receive(message, sender);
    },
  };
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

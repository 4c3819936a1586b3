/** A server with an MCP client that sends raw messages, calls methods and plays in sessions. */
import type { ServerOptionsInput } from '../../src/server/options.ts';
import type { Server } from '../../src/server/server.ts';
import { makeServer } from './support-server.ts';

export type RpcAnswer = {
  jsonrpc: '2.0';
  id: string | number | null;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: Record<string, unknown> };
};

export type Raw = { status: number; headers: Record<string, unknown>; text: string };

export type McpServer = {
  readonly server: Server;
  /** Posts a raw body. */
  post(body: string | Buffer, headers?: Record<string, string>): Promise<Raw>;
  /** Sends a message that must be answered 200. @returns the answer */
  send(message: unknown, headers?: Record<string, string>): Promise<RpcAnswer>;
  /** Calls a method. @returns its result; throws if the call is refused */
  call(method: string, params?: unknown, headers?: Record<string, string>): Promise<Record<string, unknown>>;
  /** Calls a method that must be refused. @returns the error */
  refused(method: string, params?: unknown, headers?: Record<string, string>): Promise<NonNullable<RpcAnswer['error']>>;
};

/** Creates a server that is closed when the test ends. */
export async function mcpServer(options: ServerOptionsInput = {}): Promise<McpServer> {
  const server = await makeServer(options);
  const post: McpServer['post'] = async (body, headers = {}) => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/mcp',
      headers: { 'content-type': 'application/json', ...headers },
      payload: body,
    });
    return { status: answer.statusCode, headers: answer.headers, text: answer.body };
  };
  const send: McpServer['send'] = async (message, headers) => {
    const { status, text } = await post(JSON.stringify(message), headers);
    if (status !== 200) throw new Error(`expected 200, got ${status}: ${text}`);
    return JSON.parse(text) as RpcAnswer;
  };
  const ask = (method: string, params: unknown, headers?: Record<string, string>) =>
    send({ jsonrpc: '2.0', id: 1, method, ...(params === undefined ? {} : { params }) }, headers);
  return {
    server,
    post,
    send,
    call: async (method, params, headers) => {
      const { result, error } = await ask(method, params, headers);
      if (result === undefined) throw new Error(`refused: ${error?.code} ${error?.message}`);
      return result;
    },
    refused: async (method, params, headers) => {
      const { error } = await ask(method, params, headers);
      if (error === undefined) throw new Error(`${method} was expected to be refused`);
      return error;
    },
  };
}

/** The fields of a tool result that the tests read. */
export type Told = {
  content: [{ type: 'text'; text: string }];
  data: unknown;
  structuredContent: {
    reward: number;
    done: boolean;
    observation: {
      briefing: string;
      step_ok: boolean;
      error: string | null;
      episode_step: number;
      task_id: string;
      seed: number;
      rules: string;
      grade: { grade: number } | null;
    };
    metadata: { episode_id: string; session_token?: string };
  };
};

/** Creates a session with an episode. `asked` may have `control: true`. @returns the id of the session */
export async function create(mcp: McpServer, asked: Record<string, unknown> = {}): Promise<string> {
  return String((await mcp.call('openenv/session/create', asked)).session_id);
}

/** The result of a tool call that fails. */
export type Failed = {
  isError: true;
  content: [{ type: 'text'; text: string }];
  data: { error: { error_type: string; message: string } };
};

/** Calls a tool, and throws unless the call fails. */
export async function fail(mcp: McpServer, name: string, args: object, session?: string): Promise<Failed> {
  const params = { name, arguments: args, ...(session === undefined ? {} : { session_id: session }) };
  const result = await mcp.call('tools/call', params);
  if (result.isError !== true) throw new Error(`${name} was expected to fail`);
  return result as unknown as Failed;
}

/** Calls a tool that returns an observation, and throws if the call fails. */
export async function play(
  mcp: McpServer,
  name: string,
  args: Record<string, unknown> = {},
  session?: string,
): Promise<Told> {
  const params = { name, arguments: args, ...(session === undefined ? {} : { session_id: session }) };
  const result = await mcp.call('tools/call', params);
  if (result.isError === true) throw new Error(`failed: ${JSON.stringify(result.content)}`);
  return result as unknown as Told;
}

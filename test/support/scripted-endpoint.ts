/** An OpenAI-compatible endpoint on the loopback interface whose answers a script decides. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

export type ChatMessage = {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string | null;
  readonly tool_calls?: readonly { id: string; type: string; function: { name: string; arguments: string } }[];
  readonly tool_call_id?: string;
};

/** The body of a request. */
export type ChatRequest = { readonly model: string; readonly messages: readonly ChatMessage[] } & Readonly<
  Record<string, unknown>
>;

export type Call = {
  readonly body: ChatRequest;
  readonly headers: IncomingMessage['headers'];
  /** Number of the call at this endpoint, from 0. */
  readonly number: number;
};

export type Reply = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: unknown;
  readonly delayMs?: number;
  /** `hang` never answers; `reset` closes the socket without an answer. */
  readonly fault?: 'hang' | 'reset';
};

export type Script = (call: Call) => Reply | Promise<Reply>;

/** The body of a chat completion. @param more Fields of the message. */
export function completion(
  content: string | null,
  more: Readonly<Record<string, unknown>> = {},
  choice: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'scripted-1',
    choices: [{ index: 0, message: { role: 'assistant', content, ...more }, finish_reason: 'stop', ...choice }],
    usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
  };
}

/** A message with tool calls: each a name and its arguments, as an object or as a text. */
export function calling(...calls: readonly (readonly [string, object | string])[]): Record<string, unknown> {
  const tool_calls = calls.map(([name, given], at) => ({
    id: `call-${at}`,
    type: 'function',
    function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
  }));
  return completion(null, { tool_calls }, { finish_reason: 'tool_calls' });
}

export const WAIT = '{"action_type": "do_nothing"}';

/** An error in the form of OpenAI. */
export function refusing(status: number, message: string, more: object = {}): Reply {
  return { status, body: { error: { message, type: 'error', ...more } } };
}

export type ScriptedEndpoint = {
  /** With /v1. */
  readonly url: string;
  /** All calls so far. */
  readonly calls: readonly Call[];
  /** The calls that were answered with status 200 and JSON. */
  readonly answered: readonly Call[];
  /** The largest number of calls that were in flight at once. */
  readonly mostInFlight: number;
  /** What follows, from now on. */
  script: Script;
  close(): Promise<void>;
};

export type EndpointOptions = {
  /** The ids that /v1/models lists; `null`: the route does not exist. */
  readonly models?: readonly string[] | null;
  /** Requests without this key are refused with 401. */
  readonly key?: string;
};

/** Starts an endpoint. Its owner closes it. */
export async function startEndpoint(
  script: Script,
  { models = ['scripted'], key }: EndpointOptions = {},
): Promise<ScriptedEndpoint> {
  const calls: Call[] = [];
  const answered: Call[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const server = createServer(async (request, response) => {
    const { headers, url } = request;
    if (key !== undefined && headers.authorization !== `Bearer ${key}`) {
      return send(response, refusing(401, 'Incorrect API key provided'));
    }
    if (url === '/v1/models' && models !== null) {
      return send(response, { body: { object: 'list', data: models.map((id) => ({ id, object: 'model' })) } });
    }
    if (url !== '/v1/chat/completions') return send(response, refusing(404, `no route ${url}`));
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const call: Call = { body: JSON.parse(text), headers, number: calls.length };
    calls.push(call);
    inFlight++;
    mostInFlight = Math.max(mostInFlight, inFlight);
    const reply = await endpoint.script(call);
    if (reply.delayMs !== undefined) await sleep(reply.delayMs);
    inFlight--;
    if (reply.fault === 'hang') return undefined;
    if (reply.fault === 'reset') return request.socket.destroy();
    if (typeof reply.body === 'object' && (reply.status ?? 200) === 200) answered.push(call);
    return send(response, reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: ScriptedEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    answered,
    get mostInFlight() {
      return mostInFlight;
    },
    script,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return endpoint;
}

/** Starts an endpoint for the length of a test. */
export async function endpointFor(script: Script, options?: EndpointOptions): Promise<ScriptedEndpoint> {
  const endpoint = await startEndpoint(script, options);
  onTestFinished(() => endpoint.close());
  return endpoint;
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** What NeMo Gym needs besides the server: a model that follows a script, and a network that loses answers. */
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, json } from 'node:stream/consumers';

/** One response of the model: the calls of tools, as names and arguments, or a text. */
export type Turn = readonly (readonly [name: string, args: string])[] | string;
/** What the model does in an episode, turn by turn. It repeats the last turn. */
export type Script = { readonly name: string; readonly turns: readonly Turn[] };

type Item = { type: string; id?: string };

/** A model behind the Responses API of OpenAI. It plays the scripts in turn: the first episode the first script, and so on. */
export async function startModel(scripts: readonly Script[]): Promise<{ url: string; stop: () => Promise<void> }> {
  let episodes = 0;
  const { url, stop } = await listening(
    createServer(async (asked, answer) => {
      if (asked.method !== 'POST') {
        answer.end('{}'); // gym asks whether the model is there.
        return;
      }
      const { input } = (await json(asked)) as { input: Item[] };
      // The ids of the model's own messages and calls say which script this episode follows, and how far it is.
      const own = input.flatMap(({ id }) => (id === undefined ? [] : [id.split(' ')]));
      const number = Number(own[0]?.[1] ?? episodes++);
      const { name, turns } = scripts[number % scripts.length] as Script;
      const turn = own.length === 0 ? 0 : Number(own.at(-1)?.[2]) + 1;
      answer.setHeader('content-type', 'application/json');
      answer.end(
        JSON.stringify(responseOf(turns[Math.min(turn, turns.length - 1)] ?? [], `${name} ${number} ${turn}`)),
      );
    }),
  );
  return { url: `${url}/v1`, stop };
}

function responseOf(turn: Turn, id: string): object {
  const message = (text: string): object => ({
    type: 'message',
    id,
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  });
  const call = (name: string, args: string, place: number): object => ({
    type: 'function_call',
    id,
    call_id: `${id} ${place}`,
    name,
    arguments: args,
    status: 'completed',
  });
  return {
    id,
    object: 'response',
    created_at: 0,
    model: 'scripted',
    status: 'completed',
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    output: typeof turn === 'string' ? [message(turn)] : turn.map(([name, args], place) => call(name, args, place)),
  };
}

/**
 * Passes requests on to a server. It loses the answer of every third step that was not sent before: it closes the connection once
 * the server has answered.
 */
export async function startLossyProxy(
  target: string,
): Promise<{ url: string; lost: () => number; stop: () => Promise<void> }> {
  const { hostname: host, port } = new URL(target);
  const seen = new Set<string>();
  let lost = 0;
  const started = await listening(
    createServer(async (asked, answer) => {
      const body = await buffer(asked);
      const { method, url: path, headers } = asked;
      const reply = await new Promise<IncomingMessage>((resolve, reject) => {
        request({ host, port, method, path, headers, agent: false }, resolve).on('error', reject).end(body);
      });
      const text = await buffer(reply);
      const isNew = path === '/step' && !seen.has(body.toString());
      if (isNew) seen.add(body.toString());
      if (isNew && seen.size % 3 === 0) {
        lost += 1;
        asked.socket.destroy();
        return;
      }
      answer.writeHead(reply.statusCode ?? 502, reply.headers).end(text);
    }),
  );
  return { ...started, lost: () => lost };
}

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  const { url, stop } = await listening(createServer());
  await stop();
  return Number(new URL(url).port);
}

export async function listening(server: Server): Promise<{ url: string; stop: () => Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client with many requests at once does not make other clients wait until all of them are answered. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Turn } from '../../src/lib/turn.ts';
import { type ServerProcess, startServerProcess } from './support-process.ts';
import { Client } from './support-ws.ts';

const MANY = 200;
const RESET = { jsonrpc: '2.0', method: 'openenv/reset', params: {} };

let server: ServerProcess;
beforeAll(async () => {
  server = await startServerProcess();
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

const socketUrl = (path: string): string => server.address.replace('http', 'ws') + path;

/** A client with an episode, so that the server has loaded its code and tasks. */
async function playing(): Promise<Client> {
  const client = await Client.connect(socketUrl('/ws'));
  await client.reset();
  return client;
}

/** Sends all messages at once, then a request of another client. @returns the number of answers before the other's answer */
async function answersBefore(greedy: Client, messages: readonly unknown[]): Promise<number> {
  const other = await playing();
  let answers = 0;
  greedy.socket.on('message', () => {
    answers++;
  });
  const { _socket: connection } = greedy.socket as unknown as { _socket: Socket };
  connection.cork();
  for (const message of messages) greedy.send(message);
  connection.uncork();
  await other.state();
  const before = answers;
  for (let n = 0; n < messages.length; n++) {
    const { request_id, id } = await greedy.next<{ request_id?: string; id?: number }>();
    expect(request_id ?? String(id)).toBe(String(n));
  }
  return before;
}

describe('another client is answered long before the last answer to', () => {
  test('many resets over a WebSocket', async () => {
    const messages = Array.from({ length: MANY }, (_, n) => ({ type: 'reset', request_id: String(n) }));
    expect(await answersBefore(await playing(), messages)).toBeLessThan(MANY / 2);
  });

  test('many calls over a WebSocket of MCP, whose answers are promised', async () => {
    const greedy = await Client.connect(socketUrl('/mcp'));
    const messages = Array.from({ length: MANY }, (_, id) => ({ ...RESET, id }));
    expect(await answersBefore(greedy, messages)).toBeLessThan(MANY / 2);
  });

  test('a list of calls, as one message', async () => {
    const [greedy, other] = [await Client.connect(socketUrl('/mcp')), await playing()];
    const order: string[] = [];
    const scenario: unknown = JSON.parse(
      readFileSync(new URL('../../scenarios/phase2_core.json', import.meta.url), 'utf8'),
    );
    const params = { scenario };
    greedy.send(Array.from({ length: 128 }, (_, id) => ({ ...RESET, params, id })));
    const list = greedy.next<{ id: number }[]>().then((answers) => {
      order.push('list');
      return answers;
    });
    // Several requests, because the server may read the first before the list.
    for (let n = 0; n < 3; n++) {
      await other.state();
      order.push('other');
    }
    expect((await list).map(({ id }) => id)).toEqual(Array.from({ length: 128 }, (_, id) => id));
    expect(order).toEqual(['other', 'other', 'other', 'list']);
  });

  test('pipelined requests', async () => {
    const other = await playing();
    const greedy = connect(Number(new URL(server.address).port), '127.0.0.1').setEncoding('utf8');
    await once(greedy, 'connect');
    const count = 60;
    let answers = 0;
    const all = new Promise<void>((resolve, reject) => {
      greedy.on('close', () => reject(new Error(`it was closed after ${answers} answers`)));
      let text = '';
      greedy.on('data', (chunk) => {
        text += chunk;
        answers = text.split('HTTP/1.1 200 OK').length - 1;
        if (answers === count) resolve();
      });
    });
    greedy.write('POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n'.repeat(count));
    await other.state();
    expect(answers).toBeLessThan(count / 2);
    await all;
    greedy.removeAllListeners('close').destroy();
  });
});

test('a turn is over after some work, and the next one begins once the event loop has run', async () => {
  const turn = new Turn();
  expect(turn.isOver).toBe(false);
  turn.begin();
  while (!turn.isOver);
  turn.begin();
  expect(turn.isOver).toBe(true);
  let others = 0;
  setImmediate(() => {
    others++;
  });
  await turn.rest();
  expect([turn.isOver, others]).toEqual([false, 1]);
});

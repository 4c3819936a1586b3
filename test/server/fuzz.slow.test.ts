/**
 * Sends more than 20,000 malformed requests, frames and blobs. The server may refuse them, and may close connections that do not
 * speak HTTP. It answers no 5xx, its process stays alive, and it plays a normal episode afterwards. FUZZ_SEED repeats a run.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { Packr } from 'msgpackr';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Random } from '../../src/index.ts';
import { type ServerProcess, startServerProcess } from './support-process.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 4);
const BODIES = 12_000;
const BLOBS = 5_000;
const FRAMES = 5_000;
const packr = new Packr({ useRecords: false });

let server: ServerProcess;
let batch = '';
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

type Reply = { status: number; body: Buffer };

async function send(
  method: string,
  path: string,
  body: Buffer | string,
  headers: Record<string, string>,
): Promise<Reply> {
  const payload = Buffer.from(body);
  const sent = request(`${server.address}${path}`, {
    method,
    agent,
    headers: { 'content-length': payload.length, ...headers },
  });
  sent.end(payload);
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
}

async function json(path: string, body: unknown): Promise<Record<string, unknown>> {
  const { status, body: answer } = await send('POST', path, JSON.stringify(body), {
    'content-type': 'application/json',
  });
  expect(status, answer.toString('utf8').slice(0, 500)).toBe(200);
  return JSON.parse(answer.toString('utf8'));
}

beforeAll(async () => {
  server = await startServerProcess({ bodyLimit: 8, workers: 2, maxBatches: 8, maxEnvs: 256 });
  batch = String((await json('/batch', { num_envs: 4, tasks: ['drift_drill'] })).batch_id);
});

afterAll(async () => {
  agent.destroy();
  await server.stop();
});

// ---------------------------------------------------------------- inputs

const nested = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);

/** Values of the wrong type or size. They are functions, so that a large value is created only when it is drawn. */
const WEIRD: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 1e308,
  () => 2 ** 53,
  () => 0.5,
  () => '',
  () => '\u0000\ud800\u{1f4a5}',
  () => 'x'.repeat(100_000),
  () => [],
  () => [[[[]]]],
  () => ({}),
  () => ({ toString: 1, valueOf: null, length: -1, constructor: 'no' }),
  () => Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i])),
  () => Array.from({ length: 5_000 }, () => 0),
  () => JSON.parse(nested(300)),
  () => '../../etc/passwd',
  () => 'file:///etc/passwd',
  () => '%00%2e%2e',
  () => ({ $ref: '#/' }),
  () => 'NaN',
  () => '9'.repeat(400),
];

const ACTION = { action_type: 'reply_email', email_id: 'e01', message_body: 'Thank you.' };
const SCENARIO = {
  simulation_time: '2026-06-22T09:00:00',
  emails: [{ id: 'a', sender: 'B', subject: 'C', body: 'D', priority: 'high', sender_relationship: 'VIP' }],
  contacts: [{ name: 'B', relationship_type: 'client', communication_preference: 'email', importance: 3 }],
  tasks: [{ id: 't', description: 'x', deadline: '2026-06-22T10:00:00', owner: 'B' }],
  max_episode_steps: 3,
};

/** Valid and nearly valid requests that the tests mutate. */
function seeds(): [string, unknown][] {
  return [
    ['/reset', { seed: 1, task_id: 'phase2_core', episode_id: 'f', rules: 'v1', reward_mode: 'base', drift: false }],
    ['/reset', { split: 'train', index: 1, request_id: 'r' }],
    ['/reset', { scenario: SCENARIO, drift: { events: [{ after_step: 1, shift_all_meetings_hours: 1 }] } }],
    ['/step', { action: ACTION, timeout_s: 3, episode_id: 'f' }],
    ['/step', { action: { ...ACTION, metadata: { a: [1] } } }],
    [
      '/mcp',
      { jsonrpc: '2.0', id: 1, method: 'openenv/session/create', params: { seed: 1, rules: 'v1', control: true } },
    ],
    ['/mcp?seed=1&task_id=phase2_core', { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }],
    ['/step', { action: { type: 'call_tool', tool_name: 'do_nothing', arguments: {} }, episode_id: 'f' }],
    ['/step', { action: { type: 'list_tools' } }],
    ['/text/reset', { task_id: 'phase2_core', episode_id: 'f', observation_profile: 'delta' }],
    ['/text/step', { action: { text: '<action>{}</action>' }, episode_id: 'f' }],
    ['/mcp', { jsonrpc: '2.0', id: 'x', method: 'tools/list', params: {} }],
    ['/mcp', { jsonrpc: '2.0', id: 2, method: 'openenv/session/create' }],
    [
      '/mcp',
      { jsonrpc: '2.0', id: 3, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {} } },
    ],
    [
      '/mcp/episodes/f',
      { jsonrpc: '2.0', id: 4, method: 'tools/call', params: { name: 'archive_email', arguments: { email_id: 'a' } } },
    ],
    [
      '/mcp/episodes/f',
      {
        jsonrpc: '2.0',
        id: 5,
        method: 'tools/call',
        params: { name: 'briefing', _meta: { 'ghostexec/request_id': 'r' } },
      },
    ],
    ['/ghostexec/tasks', { split: 'train' }],
    ['/ghostexec/task', { split: 'test', index: 0 }],
    ['/ghostexec/task_range', { split: 'train', start: 0, stop: 3 }],
    ['/batch', { num_envs: 2, group_size: 2, autoreset: 'same_step', seed: 1, include: ['metadata'] }],
    ['/batch', { envs: [{ task_id: 'phase2_core' }, { scenario: SCENARIO }], max_forks: 1 }],
    [`/batch/${batch}/step`, { actions: [ACTION, 'text', null, {}], request_id: 'same' }],
    [`/batch/${batch}/step`, { actions: [ACTION, ACTION], env_ids: [1, 3] }],
    [`/batch/${batch}/reset`, { env_ids: [0], seeds: [1], tasks: ['drift_drill'] }],
    [`/batch/${batch}/snapshot`, { env_ids: [0, 1] }],
    [`/batch/${batch}/restore`, { snapshot: 'AAAA', env_ids: [0] }],
    [`/batch/${batch}/fork`, { env_id: 0, k: 1 }],
    [`/batch/${batch}/release`, { env_ids: [4] }],
  ];
}

/** A copy of the value with a part of it replaced, removed or added. */
function mutated(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.below(4) === 0) return random.pick(WEIRD)?.();
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const keys = Object.keys(copy);
  const key = random.pick(keys);
  const at = copy as Record<string, unknown>;
  switch (random.below(4)) {
    case 0:
      if (key !== undefined) delete at[key];
      return copy;
    case 1:
      at[random.pick(['constructor', 'prototype', '__proto', 'hasOwnProperty', 'x', '0']) ?? ''] =
        random.pick(WEIRD)?.();
      return copy;
    default:
      if (key !== undefined) at[key] = mutated(at[key], random);
      return copy;
  }
}

/** JSON text that is broken or unusual. */
function brokenJson(text: string, random: Random): Buffer | string {
  const at = random.below(Math.max(1, text.length));
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return `${text.slice(0, at)}${random.pick(['NaN', 'Infinity', '-', '\\u12', '"', '}', ',', '\u0000'])}${text.slice(at)}`;
    case 2:
      return text.replace('{', '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, ');
    case 3:
      return Buffer.from(Array.from({ length: 40 }, () => random.below(256)));
    case 4:
      return Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([0xff, 0xc0, 0xed, 0xa0, 0x80])]);
    case 5:
      return random.below(20) === 0 ? nested(200_000) : nested(500, '{"a":', '}');
    case 6:
      return text.replace(/\d+/, '1e400');
    case 7:
      return `${text}${text}`;
    default:
      return random.below(200) === 0 ? `"${'y'.repeat(9 * 2 ** 20)}"` : `[${text}]`;
  }
}

const TYPES = ['application/json', 'application/json; charset=utf-16', 'text/plain', 'multipart/form-data', 'x/y', ''];

/** Fails on any status but 2xx, 3xx and 4xx. */
function expectRefusedOrServed({ status, body }: Reply, what: () => string): void {
  if (status >= 200 && status < 500) return;
  expect.fail(`status ${status} for ${what()}: ${body.toString('utf8').slice(0, 500)}`);
}

/** Runs `work` for each index below `count`, 16 at a time. */
async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

// ---------------------------------------------------------------- the tests

test(`${BODIES} HTTP bodies (seed ${SEED})`, { timeout: 240_000 }, async () => {
  const routes = seeds();
  await inParallel(BODIES, async (index) => {
    const random = new Random(SEED * 1_000_003 + index);
    const [path, value] = random.pick(routes) ?? ['/', {}];
    const bad = random.below(3) === 0 ? value : mutated(value, random);
    const text = JSON.stringify(bad) ?? 'null';
    const body = random.below(2) === 0 ? text : brokenJson(text, random);
    const type = random.below(4) === 0 ? (random.pick(TYPES) ?? '') : 'application/json';
    const method =
      random.below(30) === 0 ? (random.pick(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) ?? 'POST') : 'POST';
    // A DELETE of the batch would be valid, and would end it.
    if (method === 'DELETE' && path.startsWith('/batch')) return;
    const reply = await send(method, path, body, type === '' ? {} : { 'content-type': type });
    expectRefusedOrServed(reply, () => `${index}: ${method} ${path} ${type} ${String(body).slice(0, 300)}`);
    if (path.startsWith('/mcp') && method === 'POST' && reply.status === 200)
      expect(reply.body.toString()).toContain('"2.0"');
  });
});

test(`${BLOBS} msgpack blobs`, { timeout: 240_000 }, async () => {
  const routes = seeds().filter(([path]) => path.startsWith('/batch'));
  const bombs = [
    Buffer.from('dd01ffffff', 'hex'),
    Buffer.from('ddffffffff', 'hex'),
    Buffer.from('dfffffffff', 'hex'),
    Buffer.from('c6ffffffff', 'hex'),
    Buffer.from('dbffffffff', 'hex'),
    Buffer.from('c9ffffffff01', 'hex'),
    Buffer.from('dd01ffffff'.repeat(2_000), 'hex'),
    Buffer.alloc(1_000_000, 0x91),
    Buffer.alloc(1_000_000, 0x81),
    Buffer.from('d4720081a13001', 'hex'),
    Buffer.from('d6ffffffffff', 'hex'),
    Buffer.from('c7006962', 'hex'),
    Buffer.alloc(0),
  ];
  await inParallel(BLOBS, async (index) => {
    const random = new Random(SEED * 7_000_003 + index);
    const [path, value] = random.pick(routes) ?? ['/batch', {}];
    let blob = packr.pack(random.below(2) === 0 ? value : mutated(value, random));
    if (random.below(3) > 0) {
      blob = Buffer.from(blob);
      for (let n = 1 + random.below(4); n > 0; n--) blob[random.below(blob.length)] = random.below(256);
    }
    if (random.below(4) === 0) blob = blob.subarray(0, random.below(blob.length));
    if (random.below(20) === 0) blob = random.pick(bombs) ?? blob;
    const accept = random.pick(['application/msgpack', 'application/json', '*/*', 'text/html;q=0.1']) ?? '';
    const reply = await send('POST', path, blob, { 'content-type': 'application/msgpack', accept });
    expectRefusedOrServed(reply, () => `${index}: POST ${path} ${blob.subarray(0, 200).toString('hex')}`);
  });
});

test(`${FRAMES} WebSocket frames, none of which ends its session`, { timeout: 240_000 }, async () => {
  const messages = [
    { type: 'reset', data: { seed: 1, task_id: 'drift_drill' }, request_id: 'q' },
    { type: 'step', data: ACTION },
    { type: 'state' },
    { type: 'mcp', data: { jsonrpc: '2.0', id: 1, method: 'tools/list' } },
    { type: 'resume', data: { session_token: 'nope' } },
  ];
  await Promise.all(
    Array.from({ length: 8 }, async (_, worker) => {
      const random = new Random(SEED * 11_000_027 + worker);
      const path = worker % 2 === 0 ? '/ws' : '/text/ws';
      const socket = new WebSocket(`${server.address.replace('http', 'ws')}${path}`);
      await once(socket, 'open');
      let onAnswer: (answer: { type: string; request_id?: string; data: { code?: string } | null }) => void = () =>
        undefined;
      socket.on('message', (data) => onAnswer(JSON.parse(String(data))));
      for (let index = 0; index < FRAMES / 8; index++) {
        const message = random.pick(messages);
        const bad = random.below(3) === 0 ? message : mutated(message, random);
        const type = typeof bad === 'object' && bad !== null && 'type' in bad ? bad.type : '';
        if (type === 'close') continue;
        const text = JSON.stringify(bad) ?? 'null';
        const frame = random.below(2) === 0 ? text : brokenJson(text, random);
        if (frame.length > 2 ** 20) continue;
        // Some messages have no answer (JSON-RPC notifications), but the state request behind each message has one.
        await new Promise<void>((resolve, reject) => {
          const probe = `${worker}-${index}`;
          const fail = (why: string): void => reject(new Error(`${why} after ${String(frame).slice(0, 300)}`));
          const closed = (code: number): void => fail(`closed (${code})`);
          socket.once('close', closed);
          onAnswer = (answer) => {
            if (!['observation', 'state', 'mcp', 'error'].includes(answer.type)) fail(`answered ${answer.type}`);
            if (answer.data?.code === 'EXECUTION_ERROR') fail(JSON.stringify(answer));
            if (answer.request_id !== probe) return;
            socket.off('close', closed);
            resolve();
          };
          socket.send(frame, { binary: random.below(5) === 0 || typeof frame !== 'string' });
          socket.send(JSON.stringify({ type: 'state', request_id: probe }));
        });
      }
      socket.close();
      await once(socket, 'close');
    }),
  );
});

test('connections that do not speak HTTP, endless headers, bodies of 100 MB', { timeout: 120_000 }, async () => {
  const { port } = new URL(server.address);
  const random = new Random(SEED);
  const raw = [
    'GET / HTTP/9.9\r\n\r\n',
    'BREW /reset HTTP/1.1\r\nHost: localhost\r\n\r\n',
    `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`,
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    'POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345',
    'POST /reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
    'POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n{',
    'GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /%c0%ae%c0%ae/%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: 1\r\n\r\n',
    'GET /nope HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    Buffer.from(Array.from({ length: 500 }, () => random.below(256))),
    '\u0016\u0003\u0001',
  ];
  for (const bytes of raw) {
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.write(bytes);
    const [first] = await Promise.race([
      once(socket, 'data'),
      once(socket, 'close'),
      new Promise<[string]>((resolve) => setTimeout(() => resolve(['silence']), 2_000)),
    ]);
    expect(String(first)).not.toMatch(/^HTTP\/1.1 5/);
    socket.destroy();
  }
  const huge = request(`${server.address}/reset`, { method: 'POST', headers: { 'content-type': 'application/json' } });
  huge.on('error', () => undefined);
  const answered = once(huge, 'response').catch(() => []);
  const chunk = Buffer.alloc(2 ** 20, 0x20);
  for (let n = 0; n < 100 && !huge.destroyed; n++) {
    if (!huge.write(chunk)) await Promise.race([once(huge, 'drain'), once(huge, 'close'), answered]);
  }
  huge.end();
  const [response] = await answered;
  if (response !== undefined) expect(response.statusCode).toBe(413);
  huge.destroy();
});

test('the same process then plays a normal episode over HTTP, WebSocket and in a batch', async () => {
  expect(server.child.exitCode).toBeNull();
  let answer = await json('/reset', { task_id: 'drift_drill', episode_id: 'after', seed: 1 });
  for (let step = 0; answer.done !== true && step < 100; step++) {
    answer = await json('/step', { episode_id: 'after', action: { action_type: 'do_nothing' } });
  }
  expect(answer.done).toBe(true);

  const socket = new WebSocket(`${server.address.replace('http', 'ws')}/ws`);
  await once(socket, 'open');
  const ask = async (message: unknown): Promise<{ data: { done: boolean } }> => {
    const answered = once(socket, 'message');
    socket.send(JSON.stringify(message));
    const [data] = await answered;
    return JSON.parse(String(data));
  };
  let last = await ask({ type: 'reset', data: { task_id: 'drift_drill' } });
  for (let step = 0; !last.data.done && step < 100; step++) last = await ask({ type: 'step', data: {} });
  expect(last.data.done).toBe(true);
  socket.close();

  await json(`/batch/${batch}/reset`, {});
  const { results } = await json(`/batch/${batch}/step`, { actions: [{}, {}, {}, {}], env_ids: [0, 1, 2, 3] });
  expect(results).toHaveLength(4);
  expect(server.output()).not.toMatch(/"level":(50|60)/);
});

/**
 * npm run bench:server [-- --smoke]: measures how fast a server answers a client on the same machine. Each WebSocket session keeps
 * one request in flight and reads every answer as JSON. A batch steps all its environments at once; it lives for all rounds, and every
 * answer is decoded completely. The playground requests one step after the other (web_step_ms: the median of a round). The rounds of the variants
 * alternate. Writes bench/results/server.json.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { type Action, VectorEnv } from 'ghostexec';
import { Packr } from 'msgpackr';
import WebSocket from 'ws';
import { randomValid } from '#dist/policies/random.js';
import { circumstances, type Measure, measureOf, writeResults } from './measure.js';

const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } });
const ROUNDS = values.smoke ? 1 : 5;
const SESSIONS = values.smoke ? [1, 8] : [1, 64, 2_048];
const BATCHES = values.smoke ? [8] : [64, 1_024, 4_096];
/** Minimum number of steps in a round. */
const STEPS = values.smoke ? 64 : 16_384;
/** Episodes of a round of the playground. */
const WEB_EPISODES = values.smoke ? 2 : 64;
const TASK = 'phase2_core';
const SCRIPTS = 64;

/** Whole episodes of valid actions by a seeded random policy. All have the same length, so that a batch ends together. */
async function recordScripts(): Promise<Action[][]> {
  const env = await VectorEnv.create({ tasks: [TASK], autoreset: 'disabled' });
  const scripts: Action[][] = [];
  for (let seed = 0; scripts.length < SCRIPTS; seed++) {
    const decide = randomValid.begin(seed);
    const script: Action[] = [];
    let batch = await env.reset();
    const steps = batch.info(0).max_episode_steps;
    let valid = true;
    while (batch.terminated[0] === 0 && batch.truncated[0] === 0) {
      const action = decide(batch.observation(0));
      if (typeof action === 'string') throw new TypeError('the random policy answers with objects');
      script.push(action);
      batch = await env.step([action]);
      valid &&= batch.stepOk[0] === 1;
    }
    if (valid && script.length === steps) scripts.push(script);
  }
  await env.close();
  return scripts;
}

const scripts = await recordScripts();
const LENGTH = scripts[0]?.length ?? 0;

// ---------------------------------------------------------------- WebSocket

type Message = { type: string; data: { done?: boolean; observation?: { step_ok: boolean } } };

/** A WebSocket session that plays whole episodes. `play` resolves to the number of steps. */
class Player {
  private readonly socket: WebSocket;
  private readonly script: Action[];
  private answered: (message: Message) => void = () => undefined;

  private constructor(socket: WebSocket, script: Action[]) {
    this.socket = socket;
    this.script = script;
    socket.on('message', (data) => this.answered(JSON.parse(String(data))));
  }

  static async open(url: string, index: number): Promise<Player> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, 'open');
    return new Player(socket, scripts[index % SCRIPTS] ?? []);
  }

  play(episodes: number): Promise<number> {
    return new Promise((resolve, reject) => {
      let steps = 0;
      let at = this.script.length;
      this.answered = ({ type, data }) => {
        if (type !== 'observation' || data.observation?.step_ok !== true) {
          return reject(new Error(`expected a valid step, got ${JSON.stringify(data).slice(0, 300)}`));
        }
        const action = this.script[at++];
        if (action !== undefined) {
          steps++;
          this.send({ type: 'step', data: action });
        } else if (episodes-- > 0) {
          at = 0;
          this.send({ type: 'reset', data: { task_id: TASK, seed: 1 } });
        } else resolve(steps);
      };
      episodes--;
      at = 0;
      this.send({ type: 'reset', data: { task_id: TASK, seed: 1 } });
    });
  }

  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }

  private send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }
}

/** Plays in `sessions` sessions at once. Returns steps per second. */
async function webSocketRound(address: string, sessions: number): Promise<number> {
  const url = `${address.replace('http', 'ws')}/ws`;
  const players: Player[] = [];
  for (let i = 0; i < sessions; i += 64) {
    const some = Array.from({ length: Math.min(64, sessions - i) }, (_, j) => Player.open(url, i + j));
    players.push(...(await Promise.all(some)));
  }
  const episodes = Math.ceil(STEPS / LENGTH / sessions);
  const began = performance.now();
  const steps = await Promise.all(players.map((player) => player.play(episodes)));
  const seconds = (performance.now() - began) / 1000;
  await Promise.all(players.map((player) => player.close()));
  return steps.reduce((sum, count) => sum + count, 0) / seconds;
}

// ---------------------------------------------------------------- HTTP batches

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });
const FORMATS = {
  json: {
    type: 'application/json',
    encode: (value: unknown): Buffer => Buffer.from(JSON.stringify(value)),
    decode: (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8')),
  },
  msgpack: {
    type: 'application/msgpack',
    encode: (value: unknown): Buffer => packr.pack(value),
    decode: (bytes: Buffer): unknown => packr.unpack(bytes),
  },
} as const;
type Format = keyof typeof FORMATS;

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function call(url: string, method: string, body: unknown, format: Format): Promise<Record<string, unknown>> {
  const { type, encode, decode } = FORMATS[format];
  const payload = body === undefined ? Buffer.alloc(0) : encode(body);
  const sent = request(url, {
    method,
    agent,
    headers: { 'content-type': type, accept: type, 'content-length': payload.length },
  });
  sent.end(payload);
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const answer = decode(Buffer.concat(chunks)) as Record<string, unknown>;
  if (response.statusCode !== 200) throw new Error(`${method} ${url}: ${JSON.stringify(answer).slice(0, 500)}`);
  return answer;
}

type Row = { observation: { briefing: string; step_ok: boolean } };

/** A batch for all rounds, as a trainer has one. */
class HostedBatch {
  private readonly address: string;
  private readonly numEnvs: number;
  private readonly format: Format;
  private url: string | undefined;

  constructor(address: string, numEnvs: number, format: Format) {
    this.address = address;
    this.numEnvs = numEnvs;
    this.format = format;
  }

  /** Plays whole episodes. Returns environment steps per second. */
  async play(): Promise<number> {
    const { numEnvs, format } = this;
    this.url ??= await this.create();
    const episodes = Math.ceil(STEPS / LENGTH / numEnvs);
    let steps = 0;
    let seconds = 0;
    for (let episode = 0; episode < episodes; episode++) {
      await call(`${this.url}/reset`, 'POST', {}, format);
      const began = performance.now();
      for (let at = 0; at < LENGTH; at++) {
        const actions = Array.from({ length: numEnvs }, (_, env) => scripts[env % SCRIPTS]?.[at]);
        const results = (await call(`${this.url}/step`, 'POST', { actions }, format)).results as Row[];
        if (!results.every(({ observation }) => observation.step_ok)) throw new Error('an action was invalid');
        steps += results.length;
      }
      seconds += (performance.now() - began) / 1000;
    }
    return steps / seconds;
  }

  private async create(): Promise<string> {
    const options = { num_envs: this.numEnvs, tasks: [TASK], autoreset: 'disabled', max_forks: 0 };
    const { batch_id } = await call(`${this.address}/batch`, 'POST', options, this.format);
    return `${this.address}/batch/${batch_id}`;
  }
}

// ---------------------------------------------------------------- the playground

type Shown = { readonly step_ok: boolean; readonly snapshot: string };

/** Plays steps as the page does, each from the snapshot of the step before. Returns the median duration in milliseconds. */
async function webRound(address: string): Promise<number> {
  const episode = { task_id: TASK, seed: 1 };
  const api = `${address}/web/api`;
  const times: number[] = [];
  for (const script of scripts.slice(0, WEB_EPISODES)) {
    const { scenes } = await call(`${api}/episode`, 'POST', { episode }, 'json');
    let [shown] = scenes as Shown[];
    for (const action of script) {
      const began = performance.now();
      const answer = await call(`${api}/step`, 'POST', { episode, snapshot: shown?.snapshot, action }, 'json');
      times.push(performance.now() - began);
      shown = answer.scene as Shown;
      if (!shown.step_ok) throw new Error('an action was invalid');
    }
  }
  return times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

// ---------------------------------------------------------------- the run

const host = fork(new URL('server-host.js', import.meta.url));
const [address]: string[] = await once(host, 'message');
if (address === undefined) throw new Error('the server does not say where it listens');

const variants: [string, () => Promise<number>][] = [
  ...SESSIONS.map((n): [string, () => Promise<number>] => [`ws_${n}_steps_per_s`, () => webSocketRound(address, n)]),
  ...(['json', 'msgpack'] as const).flatMap((format) =>
    BATCHES.map((n): [string, () => Promise<number>] => {
      const batch = new HostedBatch(address, n, format);
      return [`batch_${format}_${n}_env_steps_per_s`, () => batch.play()];
    }),
  ),
  ['web_step_ms', () => webRound(address)],
];
const samples = new Map<string, number[]>();
for (let round = -1; round < ROUNDS; round++) {
  for (const [name, play] of variants) {
    const measured = await play();
    const rate = name.endsWith('_ms') ? Math.round(measured * 1_000) / 1_000 : Math.round(measured);
    // The first round warms up.
    if (round >= 0 || values.smoke) samples.set(name, [...(samples.get(name) ?? []), rate]);
  }
}
host.send('close');
await once(host, 'exit');
agent.destroy();

const results: Record<string, Measure> = Object.fromEntries(
  [...samples].map(([name, rates]) => [name, measureOf(rates)]),
);
const context = {
  ...circumstances(`npm run bench:server${values.smoke ? ' -- --smoke' : ''}`),
  task: TASK,
  rules: 'v2',
};
writeResults('server', { ...context, ...results });
for (const [key, value] of Object.entries(context)) console.log(`${key}: ${value}`);
console.table(results);
if (values.smoke) console.log('smoke: the harness runs; the rates of so short a run mean nothing');

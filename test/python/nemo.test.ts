/** NeMo Gym from PyPI collects rollouts on a Ghostexec server, with the files of docs/training/nemo.md and a scripted model. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { freePort, type Script, startLossyProxy, startModel } from './support-nemo.ts';
import { INSTALL_MS, installConsumer, MAIN, startGhostexec } from './support-openenv.ts';

const run = promisify(execFile);
const KEY = 'a-key-for-this-test';

const page = readFileSync(new URL('../../docs/training/nemo.md', import.meta.url), 'utf8');
const files = [...page.matchAll(/^`([^`\n]+)`\n\n```\w+\n([\s\S]*?)```/gm)];

const IDLE = ['do_nothing', '{}'] as const;
const { plan } = JSON.parse(readFileSync(new URL('../../scenarios/phase2_core.oracle.json', import.meta.url), 'utf8'));
const calls = plan.map(({ action_type, ...args }: Record<string, string>) => [[action_type, JSON.stringify(args)]]);

const SCRIPTS: readonly Script[] = [
  { name: 'plan', turns: [...calls, [IDLE]] },
  {
    name: 'text',
    turns: [...plan.map((action: object) => `<think>Hm.</think>\n${JSON.stringify(action)}`), 'Nothing more.'],
  },
  { name: 'idle', turns: [[IDLE]] },
  // An unknown tool, arguments that are not JSON, an unknown email, all in one response, and then prose.
  {
    name: 'wrong',
    turns: [
      [
        ['fly', '{}'],
        ['archive_email', '{'],
        ['archive_email', '{"email_id": "e99"}'],
      ],
      'Well.',
    ],
  },
];

type Item = { type: string; id?: string; call_id?: string; output?: string; role?: string; content?: unknown };
type Rollout = {
  response: { output: Item[] };
  reward: number;
  terminated: boolean;
  truncated: boolean;
  info: { grade: { grade: number } };
  _ng_task_index: number;
};

const rollouts = new Map<string, Rollout[]>();
let failures = '';
let lost = 0;
let sent: unknown[] = [];

beforeAll(async () => {
  const bin = await installConsumer('nemo', '--ignore-requires-python');
  const folder = mkdtempSync(join(tmpdir(), 'ghostexec-nemo-'));
  const served = await startGhostexec('--api-key', KEY);
  const proxy = await startLossyProxy(served.url);
  const model = await startModel(SCRIPTS);
  let gym: ChildProcess | undefined;
  try {
    for (const [, path = '', text = ''] of files) write(join(folder, path), text);
    const { stdout } = await run(process.execPath, [
      MAIN,
      'dataset',
      '--for',
      'nemo',
      '--tasks',
      'phase2_core',
      '--count',
      '2',
    ]);
    write(join(folder, 'tasks.jsonl'), stdout);
    const port = await freePort();
    const head = `++head_server.port=${port}`;
    const options = { cwd: folder, env: { ...process.env, GHOSTEXEC_URL: proxy.url, GHOSTEXEC_API_KEY: KEY } };
    gym = spawn(
      join(bin, 'gym'),
      [
        ...['env', 'start', '--config', 'resources_servers/ghostexec/configs/ghostexec.yaml'],
        ...['--model-type', 'openai_model', '--model', 'scripted', '--model-url', model.url, '--model-api-key', 'none'],
        ...[head, '++skip_venv_if_present=true', `++uv_venv_dir=${environments(folder, dirname(bin))}`],
      ],
      { ...options, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    await printed(gym, /servers ready!/);
    await run(
      join(bin, 'gym'),
      [
        ...['eval', 'run', '--no-serve', '--input', 'tasks.jsonl', '--output', 'rollouts.jsonl'],
        ...['--num-repeats', '4', head],
      ],
      { ...options, maxBuffer: 2 ** 26 },
    );
    for (const line of readFileSync(join(folder, 'rollouts.jsonl'), 'utf8').trim().split('\n')) {
      const rollout = JSON.parse(line) as Rollout;
      const name = rollout.response.output[0]?.id?.split(' ')[0] ?? '';
      rollouts.set(name, [...(rollouts.get(name) ?? []), rollout]);
    }
    failures = readFileSync(join(folder, 'rollouts_failures.jsonl'), 'utf8');
    lost = proxy.lost();
    sent = await sendTwice(port, JSON.parse(stdout.split('\n')[0] ?? ''));
  } finally {
    if (gym !== undefined) {
      const exited = once(gym, 'exit');
      gym.kill('SIGINT');
      await exited;
    }
    await Promise.all([model.stop(), proxy.stop(), served.stop()]);
    rmSync(folder, { recursive: true });
  }
}, INSTALL_MS);

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** `gym` makes a virtual environment for each of its servers. It finds this one in their places. */
function environments(folder: string, environment: string): string {
  for (const server of [
    'resources_servers/ghostexec',
    'responses_api_agents/gymnasium_agent',
    'responses_api_models/openai_model',
    'environment_servers/legacy_agent',
  ]) {
    mkdirSync(join(folder, 'environments', server), { recursive: true });
    symlinkSync(environment, join(folder, 'environments', server, '.venv'));
  }
  return join(folder, 'environments');
}

/** Waits until a process has printed a text. */
async function printed(child: ChildProcess, text: RegExp): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
        if (text.test(output)) resolve();
      });
    }
    child.once('exit', () => reject(new Error(`gym has ended: ${output}`)));
  });
}

/**
 * Sends each of two steps to the server of the page twice, as the agent does when it loses an answer.
 * @param port Port of the head server, which knows where the other servers are
 * @returns the four answers
 */
async function sendTwice(port: number, row: object): Promise<unknown[]> {
  const instances = (await (await fetch(`http://127.0.0.1:${port}/server_instances`)).json()) as {
    config_path: string;
    url: string;
  }[];
  const url = instances.find(({ config_path }) => config_path === 'ghostexec_day')?.url;
  const post = (path: string, body: object, cookie = ''): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify({ ...row, ...body }),
    });
  const reset = await post('/reset', {});
  expect(await reset.json()).toEqual({ observation: null, info: { supports_step_idempotency: true } });
  const cookie = reset.headers.get('set-cookie')?.split(';')[0] ?? '';
  const call = { type: 'function_call', name: 'do_nothing', arguments: '{}', call_id: 'c', id: 'c' };
  const response = {
    ...{ id: 'r', object: 'response', created_at: 0, model: 'scripted', tools: [], tool_choice: 'auto' },
    ...{ parallel_tool_calls: true, output: [call] },
  };
  const answers: unknown[] = [];
  for (const id of ['one', 'one', 'two', 'two']) {
    answers.push(await (await post('/step', { response, _ng_step_request_id: id }, cookie)).json());
  }
  return answers;
}

test('every rollout was collected', () => {
  expect(files).toHaveLength(3);
  expect(failures).toBe('');
  expect([...rollouts].map(([name, all]) => [name, all.length]).toSorted()).toEqual([
    ['idle', 2],
    ['plan', 2],
    ['text', 2],
    ['wrong', 2],
  ]);
});

test('the reward of a rollout is its grade, so a group has a spread', () => {
  const rewards = (name: string): number[] => rollouts.get(name)?.map(({ reward }) => Number(reward.toFixed(9))) ?? [];
  expect(rewards('plan')).toEqual([0.99, 0.99]);
  expect(rewards('text')).toEqual([0.99, 0.99]);
  expect(rewards('idle')).toEqual([0.01, 0.01]);
  for (const { reward, info, terminated, truncated } of [...rollouts.values()].flat()) {
    expect(reward).toBeCloseTo(info.grade.grade, 9);
    expect([terminated, truncated]).toContain(true);
  }
});

test('the model sees the result of every call, and text after a text', () => {
  for (const { response } of rollouts.get('plan') ?? []) {
    const outputs = response.output.filter(({ type }) => type === 'function_call_output');
    // The agent leaves out the result of the last call, which ended the day.
    const called = response.output.filter(({ type }) => type === 'function_call');
    expect(outputs.map(({ call_id }) => call_id)).toEqual(called.slice(0, -1).map(({ call_id }) => call_id));
    expect(outputs[0]?.output).toMatch(/step 1 of 8/);
  }
  for (const { response } of rollouts.get('text') ?? []) {
    const seen = response.output.filter(({ role }) => role === 'user');
    expect(seen.length).toBeGreaterThan(3);
    expect(seen[0]?.content).toMatch(/step 1 of 8/);
  }
});

test('a wrong call is an invalid step, and the result says why', () => {
  for (const { response } of rollouts.get('wrong') ?? []) {
    const outputs = response.output.filter(({ type }) => type === 'function_call_output');
    expect(outputs.map(({ output }) => /FAILED/.test(output ?? ''))).toEqual([true, true, true]);
    expect(outputs[2]?.output).toMatch(/step 3 of 8[\s\S]*e99/);
  }
});

test('steps whose answers were lost are played once', () => {
  expect(lost).toBeGreaterThan(5);
  for (const { response } of [...rollouts.values()].flat()) {
    const texts = response.output.flatMap(({ output, role, content }) =>
      role === 'user' ? [String(content)] : output === undefined ? [] : [output],
    );
    const steps = texts.map((text) => Number(/step (\d+) of 8/.exec(text)?.[1]));
    expect(steps).toEqual(steps.map((_, place) => place + 1));
  }
});

test('a step that the agent sends again has the same answer and plays nothing', () => {
  const [one, again, two, twice] = sent;
  expect(again).toEqual(one);
  expect(twice).toEqual(two);
  expect(JSON.stringify(one)).toMatch(/step 1 of 8/);
  expect(JSON.stringify(two)).toMatch(/step 2 of 8/);
});

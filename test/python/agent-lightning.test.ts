/** The gateway and the controller of agent-lightning from PyPI run `ghostexec agent`, with the class of docs/training/agent-lightning.md. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { beforeAll, expect, test, vi } from 'vitest';
import { freePort, listening } from './support-nemo.ts';
import { INSTALL_MS, installConsumer, MAIN } from './support-openenv.ts';

const KEY = 'a-key-for-this-test';
const page = readFileSync(new URL('../../docs/training/agent-lightning.md', import.meta.url), 'utf8');
const [, agent = ''] = /^`ghostexec_agent.py`\n\n```python\n([\s\S]*?)```/m.exec(page) ?? [];
const [, example = '{}'] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
const { plan } = JSON.parse(readFileSync(new URL('../../scenarios/phase2_core.oracle.json', import.meta.url), 'utf8'));

type Message = { role: string; content: string };
type Event = { event_type: string; data: { value?: number; response_body?: unknown } };
type Played = { state: string; events: Event[] };

let played: Played[] = [];

/** A model that plays the best plan of phase2_core, whose briefings name Ruth Adeyemi, and waits through every other day. */
function startModel(): ReturnType<typeof listening> {
  return listening(
    createServer(async (asked, answer) => {
      const { messages } = (await json(asked)) as { messages: Message[] };
      const turn = messages.filter(({ role }) => role === 'assistant').length;
      const knows = messages.some(({ content }) => content.includes('Ruth Adeyemi'));
      const content = JSON.stringify((knows && plan[turn]) || { action_type: 'do_nothing' });
      const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }];
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 0, model: 'scripted', choices, usage }));
    }),
  );
}

beforeAll(async () => {
  const bin = await installConsumer('agent-lightning', '--ignore-requires-python');
  const folder = mkdtempSync(join(tmpdir(), 'ghostexec-agl-'));
  writeFileSync(join(folder, 'ghostexec_agent.py'), agent);
  writeFileSync(join(folder, 'ghostexec'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(join(folder, 'ghostexec'), 0o755);
  const env = { ...process.env, PYTHONPATH: folder, PATH: `${folder}${delimiter}${process.env.PATH}` };
  const model = await startModel();
  const url = `http://127.0.0.1:${await freePort()}`;
  const programs: ChildProcess[] = [];
  const start = (program: string, ...args: string[]): void =>
    void programs.push(spawn(join(bin, program), args, { cwd: folder, env, stdio: 'ignore' }));
  const api = async (path: string, body?: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${url}/api${path}`, { headers, ...sent });
    expect(answer.ok, path).toBe(true);
    return answer.json();
  };
  try {
    start(
      'agl-server',
      'host=127.0.0.1',
      `port=${new URL(url).port}`,
      `key=${KEY}`,
      'default_proxy.model_name=scripted',
    );
    await vi.waitFor(() => fetch(`${url}/healthz`), { timeout: 60_000, interval: 200 });
    const local = ['runner_type=local', 'local_runner.poll_interval=0.5'];
    start('agl-controller', ...local, `agl_server.url=${url}`, `agl_server.key=${KEY}`);
    await api('/models', [{ model: 'scripted', endpoint: `${model.url}/v1` }]);
    const { config } = JSON.parse(example);
    const args = [MAIN, 'dataset', '--for', 'hf', '--tasks', 'phase2_core,monday_morning', '--count', '2'];
    const rows = execFileSync(process.execPath, args, { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((row) => JSON.parse(row));
    const inputs = [...rows, { task_id: 'no_such_day', seed: 1 }];
    const made = (await api(
      '/rollouts',
      inputs.map((input) => ({ input, config })),
    )) as { rollout_id: string }[];
    played = await Promise.all(
      made.map(({ rollout_id }) =>
        vi.waitFor(
          async () => {
            const { rollout } = (await api(`/rollouts/${rollout_id}`)) as { rollout: { status: { state: string } } };
            const { state } = rollout.status;
            expect(['succeeded', 'failed']).toContain(state);
            return { state, events: (await api(`/rollouts/${rollout_id}/events`)) as Event[] };
          },
          { timeout: 120_000, interval: 500 },
        ),
      ),
    );
  } finally {
    for (const program of programs) {
      if (program.exitCode !== null) continue;
      const exited = once(program, 'exit');
      program.kill('SIGTERM');
      await exited;
    }
    await model.stop();
    rmSync(folder, { recursive: true });
  }
}, INSTALL_MS);

test('the reward of a rollout is the grade of its day', () => {
  const rewards = played.map(({ state, events }) => [
    state,
    events.filter(({ event_type }) => event_type === 'reward').map(({ data }) => data.value),
  ]);
  expect(rewards).toEqual([
    ['succeeded', [0.99]],
    ['succeeded', [0.01]],
    ['failed', []],
  ]);
});

test('the gateway recorded every call of the model', () => {
  const calls = played.map(({ events }) => events.filter(({ event_type }) => event_type === 'model_request').length);
  expect(calls).toEqual([8, 14, 0]);
});

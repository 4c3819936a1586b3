/** Inspect AI from PyPI evaluates models on a Ghostexec server: over MCP with the task of docs/training/inspect.md, and over ORS. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readOracle } from '../../src/scenarios/files.ts';
import { listTasks, oraclePath } from '../../src/scenarios/shipped.ts';
import { INSTALL_MS, installConsumer, MAIN, runChecks, type Served, startGhostexec } from './support-openenv.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEYS = { GHOSTEXEC_TRAINER_KEY: 'the-trainer', GHOSTEXEC_API_KEY: 'the-agent' };

const page = readFileSync(join(ROOT, 'docs/training/inspect.md'), 'utf8');
/** The two programs of the page. */
const [program = '', orsProgram = ''] = [...page.matchAll(/```python\n([\s\S]*?)```/g)].map(([, code]) => code);

/** The arguments of a command on the page. */
function onPage(start: string): string[] {
  const line = page.split('\n').find((text) => text.startsWith(`${start} `));
  if (line === undefined) throw new Error(`the page has no command that begins with ${start}`);
  return line.split(' ').slice(1);
}

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-inspect-'));
const given = {
  program: join(folder, 'ghostexec_days.py'),
  ors_program: join(folder, 'ghostexec_ors.py'),
  dataset: join(folder, 'days.jsonl'),
  own_dataset: join(folder, 'own.jsonl'),
  log_dir: join(folder, 'logs'),
  plans: Object.fromEntries(listTasks().map((entry) => [entry.id, readOracle(oraclePath(entry))?.plan])),
};

let bins: Record<'mcp 2' | 'mcp 1', string>;
let served: Served;
let variables: NodeJS.ProcessEnv;

beforeAll(async () => {
  bins = { 'mcp 2': await installConsumer('inspect'), 'mcp 1': await installConsumer('inspect-openreward') };
  const inFolder = { cwd: folder };
  writeFileSync(given.program, program);
  writeFileSync(given.ors_program, orsProgram);
  await run(process.execPath, [MAIN, ...onPage('ghostexec dataset')], inFolder);
  copyFileSync(join(ROOT, 'scenarios/dinner_disaster.json'), join(folder, 'my-day.json'));
  const own = ['dataset', '--for', 'inspect', '--tasks', 'my-day.json', '--count', '1', '--out', 'own.jsonl'];
  await run(process.execPath, [MAIN, ...own], inFolder);
  const keys = ['--trainer-key', KEYS.GHOSTEXEC_TRAINER_KEY, '--api-key', KEYS.GHOSTEXEC_API_KEY];
  served = await startGhostexec(...keys, ...onPage('GHOSTEXEC_TRAINER_KEY=...').slice(3));
  variables = { ...KEYS, GHOSTEXEC_URL: served.url };
  return async () => {
    await served.stop();
    rmSync(folder, { recursive: true });
  };
}, 2 * INSTALL_MS);

/** Runs the checks of a program, which must be those that are listed. */
async function check(bin: string, name: string, checks: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const outcomes = await runChecks(bin, name, given, env);
  expect(outcomes).toEqual(Object.fromEntries(checks.map((one) => [one, null])));
}

const DAYS = [
  'the_best_plans_reach_the_greatest_grade',
  'a_model_sees_what_has_changed_and_neither_rewards_nor_grades',
  'a_model_may_stop_before_the_end',
  'the_tools_are_the_actions_and_the_briefing',
  'calls_of_one_turn_are_played_in_order',
  'a_call_that_is_not_valid_plays_nothing_and_says_why',
  'every_epoch_plays_an_episode_of_its_own',
  'a_scenario_of_ones_own_is_played',
  'the_agent_cannot_begin_or_read_an_episode',
];

test.each(['mcp 2', 'mcp 1'] as const)('the task of the page is evaluated with the package %s', async (version) => {
  await check(bins[version], 'inspect_days.py', DAYS, variables);
});

test('the client of the package mcp plays an episode', async () => {
  const checks = [
    'a_client_plays_to_the_end',
    'a_call_is_repeated_by_its_request_id',
    'an_unknown_episode_is_an_error_that_says_so',
  ];
  await check(bins['mcp 2'], 'mcp_client.py', checks, variables);
});

describe('the command of the page', () => {
  test('evaluates a model behind an endpoint of OpenAI', async () => {
    const { url, requests } = await startModel();
    const command = [...onPage('inspect eval'), '--log-format', 'json', '--log-dir', join(folder, 'command')];
    const env = { PATH: process.env.PATH, ...variables, LOCAL_BASE_URL: url, LOCAL_API_KEY: 'none' };
    await run(join(bins['mcp 2'], 'inspect'), [...command, '--display', 'none'], { cwd: folder, env });
    const [file = ''] = readdirSync(join(folder, 'command'));
    const log = JSON.parse(readFileSync(join(folder, 'command', file), 'utf8'));
    expect(log).toMatchObject({
      status: 'success',
      results: { scores: [{ name: 'grade', scored_samples: 5, metrics: { mean: { value: 0.01 } } }] },
    });
    const steps = log.samples.map((sample: { scores: { grade: { metadata: { step_count: number } } } }) =>
      Number(sample.scores.grade.metadata.step_count),
    );
    const sum = steps.reduce((all: number, one: number) => all + one, 0);
    // The model ends its turn with an answer that calls nothing.
    expect(requests()).toBe(sum + steps.length);
  });
});

/** A model behind the chat completions of OpenAI. It lets each day pass. */
async function startModel(): Promise<{ url: string; requests: () => number }> {
  let count = 0;
  const server = createServer(async (request, response) => {
    count += 1;
    const { messages } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const isOver = String(messages.at(-1).content).includes('The episode is over.');
    const call = { id: `call-${count}`, type: 'function', function: { name: 'do_nothing', arguments: '{}' } };
    const message = { role: 'assistant', content: isOver ? 'Done.' : null, ...(isOver ? {} : { tool_calls: [call] }) };
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        id: `completion-${count}`,
        object: 'chat.completion',
        created: 1,
        model: 'my-model',
        choices: [{ index: 0, message, finish_reason: isOver ? 'stop' : 'tool_calls' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests: () => count };
}

test('inspect-openreward evaluates the days over ORS', async () => {
  const { url, stop } = await startGhostexec(...onPage('ghostexec serve').slice(1), '--api-key', 'a-key');
  try {
    const checks = [
      'the_last_reward_of_the_best_plans_is_the_greatest_grade',
      'the_last_reward_of_doing_nothing_is_the_least_grade',
      'a_model_that_stops_before_the_end_has_the_grade_so_far',
    ];
    await check(bins['mcp 1'], 'inspect_ors.py', checks, {
      OPENREWARD_API_URL: url,
      OPENREWARD_SESSION_URL: url,
      OPENREWARD_API_KEY: 'a-key',
      OPENREWARD_DISABLE_UPDATE_CHECK: '1',
    });
  } finally {
    await stop();
  }
});

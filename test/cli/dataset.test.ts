/** ghostexec dataset: the keys that each reader needs, equal bytes, and rows that a rollout and a server play. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { VERSION } from '../../src/lib/version.ts';
import { DATASET_FORMATS } from '../../src/rollout/dataset.ts';
import { defaultTaskIds, loadTask, packagePath, taskIds } from '../../src/scenarios/shipped.ts';
import { systemPrompt } from '../../src/sim/v2/prompt.ts';
import { hashOf } from '../../src/world/compile.ts';
import { mcpServer } from '../server/support-mcp.ts';
import { cli } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-dataset-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Row = Record<string, unknown>;

/** The output of a command that must succeed. */
async function output(...args: string[]): Promise<string> {
  const { code, out, err } = await cli(['dataset', ...args]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

const rowsIn = (text: string): Row[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const rows = async (...args: string[]): Promise<Row[]> => rowsIn(await output(...args));

const FACTS = ['id', 'task_id', 'seed', 'rules', 'scenario_sha256', 'package'];

/** The keys of a row, and where its prompt, its tools and its facts are. */
const FORMATS: Record<string, { keys: string[]; prompt: string[]; tools: string[]; facts: string[] }> = {
  trl: { keys: ['prompt', 'tools', 'environment', ...FACTS], prompt: ['prompt'], tools: ['tools'], facts: [] },
  verl: {
    keys: ['prompt', 'data_source', 'agent_name', 'tools', 'extra_info'],
    prompt: ['prompt'],
    tools: ['tools'],
    facts: ['extra_info'],
  },
  skyrl: { keys: ['prompt', 'env_class', 'tools', ...FACTS], prompt: ['prompt'], tools: ['tools'], facts: [] },
  nemo: {
    keys: ['responses_create_params', 'agent_ref', ...FACTS],
    prompt: ['responses_create_params', 'input'],
    tools: ['responses_create_params', 'tools'],
    facts: [],
  },
  inspect: {
    keys: ['id', 'input', 'target', 'metadata'],
    prompt: ['input'],
    tools: ['metadata', 'tools'],
    facts: ['metadata'],
  },
  hf: { keys: ['prompt', 'tools', ...FACTS], prompt: ['prompt'], tools: ['tools'], facts: [] },
};

/** The value at a path of keys. */
const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce((inner, key) => (inner as Row)[key], value);

/** The functions that a model may call by MCP to act, with `$schema` removed. */
async function mcpFunctions(): Promise<Row[]> {
  const { tools } = await (await mcpServer()).call('tools/list', {});
  return (tools as Row[]).flatMap(({ name, description, inputSchema }) => {
    const { $schema: _, ...parameters } = inputSchema as Row;
    return name === 'briefing' ? [] : [{ name, description, parameters }];
  });
}

test('every format of the help is tested here', () => {
  expect(Object.keys(FORMATS).sort()).toEqual([...DATASET_FORMATS].sort());
});

describe.each(Object.entries(FORMATS))('%s', (format, { keys, prompt, tools, facts }) => {
  test('rows have the keys that the reader needs, and no others', async () => {
    for (const row of await rows('--for', format, '--count', '6', '--seed', '3')) {
      expect(Object.keys(row).sort()).toEqual([...keys].sort());
      const { seed, task_id, ...rest } = at(row, facts) as { seed: number; task_id: string };
      const { scenario, drift } = loadTask(task_id);
      expect(Number.isSafeInteger(seed)).toBe(true);
      expect(rest).toMatchObject({
        rules: 'v2',
        scenario_sha256: hashOf(scenario, drift),
        package: `ghostexec@${VERSION}`,
      });
    }
  });

  test('the prompt is the system prompt and the first briefing', async () => {
    const [row] = await rows('--for', format, '--count', '1', '--tasks', 'phase2_core');
    const { out: briefing } = await cli(['scenario', 'show', 'phase2_core']);
    expect(at(row, prompt)).toEqual([
      { role: 'system', content: systemPrompt() },
      { role: 'user', content: briefing },
    ]);
  });

  test('the tools are those of MCP', async () => {
    const [row] = await rows('--for', format, '--count', '1');
    const functions = await mcpFunctions();
    expect(functions).toHaveLength(8);
    expect(at(row, tools)).toEqual(
      functions.map((tool) =>
        format === 'nemo' ? { type: 'function', ...tool, strict: false } : { type: 'function', function: tool },
      ),
    );
  });

  test('equal options give equal bytes, on standard output and in a file; another seed gives others', async () => {
    const options = ['--for', format, '--count', '7', '--seed', '5'];
    const text = await output(...options);
    const file = join(folder, format, 'rows.jsonl');
    expect(await output(...options, '--out', file)).toBe(`7 rows for ${format}: ${file}\n`);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(await output(...options.slice(0, -1), '6')).not.toBe(text);
    // A longer dataset begins with the shorter one.
    expect((await output('--for', format, '--count', '9', '--seed', '5')).startsWith(text)).toBe(true);
  });
});

test('the names of the environment are where each reader looks for them', async () => {
  const first = async (format: string): Promise<Row | undefined> => (await rows('--for', format, '--count', '1'))[0];
  expect(await first('trl')).toMatchObject({ environment: 'ghostexec' });
  expect(await first('verl')).toMatchObject({ data_source: 'ghostexec', agent_name: 'ghostexec' });
  expect((await rows('--for', 'verl', '--count', '3')).map((row) => at(row, ['extra_info', 'index']))).toEqual([
    0, 1, 2,
  ]);
  expect(await first('skyrl')).toMatchObject({ env_class: 'ghostexec' });
  expect(await first('nemo')).toMatchObject({ agent_ref: { type: 'responses_api_agents', name: 'ghostexec' } });
  expect(await first('inspect')).toMatchObject({ id: 'g000000', target: '' });
});

test('a split is its tasks; without one, the rows take the default tasks in turn', async () => {
  const tasksOf = async (...args: string[]): Promise<unknown[]> =>
    (await rows('--for', 'hf', ...args)).map(({ task_id }) => task_id);
  expect(await tasksOf('--split', 'test', '--count', '6')).toEqual([...taskIds(), taskIds()[0]]);
  const ladder = defaultTaskIds();
  expect(await tasksOf('--count', '4')).toEqual([0, 1, 2, 3].map((row) => ladder[row % ladder.length]));
});

test.each([1, 2])('row i begins like group i of a rollout in groups of %i', async (size) => {
  const plan = ['--tasks', 'dinner_disaster,phase2_core', '--seed', '11'];
  const run = join(folder, `run-${size}`);
  const group = ['--episodes', String(3 * size), '--group-size', String(size), '--workers', '0'];
  const { code } = await cli(['rollout', '--policy', 'do_nothing', ...plan, ...group, '--out', run]);
  expect(code).toBe(0);
  const episodes = rowsIn(readFileSync(join(run, 'trajectories.jsonl'), 'utf8'));
  expect(episodes).toHaveLength(3 * size);
  const data = await rows('--for', 'hf', ...plan, '--count', '3');
  for (const [index, episode] of episodes.entries()) {
    const row = data[Math.floor(index / size)];
    const [step] = episode.steps as { observation: string }[];
    expect(episode).toMatchObject({ task_id: row?.task_id, seed: row?.seed, group_id: row?.id, rules: row?.rules });
    expect(at(row, ['prompt', '1', 'content'])).toBe(step?.observation);
  }
});

test('a reset of the server takes a row as it is, with the documents of a scenario file beside it', async () => {
  const file = join(folder, 'my-day.json');
  copyFileSync(packagePath('scenarios/dinner_disaster.json'), file);
  const data = await rows('--for', 'nemo', '--tasks', `drift_drill,${file}`, '--count', '2', '--seed', '4');
  expect(data.map(({ task_id }) => task_id)).toEqual(['drift_drill', 'my-day']);
  expect(data[0]?.scenario_json).toBe(null);
  const { server } = await mcpServer();
  for (const { scenario_json, ...row } of data) {
    const documents = scenario_json === null ? {} : JSON.parse(String(scenario_json));
    const answer = await server.app.inject({ method: 'POST', url: '/reset', payload: { ...row, ...documents } });
    expect(answer.statusCode, answer.body).toBe(200);
    const { observation } = answer.json();
    expect(observation.metadata).toMatchObject({ task_id: row.task_id, seed: row.seed, rules: 'v2' });
    expect(observation.briefing).toBe(at(row, ['responses_create_params', 'input', '1', 'content']));
  }
});

describe('arguments that cannot be used', () => {
  test.each([
    [['--for', 'keras', '--count', '1'], "'keras'"],
    [['--count', '1'], '--for'],
    [['--for', 'trl'], '--count'],
    [['--for', 'trl', '--count', '0'], '"0"'],
    [['--for', 'trl', '--count', '2.5'], '"2.5"'],
    [['--for', 'trl', '--count', '1', '--seed', '-7'], '"-7"'],
    [['--for', 'trl', '--count', '1', '--split', 'dev'], "'dev'"],
    [['--for', 'trl', '--count', '1', '--tasks', 'phase2_core,no_such_day'], '"no_such_day"'],
    [['--for', 'trl', '--count', '1', '--tasks', 'phase2_core', '--split', 'test'], '--split'],
  ])('%j', async (args, quoted) => {
    const { code, out, err } = await cli(['dataset', ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(quoted);
  });

  test('two scenario files with one name', async () => {
    const [one, two] = [join(folder, 'day.json'), join(mkdtempSync(join(folder, 'b-')), 'day.json')];
    for (const path of [one, two]) copyFileSync(packagePath('scenarios/phase2_core.json'), path);
    const { code, err } = await cli(['dataset', '--for', 'hf', '--count', '2', '--tasks', `${one},${two}`]);
    expect(code).toBe(2);
    expect(err).toContain('two scenario files are named day');
  });
});

test('a file that cannot be written ends the command with 1 and names the path', async () => {
  const { code, err } = await cli(['dataset', '--for', 'hf', '--count', '1', '--out', folder]);
  expect(code).toBe(1);
  expect(err).toContain(`cannot write ${folder}`);
});

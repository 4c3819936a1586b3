/** The declarations in openenv.yaml are true. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { readOracle } from '../../src/scenarios/files.ts';
import { DIFFICULTIES, listTasks, loadTask, oraclePath } from '../../src/scenarios/shipped.ts';
import { SPLITS, shipped } from '../../src/scenarios/source.ts';
import { REWARD_RANGE } from '../../src/sim/v2/constants.ts';
import { ACTION_TYPES } from '../../src/world/schema.ts';
import { CANARIES, MANIFEST, PLAN, ROOT, readText } from './support-manifest.ts';

const { validation } = MANIFEST;
const exists = (path: string): boolean => existsSync(new URL(path, ROOT));

test('name, version and entry point are those of the package', () => {
  expect([MANIFEST.name, MANIFEST.version]).toEqual([packageJson.name, packageJson.version]);
  expect(validation.task_distribution.dataset_version).toBe(packageJson.version);
  expect(MANIFEST.app).toBe(packageJson.bin.ghostexec);
});

test('the step limit is that of the longest task, and the difficulties are those of the tasks', () => {
  const steps = MANIFEST.tasks.map(({ id }) => loadTask(id).scenario.max_episode_steps ?? Number.NaN);
  expect(MANIFEST.max_steps).toBe(Math.max(...steps));
  const used = new Set(MANIFEST.tasks.map(({ difficulty }) => difficulty));
  expect(MANIFEST.difficulties).toEqual(DIFFICULTIES.filter((one) => used.has(one)));
});

test('every file that it names exists, including the plan of every task', () => {
  const { execution, capabilities } = validation;
  const named = MANIFEST.tasks.flatMap(({ scenario, drift }) => [scenario, ...(drift === undefined ? [] : [drift])]);
  named.push(execution.probe_path, execution.dockerfile, capabilities.canaries, capabilities.oracle.location);
  expect(named.filter((path) => !exists(path))).toEqual([]);
  for (const entry of listTasks()) expect(readOracle(oraclePath(entry))?.plan.length).toBeGreaterThan(0);
});

test('the declared range of a reward is the provable range of the rules', () => {
  const [low, high] = validation.reward.range;
  expect(low).toBeCloseTo(REWARD_RANGE[0], 9);
  expect(high).toBeCloseTo(REWARD_RANGE[1], 9);
});

test('the tools are the actions and the briefing, and the splits have the declared number of rows', () => {
  const { declared_tools, declared_task_count, task_api } = validation.capabilities;
  expect(declared_tools).toEqual([...ACTION_TYPES, 'briefing']);
  expect(task_api).toBe(true);
  expect(declared_task_count).toEqual(Object.fromEntries(SPLITS.map((split) => [split, shipped.count(split)])));
});

test('the probe plan keeps within the bounds of its format', () => {
  const text = readText(validation.execution.probe_path);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(65_536);
  expect(PLAN.reset.options.task_id).toBe(listTasks()[0]?.id);
});

test('neither the probe plan nor a canary gives away a step of a stored plan', () => {
  const secret = new Set<string>();
  for (const entry of listTasks()) {
    // Which email, meeting or task needs attention is not secret; who gets a task and what an answer says is.
    for (const action of readOracle(oraclePath(entry))?.plan ?? []) {
      const { task_id, contact_name, message_body } = action;
      if (message_body) secret.add(message_body);
      if (task_id && contact_name) secret.add(`${entry.id} ${task_id} ${contact_name}`);
    }
  }
  expect(secret.size).toBeGreaterThan(20);
  const said = ({ actions }: { actions: Record<string, unknown>[] }): unknown[] =>
    actions.map(({ message_body }) => message_body);
  const shown = [PLAN, ...CANARIES.trajectories].flatMap(said).filter((body) => secret.has(String(body)));
  expect(shown).toEqual([]);
  const given = PLAN.actions.map((action) => `${PLAN.reset.options.task_id} ${action.task_id} ${action.contact_name}`);
  expect(given.filter((one) => secret.has(one))).toEqual([]);
});

test('the head of the README configures a Space that serves the same port', async () => {
  const { parse } = await import('yaml');
  const [, head = ''] = /^---\n([\s\S]*?)\n---\n/.exec(readText('README.md')) ?? [];
  const space = parse(head) as Record<string, unknown>;
  expect(space).toMatchObject({ sdk: 'docker', app_port: MANIFEST.port, base_path: '/web', license: 'bsd-3-clause' });
  expect(space.tags).toEqual(expect.arrayContaining(['openenv', 'reinforcement-learning', 'llm-agents']));
  // The values that a Space accepts.
  const colors = ['red', 'yellow', 'green', 'blue', 'indigo', 'purple', 'pink', 'gray'];
  expect(colors).toEqual(expect.arrayContaining([space.colorFrom, space.colorTo]));
  expect(String(space.short_description).length).toBeLessThanOrEqual(60);
  expect(space.emoji).toMatch(/^\p{Extended_Pictographic}\uFE0F?$/u);
  for (const key of ['title', 'emoji', 'short_description']) expect(space[key]).toEqual(expect.any(String));
});

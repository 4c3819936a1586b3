/** Rollouts of scenarios that are not shipped: played, graded, resumed, verified and reported like any other. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { verifyRollout } from '../../src/cli/verify.ts';
import { policyNamed } from '../../src/policies/policies.ts';
import { writeReport } from '../../src/report/report.ts';
import { checkPlan, type PlanInput } from '../../src/rollout/plan.ts';
import { MANIFEST, type RunOptions, runRollout, TRAJECTORIES } from '../../src/rollout/run.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { sharedServer } from '../server/support-server.ts';
import { cli } from '../support/cli.ts';
import { connectTo } from './remote-support.ts';

const shared = sharedServer({ workers: 1 });
const folder = mkdtempSync(join(tmpdir(), 'ghostexec-own-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newFolder = (): string => join(mkdtempSync(join(folder, 'run-')), 'run');

const { scenario, drift } = loadTask('drift_drill');
const shorter = { ...loadTask('phase2_core').scenario, max_episode_steps: 5 };
const PLAN: PlanInput = {
  tasks: ['drill', 'monday_morning', 'short'],
  scenarios: { drill: { scenario, drift }, short: { scenario: shorter } },
  ...{ policy: 'random', episodes: 18, groupSize: 3, seed: 5, rules: 'v2', rewardMode: 'full' },
};

async function play(options: Partial<RunOptions> = {}): Promise<{ out: string; text: string }> {
  const out = options.out ?? newFolder();
  await runRollout({ plan: PLAN, workers: 0, numEnvs: 2, resume: false, ...options, out });
  return { out, text: readFileSync(join(out, TRAJECTORIES), 'utf8') };
}

const whole = play();

test('the bytes do not depend on workers, on the way of playing, or on an interruption', async () => {
  const { text, out } = await whole;
  expect((await play({ workers: 2 })).text).toBe(text);
  for (const numEnvs of [1, 7]) expect((await play({ policy: policyNamed('random'), numEnvs })).text).toBe(text);
  expect((await play({ policy: policyNamed('random'), workers: 2 })).text).toBe(text);
  const copy = await play();
  truncateSync(join(copy.out, TRAJECTORIES), text.length >> 1);
  expect((await play({ out: copy.out, resume: true })).text).toBe(text);
  expect(readFileSync(join(out, MANIFEST), 'utf8')).toBe(readFileSync(join(copy.out, MANIFEST), 'utf8'));
});

test('a server plays them', async () => {
  const { text } = await whole;
  for (const numEnvs of [1, 5]) {
    const remote = await connectTo(new URL(shared().url), checkPlan(PLAN));
    expect((await play({ remote, numEnvs })).text).toBe(text);
  }
});

test('they are graded, verified and reported', async () => {
  const { out, text } = await whole;
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const { task_id, grade } of records) expect(grade, task_id).toBeGreaterThanOrEqual(0.01);
  expect(records.filter(({ task_id }) => task_id === 'short').every(({ length }) => length <= 5)).toBe(true);
  const trajectories = join(out, TRAJECTORIES);
  const verified = await verifyRollout(trajectories);
  expect(verified).toMatchObject({ differing: 0 });
  expect(verified.lines).toEqual([`${trajectories}: 18 of 18 episodes reproduce (${stepsOf(records)} steps)`]);
  const { written } = await writeReport(join(out, TRAJECTORIES), join(folder, 'report'));
  const page = readFileSync(written[0] ?? '', 'utf8');
  // The time of a step comes from playing the episode again.
  expect(page).toMatch(/g00000[25]-00\d, 5 steps(?:(?!<\/article>).)*<span class="when">09:00/s);
});

function stepsOf(records: readonly { length: number }[]): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}

test('a changed scenario is another run, and names and documents are checked', async () => {
  const { out } = await play();
  const other = { ...PLAN, scenarios: { ...PLAN.scenarios, short: { scenario: { ...shorter, stress: 1 } } } };
  await expect(runRollout({ plan: other, out, workers: 0, numEnvs: 2, resume: true })).rejects.toMatchObject({
    code: 'OTHER_RUN',
  });
  const planned = (scenarios: PlanInput['scenarios'], tasks = Object.keys(scenarios ?? {})): unknown =>
    checkPlan({ ...PLAN, tasks, scenarios });
  expect(() => planned({ phase2_core: { scenario } })).toThrow('has the name of a shipped task, phase2_core');
  expect(() => planned({ mine: { scenario } }, ['drift_drill'])).toThrow('scenarios: no task is named "mine"');
  expect(() => planned({ mine: { scenario: { ...scenario, stress: 'high' } } })).toThrow('stress: ');
  expect(() => planned(undefined, ['mine'])).not.toThrow();
  const unknown = { ...PLAN, tasks: ['mine'], scenarios: undefined };
  await expect(runRollout({ plan: unknown, out: newFolder(), workers: 0, numEnvs: 2, resume: false })).rejects.toThrow(
    'there is no task "mine"',
  );
});

test('on the command line they are files, which a resumed run no longer needs', async () => {
  const files = ['morning.json', 'evening.json'].map((name) => join(folder, name));
  for (const file of files) writeFileSync(file, JSON.stringify(shorter));
  const out = newFolder();
  const args = ['rollout', '--tasks', files.join(','), '--episodes', '4', '--group-size', '2', '--out', out];
  const { code, out: printed } = await cli(args);
  expect([code, printed]).toEqual([0, expect.stringMatching(/morning +.*\n.*evening/)]);
  const text = readFileSync(join(out, TRAJECTORIES), 'utf8');
  truncateSync(join(out, TRAJECTORIES), 100);
  for (const file of files) rmSync(file);
  expect((await cli(['rollout', '--out', out, '--resume'])).code).toBe(0);
  expect(readFileSync(join(out, TRAJECTORIES), 'utf8')).toBe(text);
  expect((await cli(['verify', out])).code).toBe(0);
  expect(await cli(['rollout', '--tasks', 'nowhere.json'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('no file "nowhere.json"'),
  });
});

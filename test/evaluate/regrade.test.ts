/** A run is graded again from its answers: to the same bytes if nothing has changed, and to other grades if something has. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyRun } from '../../src/analysis/verify-run.ts';
import { regradeRun } from '../../src/evaluate/regrade-run.ts';
import { type Policy, PolicyFailure, readRunManifest, runRollout } from '../../src/index.ts';
import { oracleOfTasks } from '../../src/policies/oracle.ts';
import type { PlanInput } from '../../src/rollout/plan.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { newFolder, recordsIn } from '../model/support-model.ts';
import { cli } from '../support/cli.ts';
import { calling, completion, endpointFor } from '../support/scripted-endpoint.ts';

const trajectories = (out: string): string => join(out, 'trajectories.jsonl');
const manifest = (out: string): string => join(out, 'manifest.json');

async function runOf(policy: Policy | string, plan: PlanInput): Promise<string> {
  const out = newFolder();
  const given = typeof policy === 'string' ? { plan: { ...plan, policy } } : { plan, policy };
  await runRollout({ ...given, out, workers: 0 });
  return out;
}

/** Replaces text in a file, which must have it. */
function change(path: string, pattern: RegExp, by: string): void {
  const before = readFileSync(path, 'utf8');
  const after = before.replace(pattern, by);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

test.each(['v1', 'v2'] as const)('under rules %s that have not changed, every byte is the same', async (rules) => {
  const plan = { tasks: ['drift_drill', 'phase2_core'], episodes: 12, groupSize: 3, rules, seed: 4 };
  const run = await runOf('random', plan);
  const out = newFolder();
  const { changed, changed_tasks, edition } = await regradeRun(run, out);
  expect({ changed, changed_tasks }).toEqual({ changed: [], changed_tasks: [] });
  expect(edition[0]).toBe(edition[1]);
  expect(readFileSync(trajectories(out), 'utf8')).toBe(readFileSync(trajectories(run), 'utf8'));
  expect(readFileSync(manifest(out), 'utf8')).toBe(readFileSync(manifest(run), 'utf8'));
});

test('answers of all forms, metadata and failures are kept', async () => {
  const policy: Policy = {
    name: 'everything',
    act: ({ episode, step }) => {
      if (episode === 1 && step === 2) throw new PolicyFailure('context_overflow', 'too long');
      const metadata = { tokens: step };
      const forms = [
        { completion: '{"action_type": "archive_email", "email_id": "e04"} \ud800', metadata },
        { action: { action_type: 'archive_email', email_id: 'e05' }, metadata },
        'no action at all',
        { action_type: 'do_nothing', note: ['more'] },
      ] as const;
      return forms[step % forms.length] as (typeof forms)[0];
    },
  };
  const run = await runOf(policy, { tasks: ['phase2_core'], episodes: 2, groupSize: 2 });
  const out = newFolder();
  await regradeRun(run, out);
  expect(readFileSync(trajectories(out), 'utf8')).toBe(readFileSync(trajectories(run), 'utf8'));
});

test('another grade of a success changes the successes only', async () => {
  const run = await runOf(oracleOfTasks, { tasks: ['phase2_core'], episodes: 2, groupSize: 2, successGrade: 0.99 });
  change(manifest(run), /"prompt_sha256": "\w+"/, `"prompt_sha256": "${'0'.repeat(64)}"`);
  change(trajectories(run), /"prompt_sha256":"\w+"/g, `"prompt_sha256":"${'0'.repeat(64)}"`);
  const out = newFolder();
  const regraded = await regradeRun(run, out, { successGrade: 0.5 });
  expect(regraded.success_grade).toEqual([0.99, 0.5]);
  expect(regraded.changed).toEqual([]);
  const records = await recordsIn(out);
  expect(records).toMatchObject([{ success: true, success_grade: 0.5 }, { success: true }]);
  // The policy read the prompt of its time.
  expect(records[0]?.prompt_sha256).toBe('0'.repeat(64));
  expect(readRunManifest(manifest(out)).prompt_sha256).toBe('0'.repeat(64));
});

test('a changed scenario gives other grades, which are listed', async () => {
  const { scenario } = loadTask('phase2_core');
  const emails = scenario.emails.map((email) => ({ ...email, priority: 'low' as const }));
  const run = await runOf('greedy', { tasks: ['own'], scenarios: { own: { scenario } }, episodes: 2, groupSize: 2 });
  const { plan, ...rest } = JSON.parse(readFileSync(manifest(run), 'utf8'));
  plan.scenarios.own.scenario = { ...scenario, emails };
  writeFileSync(manifest(run), JSON.stringify({ ...rest, plan }));
  const out = newFolder();
  const ran = await cli(['regrade', run, '--out', out]);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toContain('The scenario of own has changed since the run.');
  expect(ran.out).toMatch(/episodes that changed.*\ng000000-000 +own /);
  const [[before], [after]] = [await recordsIn(run), await recordsIn(out)];
  expect(after?.grade).not.toBe(before?.grade);
  expect(after?.steps.map(({ action }) => action)).toEqual(before?.steps.map(({ action }) => action));
  expect(await verifyRun(out)).toMatchObject({ episodes: 2, reproduced: 2, differing: 0 });
  expect(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')).rows[0].grade.mean).toBe(after?.grade);
});

test('a run of an earlier edition, which nothing else reads, is graded by the present one', async () => {
  const run = await runOf('random', { tasks: ['phase2_core'], episodes: 2, groupSize: 2 });
  const expected = readFileSync(trajectories(run), 'utf8');
  change(manifest(run), /"edition": \d+,/, '');
  change(trajectories(run), /"edition":\d+,/g, '');
  // As a grader of that edition, whose steps had other parts.
  change(trajectories(run), /"grade":0\.\d+/g, '"grade":0.5');
  change(trajectories(run), /"reward_breakdown":\{[^}]*\}/g, '"reward_breakdown":{}');
  expect(await cli(['eval', '--resume', '--out', run])).toMatchObject({
    code: 1,
    err: expect.stringContaining('edition 1'),
  });
  const out = newFolder();
  const { edition, changed } = await regradeRun(run, out);
  expect(edition).toEqual([1, 2]);
  expect(changed.map(({ grade: [before] }) => before)).toEqual([0.5, 0.5]);
  expect(readFileSync(trajectories(out), 'utf8')).toBe(expected);
});

test('a model is not asked again', async () => {
  const { url, calls } = await endpointFor(({ number }) => ({
    body:
      number % 2 === 0 ? completion('{"action_type": "do_nothing"}') : calling(['archive_email', { email_id: 'e04' }]),
  }));
  const run = newFolder();
  const model = ['--model', 'scripted', '--base-url', url, '--num-envs', '1'];
  const plan = ['--tasks', 'phase2_core', '--samples', '1', '--workers', '0'];
  expect((await cli(['eval', ...model, ...plan, '--out', run])).code).toBe(0);
  const asked = calls.length;
  const out = newFolder();
  expect((await cli(['regrade', run, '--out', out])).code).toBe(0);
  expect(calls.length).toBe(asked);
  for (const file of ['trajectories.jsonl', 'summary.json', 'manifest.json']) {
    expect(readFileSync(join(out, file), 'utf8')).toBe(readFileSync(join(run, file), 'utf8'));
  }
});

test('what is not a whole run is refused', async () => {
  const run = await runOf('greedy', { tasks: ['phase2_core'], episodes: 2, groupSize: 1 });
  const refused = async (why: string, code: number, ...args: string[]): Promise<void> => {
    expect(await cli(['regrade', ...args])).toMatchObject({ code, err: expect.stringContaining(why) });
  };
  const none = newFolder();
  await refused(`there is no run in ${none}`, 2, none);
  await refused('holds a run already', 2, run, '--out', run);
  await refused('Expected a number from 0.01 to 0.99', 2, run, '--success-grade', '2');
  const text = readFileSync(trajectories(run), 'utf8');
  const [one = '', two = ''] = text.split('\n');
  writeFileSync(trajectories(run), `${one}\n`);
  await refused('has 1 episodes; its manifest says 2', 1, run, '--out', newFolder());
  writeFileSync(trajectories(run), `${two}\n${one}\n`);
  await refused('has episode 1 in place of episode 0', 1, run, '--out', newFolder());
  writeFileSync(trajectories(run), `${one}\n{}\n`);
  await refused(`line 2 of ${trajectories(run)} is not a record`, 1, run, '--out', newFolder());
  change(manifest(run), /"status": "complete"/, '"status": "interrupted"');
  await refused('is interrupted; finish it first', 2, run, '--out', newFolder());
});

test('after a regrade that could not go on, the same command starts over', async () => {
  const run = await runOf('greedy', { tasks: ['phase2_core'], episodes: 2, groupSize: 1 });
  const text = readFileSync(trajectories(run), 'utf8');
  writeFileSync(trajectories(run), text.slice(0, text.indexOf('\n') + 1));
  const out = newFolder();
  expect((await cli(['regrade', run, '--out', out])).code).toBe(1);
  writeFileSync(trajectories(run), text);
  expect((await cli(['regrade', run, '--out', out])).code).toBe(0);
  expect(readFileSync(trajectories(out), 'utf8')).toBe(text);
});

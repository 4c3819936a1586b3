/** A rollout is played again from its records, and every field is compared with the result. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { RolloutVerifier } from '../../src/analysis/verify-run.ts';
import { verifyRollout } from '../../src/cli/verify.ts';
import type { Policy } from '../../src/policies/policy.ts';
import { recordJson } from '../../src/records/record-json.ts';
import type { EpisodeRecord, StepRecord } from '../../src/records/schema.ts';
import type { PlanInput } from '../../src/rollout/plan.ts';
import { type RunOptions, runRollout } from '../../src/rollout/run.ts';
import type { PolicyAnswer } from '../../src/world/completion/completion.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-verify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLAN: PlanInput = {
  tasks: ['phase2_core', 'monday_morning', 'dinner_disaster'],
  policy: 'random',
  episodes: 24,
  groupSize: 4,
  seed: 3,
  rules: 'v2',
  rewardMode: 'full',
};

const ANSWERS: readonly unknown[] = [
  'That can go. <action>{"action_type": "archive_email", "email_id": "e01"}</action>',
  'no action at all \u2028 \ud800',
  { action_type: 'archive_email', email_id: 'e02', mood: 'blue', channel: null },
  undefined,
  { action_type: 'nap', email_id: 7 },
  Promise.resolve({}),
  { action_type: 'archive_email', email_id: '\udfff' },
];

/** Answers of every kind; every third episode fails. */
const mixed: Policy = {
  name: 'mixed \ud800',
  start: (seed) => {
    let at = seed % ANSWERS.length;
    let left = seed % 3 === 0 ? 3 : 100;
    return {
      act: () => {
        if (left-- === 0) throw new Error('enough \udfff');
        return ANSWERS[at++ % ANSWERS.length] as PolicyAnswer;
      },
    };
  },
};

async function rollOut(plan: Partial<PlanInput> = {}, options: Partial<RunOptions> = {}): Promise<string> {
  const out = mkdtempSync(join(folder, 'run-'));
  await runRollout({ plan: { ...PLAN, ...plan }, workers: 0, numEnvs: 5, resume: false, ...options, out });
  return join(out, 'trajectories.jsonl');
}

const recordsOf = (path: string): EpisodeRecord[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe.each([
  { rules: 'v2' },
  { rules: 'v1' },
  { rules: 'v2', observations: 'none' },
  { rules: 'v1', rewardMode: 'base', policy: 'greedy' },
] as const)('a rollout with %j', (plan) => {
  test('of a built-in policy reproduces', async () => {
    const path = await rollOut(plan);
    const steps = recordsOf(path).reduce((sum, { length }) => sum + length, 0);
    const { lines, differing } = await verifyRollout(path);
    expect(lines).toEqual([`${path}: 24 of 24 episodes reproduce (${steps} steps)`]);
    expect(differing).toBe(0);
  });

  test('of answers of every kind reproduces, with its failed episodes', async () => {
    const path = await rollOut(plan, { policy: mixed });
    expect(new Set(recordsOf(path).map(({ status }) => status))).toEqual(new Set(['complete', 'failed']));
    const { lines, differences } = await verifyRollout(path);
    expect(differences).toEqual([]);
    expect(lines[0]).toMatch(/24 of 24 episodes reproduce/);
  });
});

const path = rollOut({}, { policy: mixed });

describe('a difference names the episode, the step, the field, the value in the file and the correct value', () => {
  const inStep = (change: (step: StepRecord) => Partial<StepRecord>): ((record: EpisodeRecord) => EpisodeRecord) => {
    return (record) => ({
      ...record,
      steps: record.steps.map((step, index) => (index === 1 ? { ...step, ...change(step) } : step)),
    });
  };
  const action = { action_type: 'do_nothing', email_id: '', message_body: '', meeting_id: '', new_time: '' } as const;
  const others = { reason: '', task_id: '', contact_name: '', channel: '', message: '' } as const;

  test.each<[string, string, (record: EpisodeRecord) => EpisodeRecord]>([
    ['2', 'observation', inStep(({ observation }) => ({ observation: `${observation} ` }))],
    ['2', 'reward', inStep(({ reward }) => ({ reward: reward + 1e-12 }))],
    ['2', 'reward_breakdown.final', inStep((s) => ({ reward_breakdown: { ...s.reward_breakdown, final: 9 } }))],
    ['2', 'terminated', inStep(() => ({ terminated: true }))],
    ['2', 'truncated', inStep(() => ({ truncated: true }))],
    ['2', 'step_ok', inStep(({ step_ok }) => ({ step_ok: !step_ok }))],
    ['2', 'error', inStep(({ error }) => ({ error: `${error}!` }))],
    [
      '2',
      'action',
      inStep(() => ({ completion: 'nothing to see', extra_json: null, action: { ...action, ...others } })),
    ],
    ['episode', 'return', (record) => ({ ...record, return: (record.return ?? 0) + 1 })],
    ['episode', 'grade', (record) => ({ ...record, grade: 0.9876 })],
    ['episode', 'grade_parts', (record) => ({ ...record, grade_parts: null })],
    ['episode', 'success', (record) => ({ ...record, success: !record.success })],
    ['episode', 'length', (record) => ({ ...record, length: record.length + 1 })],
    ['episode', 'invalid_steps', (record) => ({ ...record, invalid_steps: record.invalid_steps + 1 })],
    ['episode', 'advantage', (record) => ({ ...record, advantage: 12 })],
    ['episode', 'length', (record) => ({ ...record, steps: record.steps.slice(0, -1) })],
    ['episode', 'task_id', (record) => ({ ...record, task_id: 'no_such_task' })],
    ['episode', 'task_id', (record) => ({ ...record, rules: 'v3' })],
    ['episode', 'status', (record) => ({ ...record, status: 'failed' })],
  ])('in step %s, %s', async (step, field, change) => {
    const records = recordsOf(await path);
    const at = records.findIndex(({ status }) => status === 'complete');
    const verifier = new RolloutVerifier('run');
    for (const [index, record] of records.entries()) verifier.add(index === at ? change(record) : record);
    const { differences, episodes, reproduced } = verifier.finish();
    expect(differences).toContainEqual(
      expect.objectContaining({ recording: `run episode ${records[at]?.episode_id}`, step, field }),
    );
    expect(episodes - reproduced).toBe(field === 'advantage' ? 0 : 1);
  });

  test('a step after the end', async () => {
    const [record] = recordsOf(await path).filter(({ status }) => status === 'complete');
    if (record === undefined) throw new TypeError('there is a complete episode');
    const verifier = new RolloutVerifier('run');
    verifier.add({ ...record, advantage: null, steps: [...record.steps, ...record.steps.slice(-1)] });
    const step = String(record.length + 1);
    expect(verifier.finish().differences).toEqual([
      {
        recording: `run episode ${record.episode_id}`,
        step,
        field: '-',
        expected: 'a step',
        actual: expect.any(String),
      },
    ]);
  });
});

describe('beside its manifest', () => {
  test('episodes of another plan, missing episodes and lines that are not records are differences', async () => {
    const file = await rollOut();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const swapped = [lines[1], lines[0], ...lines.slice(2, 9), 'nonsense', ...lines.slice(10, 20)];
    writeFileSync(file, swapped.map((line) => `${line}\n`).join(''));
    const { differences, lines: reported } = await verifyRollout(file);
    expect(reported).toEqual([expect.stringMatching(/17 of 19 episodes reproduce .*; 1 line cannot be read$/)]);
    const found = differences.map(({ recording, field }) => `${recording.slice(file.length + 1)} ${field}`);
    expect(found).toContain('episode g000000-001 episode_id');
    expect(found).toContain('episode g000000-001 policy_seed');
    expect(found).toContain('line 10 -');
    expect(differences.at(-1)).toMatchObject({ field: 'lines', expected: 24, actual: 20 });
    // The advantages of a group with a missing episode are not compared.
    expect(found.filter((one) => one.endsWith('advantage'))).toEqual([]);
  });

  test('a run that was interrupted within a group reproduces up to that point', async () => {
    const file = await rollOut();
    const manifest = file.replace('trajectories.jsonl', 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"complete"', '"interrupted"'));
    const cut = recordsOf(file).slice(0, 10);
    writeFileSync(file, cut.map((one, at) => `${recordJson(at < 8 ? one : { ...one, advantage: null })}\n`).join(''));
    expect(await verifyRollout(file)).toMatchObject({
      differing: 0,
      lines: [expect.stringMatching(/10 of 10 episodes/)],
    });
  });

  test('a scenario that has changed since is named', async () => {
    const file = await rollOut();
    const manifest = file.replace('trajectories.jsonl', 'manifest.json');
    const changed = JSON.parse(readFileSync(manifest, 'utf8'));
    changed.scenario_hashes.monday_morning = '0'.repeat(64);
    writeFileSync(manifest, JSON.stringify(changed));
    const { lines } = await verifyRollout(file);
    expect(lines[0]).toBe(`${file}: the scenario of monday_morning has changed since the run`);
  });
});

test('a file and a manifest of format 1 are reported as such', async () => {
  const file = await rollOut({ episodes: 4 });
  const manifest = file.replace('trajectories.jsonl', 'manifest.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"version": 2', '"version": 1'));
  const old = recordsOf(file).map(({ steps, ...summary }) => ({
    ...summary,
    steps: steps.map(({ completion, extra_json: _, ...step }) => ({ ...step, action: completion ?? step.action })),
  }));
  const padded = (line: string): string => line.replace(/"advantage":[^,]*/, (field) => field.padEnd(37));
  writeFileSync(file, old.map((record) => `${padded(JSON.stringify(record))}\n`).join(''));
  const { differences } = await verifyRollout(file);
  expect(differences).toHaveLength(5);
  expect(differences[0]?.actual).toMatch(/is of version 1, .*; expected version 2, .*play the run again/);
  expect(differences[1]?.recording).toMatch(/ line 1$/);
  expect(differences[1]?.actual).toMatch(
    /^its steps are of format 1, .*expected `completion`, `action` and `extra_json`/,
  );
  const resume = { plan: { ...PLAN, episodes: 4 }, workers: 0, numEnvs: 1, resume: true };
  const out = join(file, '..');
  await expect(runRollout({ ...resume, out })).rejects.toThrow(/manifest.json is of version 1/);
  rmSync(manifest);
  await expect(runRollout({ ...resume, out })).rejects.toThrow(/line 1 of the trajectories .*format 1/);
});

test('a file without a manifest is verified by itself', async () => {
  const file = await rollOut({ episodes: 4 });
  rmSync(file.replace('trajectories.jsonl', 'manifest.json'));
  appendFileSync(file, '\n');
  const { lines, differing } = await verifyRollout(file);
  expect(differing).toBe(0);
  expect(lines).toEqual([
    expect.stringMatching(/no manifest.json/),
    expect.stringMatching(/4 of 4 episodes reproduce/),
  ]);
});

test.each([
  [undefined, 0.8],
  [0.3, 0.3],
])('records have their outcome by the success grade %s', async (successGrade, threshold) => {
  const out = mkdtempSync(join(folder, 'success-'));
  const plan = { ...PLAN, policy: 'greedy', ...(successGrade === undefined ? {} : { successGrade }) };
  const { summaries } = await runRollout({ plan, out, workers: 0 });
  const records = readFileSync(join(out, 'trajectories.jsonl'), 'utf8').trim().split('\n');
  const written = records.map((line): EpisodeRecord => JSON.parse(line));
  for (const { grade, success, success_grade } of [...summaries, ...written]) {
    expect([success, success_grade]).toEqual([(grade ?? 0) >= threshold, threshold]);
  }
  expect(new Set(written.map(({ success }) => success)).size).toBe(1);
  expect(written[0]?.success).toBe(threshold === 0.3);
  // As the lines were before the field existed.
  const old = written.map(({ success: _, success_grade: __, ...record }) => JSON.stringify(record)).join('\n');
  if (successGrade === undefined) writeFileSync(join(out, 'trajectories.jsonl'), `${old}\n`);
  expect((await verifyRollout(out)).differing).toBe(0);
});

/** Shards of a rollout, and the run that they make together. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { verifyRollout } from '../../src/cli/verify.ts';
import { disk } from '../../src/lib/disk.ts';
import { policyNamed } from '../../src/policies/policies.ts';
import { mergeShards } from '../../src/rollout/merge.ts';
import { episodesOf, type PlanInput } from '../../src/rollout/plan.ts';
import { MANIFEST, type RunOptions, runRollout, TRAJECTORIES } from '../../src/rollout/run.ts';
import { cli, type Ran } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-shards-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newFolder = (): string => join(mkdtempSync(join(folder, 'run-')), 'run');

const PLAN: PlanInput = {
  tasks: ['phase2_core', 'drift_drill'],
  ...{ policy: 'random', episodes: 21, groupSize: 3, seed: 9, rules: 'v2', rewardMode: 'full' },
};

async function play(options: Partial<RunOptions> = {}): Promise<string> {
  const out = options.out ?? newFolder();
  await runRollout({ plan: PLAN, workers: 0, numEnvs: 4, resume: false, ...options, out });
  return out;
}

const shardsOf = (of: number): Promise<string[]> =>
  Promise.all(Array.from({ length: of }, (_, i) => play({ shard: { index: i + 1, of } })));

const filesIn = (out: string): Record<string, string> =>
  Object.fromEntries(readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'utf8')]));

const whole = play();

test.each([1, 2, 5, 7, 9])('%i shards make the same files as a run on one machine', async (of) => {
  const shards = await shardsOf(of);
  const out = newFolder();
  await mergeShards(shards.reverse(), out);
  expect(filesIn(out)).toEqual(filesIn(await whole));
});

test('shards have whole groups, each about as many', () => {
  for (const of of [1, 2, 3, 5, 7, 9, 100]) {
    const ranges = Array.from({ length: of }, (_, i) =>
      episodesOf({ episodes: 210, groupSize: 3 }, { index: i + 1, of }),
    );
    let next = 0;
    for (const { first, end } of ranges) {
      expect(first).toBe(next);
      expect(first % 3).toBe(0);
      expect(Math.abs((end - first) / 3 - 70 / of)).toBeLessThan(1);
      next = end;
    }
    expect(next).toBe(210);
  }
});

describe('a shard', () => {
  test('is resumed with the same bytes, by any way of playing, and verifies', async () => {
    const shard = { index: 2, of: 3 };
    const out = await play({ shard, workers: 2 });
    const files = filesIn(out);
    truncateSync(join(out, TRAJECTORIES), 30_000);
    await play({ out, shard, resume: true, policy: policyNamed('random') });
    expect(filesIn(out)[TRAJECTORIES]).toBe(files[TRAJECTORIES]);
    const verified = await verifyRollout(join(out, TRAJECTORIES));
    expect(verified).toMatchObject({ differing: 0, lines: [expect.stringContaining('6 of 6 episodes reproduce')] });
    await expect(play({ out, resume: true })).rejects.toThrow(/its shard is .*index.*2.*of.*3.*, this one's is "null"/);
  });

  test('has records', async () => {
    await expect(play({ plan: { ...PLAN, records: false }, shard: { index: 1, of: 2 } })).rejects.toThrow(
      'a shard without records could not be merged',
    );
    await expect(play({ shard: { index: 3, of: 2 } })).rejects.toThrow(
      'expected an index from 1 to the number of shards',
    );
  });
});

describe('a merge is refused', () => {
  const shards = shardsOf(3);
  const refusal = async (folders: readonly string[], out = newFolder()): Promise<string> =>
    mergeShards(folders, out).then(
      () => 'merged',
      (error: Error) => error.message,
    );

  test('if a shard is missing or given twice, or is a whole run', async () => {
    const [a = '', b = '', c = ''] = await shards;
    expect(await refusal([a, c])).toBe('of 3 shards, 2 is missing');
    expect(await refusal([b])).toBe('of 3 shards, 1, 3 are missing');
    expect(await refusal([a, b, c, b])).toBe(`shard 2/3 is given twice: ${b}, ${b}`);
    expect(await refusal([await whole])).toContain('holds a whole run, not a shard of one');
    expect(await refusal([])).toBe('there is no shard to merge');
  });

  test('if the shards are of different runs', async () => {
    const [a = '', b = '', c = ''] = await shards;
    const other = await play({ plan: { ...PLAN, seed: 10 }, shard: { index: 3, of: 3 } });
    expect(await refusal([a, b, other])).toMatch(/are not of one run: their plan is .*seed.*:9.* and .*seed.*:10/);
    const [half = ''] = await shardsOf(2);
    expect(await refusal([half, b, c])).toMatch(/are not of one run: their shard is .*of.*:2.* and .*of.*:3/);
  });

  test('if a shard is unfinished or damaged, or the folder holds a run', async () => {
    const [a = '', b = '', c = ''] = await shards;
    const copy = newFolder();
    cpSync(b, copy, { recursive: true });
    const manifest = readFileSync(join(copy, MANIFEST), 'utf8');
    writeFileSync(join(copy, MANIFEST), manifest.replace('"complete"', '"interrupted"'));
    expect(await refusal([a, copy, c])).toBe(
      `shard 2/3 in ${copy} is interrupted: it has 6 of 6 episodes; finish it first: ghostexec rollout --out ${copy} --resume`,
    );
    writeFileSync(join(copy, MANIFEST), manifest);
    const text = readFileSync(join(b, TRAJECTORIES), 'utf8');
    writeFileSync(join(copy, TRAJECTORIES), text.slice(0, -10));
    const out = newFolder();
    expect(await refusal([a, copy, c], out)).toBe(
      `the trajectories in ${copy} end with episode 10; expected 11 as the last one`,
    );
    // The shard was copied again, for example.
    expect(await refusal([a, b, c], out)).toBe('merged');
    expect(filesIn(out)).toEqual(filesIn(await whole));
    expect(await refusal([a, b, c], out)).toContain('holds a run already');
  });
});

test('a merge that met a full disk is repeated with the same command', async () => {
  const folders = await shardsOf(2);
  const out = newFolder();
  const { write } = disk;
  let writes = 0;
  disk.write = (point, ...rest) => {
    if (point === 'trajectories' && ++writes === 9)
      throw Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' });
    write(point, ...rest);
  };
  try {
    await expect(mergeShards(folders, out)).rejects.toThrow(
      /cannot write .*; free some space .* run the command again/,
    );
  } finally {
    disk.write = write;
  }
  await mergeShards(folders, out);
  expect(filesIn(out)).toEqual(filesIn(await whole));
});

/** Runs a command with the variables of a job. */
async function inJob(args: readonly string[], variables: Readonly<Record<string, string>>): Promise<Ran> {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  try {
    return await cli(args);
  } finally {
    vi.unstubAllEnvs();
  }
}

test('the commands: --shard, auto in jobs, --resume, merge', async () => {
  const options = ['--tasks', 'phase2_core', '--policy', 'random', '--episodes', '8', '--group-size', '2'];
  const outs = [1, 2, 3].map(() => newFolder());
  const [one, two, three] = outs.map((out) => ['rollout', ...options, '--out', out]);
  const codes = [
    await cli([...(one ?? []), '--shard', '1/3']),
    await inJob([...(two ?? []), '--shard', 'auto/3'], { JOB_COMPLETION_INDEX: '1' }),
    await inJob([...(three ?? []), '--shard', 'auto'], { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '3' }),
  ];
  expect(codes.map(({ code, err }) => [code, err.includes('failed')])).toEqual(codes.map(() => [0, false]));
  truncateSync(join(outs[1] ?? '', TRAJECTORIES), 10);
  expect((await cli(['rollout', '--out', outs[1] ?? '', '--resume'])).code).toBe(0);
  const [merged, machine] = [newFolder(), newFolder()];
  expect(await cli(['merge', ...outs, '--out', merged])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^8 episodes of 3 shards\n/),
  });
  await cli(['rollout', ...options, '--out', machine]);
  expect(filesIn(merged)).toEqual(filesIn(machine));
  for (const wrong of ['0/3', '4/3', '2', 'auto', 'auto/3', '1/0', '']) {
    const { code, err } = await cli(['rollout', ...options, '--shard', wrong]);
    expect([wrong, code, err]).toEqual([wrong, 2, expect.stringContaining('Expected i/n with i from 1 to n')]);
  }
  expect((await cli(['merge', ...outs.slice(1), '--out', newFolder()])).code).toBe(2);
});

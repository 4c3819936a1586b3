/** Messages and files of runs whose disk fails: a few seeds of the slow tests, and a test for each fault that those have found. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { disk } from '../../src/lib/disk.ts';
import { readRunManifest } from '../../src/rollout/manifest.ts';
import { MANIFEST, SUMMARY, TRAJECTORIES } from '../../src/rollout/run.ts';
import { LOCK, lockRun } from '../../src/rollout/run-lock.ts';
import { Runs } from '../../src/server/web/runs.ts';
import { clear, playCase, References, run } from '../support/fault-runs.ts';
import { ALWAYS, describeCase, drawCase, drawShapes, type Shape, seedsFrom } from '../support/faults.ts';
import { type Fault, type Injection, injectFaults } from '../support/faulty-disk.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-disk-faults-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(folder, String(folders++));

const SHAPE: Shape = {
  policy: 'random',
  own: true,
  workers: 0,
  observations: 'none',
  records: true,
  episodes: 8,
  groupSize: 2,
};

function withFaults(...faults: Fault[]): Injection {
  const injection = injectFaults(disk, faults);
  onTestFinished(injection.restore);
  return injection;
}

const statusIn = (out: string): unknown => JSON.parse(readFileSync(join(out, MANIFEST), 'utf8')).status;

describe('drawn from a seed', () => {
  const references = new References(join(folder, 'references'));
  const seeds = seedsFrom(30_001, 20);
  beforeAll(() => references.prepare(drawShapes(seeds)));

  test.each(seeds)('seed %i', async (seed) => {
    const drawn = drawCase(seed, (shape) => references.get(shape).calls);
    const out = newFolder();
    const happened: string[] = [];
    try {
      await playCase(drawn, out, references.get(drawn.shape), happened);
    } catch (error) {
      throw new Error(`${describeCase(drawn, happened, 'test/rollout/faults.slow.test.ts')}\n`, { cause: error });
    }
    clear(out);
  });

  test('the same seed gives the same faults', () => {
    const draw = () => drawCase(seeds[0] ?? 0, (shape) => references.get(shape).calls);
    expect(draw()).toEqual(draw());
  });
});

test('a run whose trajectories cannot be synced to the disk is not complete', async () => {
  const out = newFolder();
  const { restore } = withFaults({
    kind: 'error',
    operation: 'sync',
    point: 'trajectories',
    at: 1,
    times: 1,
    code: 'EIO',
  });
  await expect(run(SHAPE, out, false)).rejects.toThrow(
    `cannot write ${join(out, TRAJECTORIES)}: EIO: injected, sync trajectories; check that disk and run the command again ` +
      `with --out ${out} --resume, which goes on from what is there`,
  );
  expect(statusIn(out)).toBe('interrupted');
  restore();
  expect((await run(SHAPE, out, true)).manifest.status).toBe('complete');
});

test('on a full disk, the line that could not be written makes room for the manifest', async () => {
  const whole = newFolder();
  await run(SHAPE, whole, false);
  const lines = readFileSync(join(whole, TRAJECTORIES), 'utf8').split('\n').slice(0, 5).join('\n');
  const out = newFolder();
  // The extra space is less than a line, and more than the manifest and the lock.
  const { restore } = withFaults({ kind: 'full', after: lines.length + 2_500, lasts: ALWAYS });
  await expect(run(SHAPE, out, false)).rejects.toThrow(
    /trajectories\.jsonl: ENOSPC.*; free some space on that disk and run the command again with --out/,
  );
  restore();
  const written = readFileSync(join(out, TRAJECTORIES), 'utf8').split('\n');
  expect([written.length, written.at(-1)]).toEqual([6, '']);
  expect(readFileSync(join(out, MANIFEST), 'utf8')).toMatch(/"status": "interrupted",\s+"episodes_written": 5,/);
});

test('a failed run is read as interrupted, although its manifest says that it is running', async () => {
  const out = newFolder();
  const { restore } = withFaults(
    { kind: 'full', after: 30_000, lasts: ALWAYS },
    { kind: 'error', operation: 'open', point: 'manifest', at: 3, times: ALWAYS, code: 'EIO' },
  );
  await expect(run(SHAPE, out, false)).rejects.toThrow(
    /ENOSPC.*; free some space on that disk and run the command again/,
  );
  restore();
  const manifest = join(out, MANIFEST);
  expect(statusIn(out)).toBe('running');
  const shown = (): unknown => new Runs([out]).list()[0]?.manifest;
  expect([readRunManifest(manifest).status, shown()]).toEqual([
    'interrupted',
    expect.objectContaining({ status: 'interrupted' }),
  ]);
  // While a process owns the folder, the status of the manifest is right.
  const release = lockRun(out);
  expect([readRunManifest(manifest).status, shown()]).toEqual([
    'running',
    expect.objectContaining({ status: 'running' }),
  ]);
  release();
});

test('a failed run without records begins again with the same command, and with no other', async () => {
  const out = newFolder();
  const shape = { ...SHAPE, records: false };
  const { restore } = withFaults({
    kind: 'error',
    operation: 'rename',
    point: 'summary',
    at: 1,
    times: 1,
    code: 'ENOSPC',
  });
  await expect(run(shape, out, false)).rejects.toThrow(/summary\.json: ENOSPC.* and run the command again$/);
  expect([statusIn(out), existsSync(join(out, SUMMARY))]).toEqual(['interrupted', false]);
  restore();
  for (const other of [SHAPE, { ...shape, episodes: 16 }]) {
    await expect(run(other, out, false)).rejects.toMatchObject({ code: 'RUN_EXISTS' });
  }
  expect((await run(shape, out, false)).manifest.status).toBe('complete');
  await expect(run(shape, out, false)).rejects.toMatchObject({ code: 'RUN_EXISTS' });
});

test('a lock that cannot be removed does not prevent the same process from using the folder', async () => {
  const out = newFolder();
  const { restore } = withFaults({
    kind: 'error',
    operation: 'remove',
    point: 'lock',
    at: 1,
    times: ALWAYS,
    code: 'EACCES',
  });
  await run(SHAPE, out, false);
  expect(readdirSync(out)).toContain(LOCK);
  restore();
  await run(SHAPE, out, true);
  expect(readdirSync(out).sort()).toEqual([MANIFEST, TRAJECTORIES]);
});

test('a file that a takeover could not remove is removed by the next run', async () => {
  const out = newFolder();
  mkdirSync(out);
  writeFileSync(join(out, LOCK), '');
  // The first two removals are the drafts of the lock and of the takeover. Then the takeover is removed when it ends, and once more.
  const { restore } = withFaults({
    kind: 'error',
    operation: 'remove',
    point: 'lock',
    at: 3,
    times: 2,
    code: 'EIO',
  });
  await run(SHAPE, out, false);
  expect(readdirSync(out).sort()).toEqual([MANIFEST, `${LOCK}.takeover`, TRAJECTORIES]);
  restore();
  await run(SHAPE, out, true);
  expect(readdirSync(out).sort()).toEqual([MANIFEST, TRAJECTORIES]);
});

test('drafts of processes that are gone are removed, and drafts of running processes are kept', async () => {
  const out = newFolder();
  await run(SHAPE, out, false);
  const gone = spawnSync(process.execPath, ['--eval', '0']).pid;
  const other = `${MANIFEST}.${process.ppid}.tmp`;
  for (const name of [`${MANIFEST}.${gone}.tmp`, `${LOCK}.${gone}.tmp`, `${LOCK}.takeover.${gone}.tmp`, other]) {
    writeFileSync(join(out, name), '{');
  }
  await run(SHAPE, out, true);
  expect(readdirSync(out).sort()).toEqual([MANIFEST, other, TRAJECTORIES]);
});

test('the error for a folder that cannot be created names it, and says what to do', async () => {
  const out = newFolder();
  writeFileSync(out, 'a file');
  await expect(run(SHAPE, join(out, 'run'), false)).rejects.toThrow(
    /^cannot write .*: ENOTDIR.*; put that right and run the command again with --out /,
  );
});

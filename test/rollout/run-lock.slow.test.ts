/** The folder of a run has one owner, and a run is complete only if its file contains exactly what was written to it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { policyNamed } from '../../src/policies/policies.ts';
import type { Beginner, Policy } from '../../src/policies/policy.ts';
import { readRunManifest } from '../../src/rollout/manifest.ts';
import type { PlanInput } from '../../src/rollout/plan.ts';
import { MANIFEST, type RunOptions, type RunResult, runRollout, TRAJECTORIES } from '../../src/rollout/run.ts';
import { LOCK, lockRun } from '../../src/rollout/run-lock.ts';
import { endAfterTest } from '../support/children.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'ghostexec-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
function newFolder(): string {
  const path = join(folder, String(folders++));
  mkdirSync(path);
  return path;
}

const PLAN = {
  tasks: ['phase2_core'],
  policy: 'random',
  episodes: 24,
  groupSize: 4,
  seed: 3,
  rules: 'v2',
  rewardMode: 'full',
} satisfies PlanInput;

const run = (out: string, options: Partial<RunOptions> = {}): Promise<RunResult> =>
  runRollout({ plan: PLAN, out, workers: 0, numEnvs: 4, resume: true, ...options });

/** A policy that waits at its first step until `letGo` is called. */
function waiting(): { policy: Policy; letGo: () => void; begun: Promise<void> } {
  let letGo = (): void => undefined;
  let hasBegun = (): void => undefined;
  const go = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const begun = new Promise<void>((resolve) => {
    hasBegun = resolve;
  });
  const random = policyNamed('random');
  const start: Beginner['start'] = (seed) => {
    const actor = random.start(seed);
    return {
      act: async (turn) => {
        hasBegun();
        await go;
        return actor.act(turn);
      },
    };
  };
  return { policy: { name: 'random', start }, letGo, begun };
}

describe('a folder with an owner', () => {
  test('is refused to a second run of the same process, and the first one writes the same bytes', async () => {
    const whole = newFolder();
    await run(whole, { policy: policyNamed('random') });
    const out = newFolder();
    const { policy, letGo, begun } = waiting();
    const first = run(out, { policy });
    await begun;
    await expect(run(out)).rejects.toMatchObject({ code: 'RUN_IN_USE' });
    letGo();
    expect((await first).manifest.status).toBe('complete');
    expect(readFileSync(join(out, TRAJECTORIES)).equals(readFileSync(join(whole, TRAJECTORIES)))).toBe(true);
    expect(existsSync(join(out, LOCK))).toBe(false);
  });

  test('is refused to a second process, which names the owner and exits with 2', async () => {
    const out = newFolder();
    const args = ['--policy', 'random', '--episodes', '4000', '--workers', '1', '--out', out, '--resume'];
    const first = endAfterTest(spawn(process.execPath, [MAIN, 'rollout', ...args], { cwd: ROOT, stdio: 'ignore' }));
    while (!existsSync(join(out, LOCK)) && first.exitCode === null) await new Promise((next) => setTimeout(next, 5));
    const second = spawnSync(process.execPath, [MAIN, 'rollout', ...args], { cwd: ROOT, encoding: 'utf8' });
    expect(second.stderr).toContain(`is in use by process ${first.pid} on ${hostname()}`);
    expect(second.status).toBe(2);
    const exited = once(first, 'exit');
    first.kill('SIGKILL');
    await exited;
    // The lock is still there, but its owner is gone.
    expect(existsSync(join(out, LOCK))).toBe(true);
    expect(spawnSync(process.execPath, [MAIN, 'rollout', ...args], { cwd: ROOT }).status).toBe(0);
    expect(readRunManifest(join(out, MANIFEST))).toMatchObject({ status: 'complete', episodes_written: 4_000 });
  });

  test('is released after a failed run', async () => {
    const out = newFolder();
    await run(out);
    await expect(run(out, { resume: false })).rejects.toMatchObject({ code: 'RUN_EXISTS' });
    expect(existsSync(join(out, LOCK))).toBe(false);
    expect((await run(out)).resumed).toBe(PLAN.episodes);
  });
});

describe('a lock that was left behind', () => {
  const gone = spawnSync(process.execPath, ['--eval', '0']).pid;
  const owner = (fields: object): string => JSON.stringify({ pid: gone, started: '1', host: hostname(), ...fields });

  test.each([
    ['of a process that is gone', owner({})],
    ['of a process whose pid now belongs to another one', owner({ pid: process.pid })],
    ['that is empty', ''],
    ['that is damaged', '{"pid": 1'],
  ])('%s is taken over', async (_name, text) => {
    const out = newFolder();
    writeFileSync(join(out, LOCK), text);
    const release = lockRun(out);
    expect(JSON.parse(readFileSync(join(out, LOCK), 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
    release();
    expect(existsSync(join(out, LOCK))).toBe(false);
  });

  test('of another machine is taken over if it has not been touched for a while', async () => {
    const out = newFolder();
    const path = join(out, LOCK);
    writeFileSync(path, owner({ host: 'another-machine' }));
    expect(() => lockRun(out)).toThrow('on another-machine, which still writes to it');
    utimesSync(path, 0, 0);
    lockRun(out)();
    expect(existsSync(path)).toBe(false);
  });

  test('is taken over by only one of several processes', async () => {
    const out = newFolder();
    writeFileSync(join(out, LOCK), owner({}));
    const code = `import { lockRun } from './dist/rollout/run-lock.js';
      try { lockRun(process.argv[1]); console.log('mine'); await new Promise((stay) => setTimeout(stay, 2_000)); } catch {}`;
    const children = Array.from({ length: 4 }, () =>
      endAfterTest(
        spawn(process.execPath, ['--input-type=module', '--eval', code, out], {
          cwd: ROOT,
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      ),
    );
    const owners = await Promise.all(
      children.map(async (child) => {
        let printed = '';
        child.stdout?.on('data', (data) => {
          printed += data;
        });
        await once(child, 'exit');
        return printed;
      }),
    );
    expect(owners.filter((printed) => printed === 'mine\n')).toHaveLength(1);
  });
});

describe('a file that was changed while the run wrote it', () => {
  test.each([
    ['a line was appended', (path: string) => appendFileSync(path, '{}\n')],
    [
      'it was replaced',
      (path: string) => {
        renameSync(path, `${path}.old`);
        writeFileSync(path, '');
      },
    ],
    ['it was removed', (path: string) => rmSync(path)],
    ['it has a hole', (path: string) => writeFileSync(path, Buffer.alloc(statSync(path).size))],
  ])('%s: the run is not marked as complete', async (_name, damage) => {
    const out = newFolder();
    const path = join(out, TRAJECTORIES);
    let isDamaged = false;
    const onProgress: RunOptions['onProgress'] = ({ written }) => {
      if (isDamaged || written < PLAN.episodes) return;
      isDamaged = true;
      damage(path);
    };
    await expect(run(out, { onProgress })).rejects.toMatchObject({ code: 'DAMAGED' });
    expect(isDamaged).toBe(true);
    expect(readRunManifest(join(out, MANIFEST)).status).toBe('interrupted');
  });
});

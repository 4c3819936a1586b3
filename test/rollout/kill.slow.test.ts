/** kill -9 of a whole rollout with its workers, at moments drawn from a seed. The resumed run must end with the same bytes. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { Random } from '../../src/lib/random.ts';
import { episodeRecordSchema } from '../../src/records/schema.ts';
import { readRunManifest } from '../../src/rollout/manifest.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');
const EPISODES = 1_200;
const PLAN = ['--policy', 'random', '--episodes', String(EPISODES), '--group-size', '6', '--seed', '5'];

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

test.each([
  { observations: 'all', workers: '2', seed: 1, kills: 5 },
  { observations: 'none', workers: '2', seed: 2, kills: 4 },
  { observations: 'none', workers: '0', seed: 3, kills: 3 },
])(
  'killed $kills times with $workers workers, observations $observations: exactly the planned episodes, in the same bytes',
  async ({ observations, workers, seed, kills }) => {
    const dice = new Random(seed);
    const args = ['rollout', ...PLAN, '--observations', observations, '--workers', workers];
    const undisturbed = join(folder, `undisturbed-${seed}`);
    expect(spawnSync(process.execPath, [MAIN, ...args, '--out', undisturbed], { cwd: ROOT }).status).toBe(0);
    const whole = join(undisturbed, 'trajectories.jsonl');

    const out = join(folder, `killed-${seed}`);
    const path = join(out, 'trajectories.jsonl');
    let killed = 0;
    for (let round = 0; round < kills; round++) {
      // The arguments repeat the plan, because the process may have ended before it wrote a manifest.
      const child = spawn(process.execPath, [MAIN, ...args, '--out', out, '--resume'], { cwd: ROOT, stdio: 'ignore' });
      // The kill comes at a certain size of the file or a little later, or at any moment after the start.
      const least = sizeOf(path) + dice.float() * (sizeOf(whole) / kills);
      const isEarly = dice.below(3) === 0;
      while (!isEarly && sizeOf(path) < least && child.exitCode === null) await sleep(1);
      await sleep(dice.below(isEarly ? 700 : 30));
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      if (child.signalCode === 'SIGKILL') killed++;
      const text = sizeOf(path) === 0 ? '' : readFileSync(path, 'latin1');
      expect(text.split('\n').length - 1).toBeLessThanOrEqual(EPISODES);
    }
    expect(killed).toBeGreaterThan(0);

    expect(spawnSync(process.execPath, [MAIN, ...args, '--out', out, '--resume'], { cwd: ROOT }).status).toBe(0);
    expect(hash(path)).toBe(hash(whole));
    const indices = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => episodeRecordSchema.parse(JSON.parse(line)).index);
    expect(indices).toEqual(Array.from({ length: EPISODES }, (_, index) => index));
    expect(readRunManifest(join(out, 'manifest.json'))).toMatchObject({
      status: 'complete',
      episodes_written: EPISODES,
    });
  },
  240_000,
);

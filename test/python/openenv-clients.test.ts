/** The clients of OpenEnv from PyPI play on a Ghostexec server, which passes the validator of OpenEnv. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import {
  INSTALL_MS,
  installOpenEnv,
  MAIN,
  runChecks,
  type Served,
  startGhostexec,
  validate,
} from './support-openenv.ts';

/** An episode of the built-in policy, played in this process. A client that plays its actions must get the same rewards and grade. */
function greedyEpisode(): { reset: object; actions: unknown[]; rewards: number[]; grade: number } {
  const out = mkdtempSync(join(tmpdir(), 'ghostexec-openenv-'));
  try {
    const args = ['--policy', 'greedy', '--tasks', 'phase2_core', '--episodes', '1', '--group-size', '1'];
    execFileSync(process.execPath, [MAIN, 'rollout', ...args, '--workers', '0', '--out', join(out, 'run')]);
    const record = JSON.parse(readFileSync(join(out, 'run', 'trajectories.jsonl'), 'utf8'));
    const { task_id, seed, rules, reward_mode, steps, grade } = record;
    return {
      reset: { task_id, seed, rules, reward_mode },
      actions: steps.map(({ action }: { action: unknown }) => action),
      rewards: steps.map(({ reward }: { reward: number }) => reward),
      grade,
    };
  } finally {
    rmSync(out, { recursive: true });
  }
}

let bin = '';
let served: Served | undefined;
let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  bin = await installOpenEnv();
  served = await startGhostexec();
  const episode = greedyEpisode();
  expect(episode.actions.length).toBeGreaterThan(3);
  outcomes = await runChecks(bin, 'openenv_clients.py', { url: served.url, episode });
  return () => served?.stop();
}, INSTALL_MS);

const CHECKS = [
  'sync',
  'async',
  'several_episodes_in_one_session',
  'sessions_do_not_share_an_episode',
  'seeds_are_honoured',
  'a_bad_action_is_refused_and_ends_nothing',
  'a_whole_episode_to_its_grade',
  'auto_env',
  'a_typed_client',
];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

test('the server passes all six criteria of openenv validate', async () => {
  const report = await validate(bin, served?.url ?? '');
  expect(report.criteria.filter(({ passed }) => !passed)).toEqual([]);
  expect(report.criteria).toHaveLength(6);
  expect(report.passed).toBe(true);
});

/** GRPOTrainer of TRL trains a tiny model on a Ghostexec server, with the code of docs/training/trl.md. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { INSTALL_MS, installConsumer, MAIN, pythonOf, runChecks, startGhostexec } from './support-openenv.ts';

const TASKS = ['phase2_core', 'drift_drill'];

const planOf = (task: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../scenarios/${task}.oracle.json`, import.meta.url), 'utf8')).plan;

let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  const bin = await installConsumer('trl');
  const { url, stop } = await startGhostexec('--observation-profile', 'delta');
  const folder = mkdtempSync(join(tmpdir(), 'ghostexec-trl-'));
  try {
    const rows = join(folder, 'train.jsonl');
    const options = ['--for', 'trl', '--count', '6', '--tasks', TASKS.join(), '--seed', '3', '--out', rows];
    execFileSync(process.execPath, [MAIN, 'dataset', ...options]);
    const given = {
      pages: pythonOf('docs/training/trl.md'),
      plans: Object.fromEntries(TASKS.map((task) => [task, planOf(task)])),
      rows,
      folder,
    };
    const variables = {
      OPENREWARD_API_URL: url,
      OPENREWARD_SESSION_URL: url,
      OPENREWARD_DISABLE_UPDATE_CHECK: '1',
      // Otherwise TRL warns of each part that may still change.
      TRL_EXPERIMENTAL_SILENCE: '1',
    };
    outcomes = await runChecks(bin, 'trl_trainer.py', given, variables);
  } finally {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, INSTALL_MS);

const CHECKS = [
  'the_days_end',
  'the_reward_is_the_grade',
  'the_episodes_of_a_group_are_the_same_day',
  'bad_calls_are_answered',
  'a_group_has_a_spread_of_rewards',
  'the_optimizer_runs',
  'another_reward_profile',
  'the_rows_of_a_dataset',
  'a_random_model_that_calls_no_tool',
];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

/** GRPOTrainer of TRL trains a tiny model on a Ghostexec server, with the code of docs/training/trl.md. */
import { beforeAll, expect, test } from 'vitest';
import { INSTALL_MS, installConsumer, pythonOf, runChecks, startGhostexec, withDays } from './support-openenv.ts';

let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  const bin = await installConsumer('trl');
  const { url, stop } = await startGhostexec('--observation-profile', 'delta', '--reward-profile', 'running');
  try {
    const variables = {
      OPENREWARD_API_URL: url,
      OPENREWARD_SESSION_URL: url,
      OPENREWARD_DISABLE_UPDATE_CHECK: '1',
      // Otherwise TRL warns of each part that may still change.
      TRL_EXPERIMENTAL_SILENCE: '1',
    };
    outcomes = await withDays('trl', ['phase2_core', 'drift_drill'], 6, (days) =>
      runChecks(bin, 'trl_trainer.py', { ...days, page: pythonOf('docs/training/trl.md') }, variables),
    );
  } finally {
    await stop();
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

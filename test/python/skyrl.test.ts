/** The environment of docs/training/skyrl.md plays with SkyRL-Gym from PyPI. */
import { beforeAll, expect, test } from 'vitest';
import { INSTALL_MS, installConsumer, pythonOf, runChecks, startGhostexec, withDays } from './support-openenv.ts';

const KEY = 'key-for-skyrl';

let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  const bin = await installConsumer('skyrl');
  const { url, stop } = await startGhostexec('--api-key', KEY);
  try {
    outcomes = await withDays('skyrl', ['phase2_core', 'drift_drill'], 2, (days) =>
      runChecks(
        bin,
        'skyrl.py',
        { ...days, page: pythonOf('docs/training/skyrl.md') },
        { GHOSTEXEC_URL: url, GHOSTEXEC_API_KEY: KEY },
      ),
    );
  } finally {
    await stop();
  }
}, INSTALL_MS);

const CHECKS = [
  'the_rewards_of_a_day_add_up_to_the_grade',
  'every_reward_is_a_number',
  'raw_completions_are_read',
  'a_model_may_stop_early',
  'environments_play_side_by_side',
  'metrics_are_averaged',
  'a_lost_answer_is_requested_again',
];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

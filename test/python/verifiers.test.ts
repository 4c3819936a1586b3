/** The environment for OpenEnv of the package verifiers from PyPI plays on a Ghostexec server. */
import { beforeAll, expect, test } from 'vitest';
import { greedyEpisode, INSTALL_MS, installConsumer, runChecks, startGhostexec } from './support-openenv.ts';

/** Milliseconds for the episodes: the program of the harness starts again for each reply of the model. */
const EPISODES_MS = 500_000;

let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  const bin = await installConsumer('verifiers');
  const { url, stop } = await startGhostexec();
  try {
    outcomes = await runChecks(bin, 'verifiers_env.py', { url, greedy: greedyEpisode() });
  } finally {
    await stop();
  }
}, INSTALL_MS + EPISODES_MS);

const CHECKS = [
  'no_episode_has_an_error',
  'the_model_sees_texts_alone',
  'the_rewards_of_a_day_add_up_to_its_grade',
  'the_reward_of_each_step_is_an_option',
  'deltas_are_short',
  'every_reply_is_a_step',
  'a_model_that_says_nothing_keeps_the_grade_so_far',
];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

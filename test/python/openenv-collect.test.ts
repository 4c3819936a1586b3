/** CollectRunner of OpenEnv collects whole days on a Ghostexec server, with the code of docs/training/openenv-collect.md. */
import { beforeAll, expect, test } from 'vitest';
import { INSTALL_MS, installOpenEnv, pythonOf, runChecks, startGhostexec, withDays } from './support-openenv.ts';

let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  const bin = await installOpenEnv();
  const { url, stop } = await startGhostexec();
  try {
    outcomes = await withDays('hf', ['phase2_core', 'drift_drill'], 6, (days) =>
      runChecks(bin, 'openenv_collect.py', { ...days, url, page: pythonOf('docs/training/openenv-collect.md') }),
    );
  } finally {
    await stop();
  }
}, INSTALL_MS);

const CHECKS = [
  'whole_days_are_collected',
  'the_reward_is_success',
  'the_reward_may_be_the_grade',
  'bad_arguments_are_invalid_steps',
  'the_messages_are_a_conversation',
  'a_run_is_resumed',
  'equal_sessions_begin_alike',
];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

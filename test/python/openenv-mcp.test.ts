/** The tool client of OpenEnv from PyPI plays on a Ghostexec server: tools over HTTP, and episodes over a socket of one session. */
import { beforeAll, expect, test } from 'vitest';
import { INSTALL_MS, installOpenEnv, runChecks, startGhostexec } from './support-openenv.ts';

let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  const bin = await installOpenEnv();
  const { url, stop } = await startGhostexec();
  try {
    outcomes = await runChecks(bin, 'openenv_mcp.py', { url });
  } finally {
    await stop();
  }
}, INSTALL_MS);

const CHECKS = [
  'tools_are_actions_alone',
  'a_call_plays_in_the_episode_of_the_socket',
  'a_result_has_data',
  'a_bad_argument_is_no_failure_of_the_session',
  'an_unknown_tool_raises',
  'sessions_do_not_share_an_episode',
  'an_unknown_session_is_refused',
  'tools_are_listed_by_a_step',
  'a_tool_is_called_by_a_step',
  'a_step_before_a_reset_is_refused',
  'what_is_drawn_for_a_session_is_beside_the_observation',
];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

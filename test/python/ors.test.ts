/** The client of ORS from PyPI, openreward, plays on a Ghostexec server. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { INSTALL_MS, installPackage, runChecks, startGhostexec } from './support-openenv.ts';

/** The newest version on PyPI at the time of writing. */
const OPENREWARD = 'openreward==0.1.167';
const KEY = 'a-key-for-this-test';

const page = readFileSync(new URL('../../docs/TRAINING.md', import.meta.url), 'utf8');
/** The example of the page, and the output below it. */
const [, example = '', output = ''] = /```python\n([\s\S]*?)```\n\nprints\n\n```text\n([\s\S]*?)```/.exec(page) ?? [];

let outcomes: Record<string, string | null> = {};
let printed = '';

beforeAll(async () => {
  const bin = await installPackage(OPENREWARD);
  const { url, stop } = await startGhostexec('--api-key', KEY);
  try {
    const variables = {
      OPENREWARD_API_URL: url,
      OPENREWARD_SESSION_URL: url,
      OPENREWARD_API_KEY: KEY,
      OPENREWARD_DISABLE_UPDATE_CHECK: '1',
    };
    outcomes = await runChecks(bin, 'ors.py', {}, variables);
    const env = { PATH: process.env.PATH, ...variables };
    printed = (await promisify(execFile)(join(bin, 'python'), ['-c', example], { env, timeout: 60_000 })).stdout;
  } finally {
    await stop();
  }
}, INSTALL_MS);

const CHECKS = [
  'tasks_are_listed',
  'tools_can_be_converted_for_every_provider',
  'an_episode_is_played_to_its_end',
  'a_variant_is_the_name_of_the_environment',
  'the_last_reward_is_the_grade',
  'the_sum_of_the_rewards_is_the_grade',
  'a_task_is_played',
  'the_reward_of_every_step_is_an_option',
  'an_invalid_action_is_a_step',
  'an_unknown_tool_raises',
  'a_long_answer_comes_in_chunks',
  'a_lost_answer_is_sent_again',
  'a_deleted_session_is_gone',
  'a_key_is_required',
  'sessions_play_side_by_side',
];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

test('the example of docs/TRAINING.md prints the output on the page', () => {
  expect(output).toContain('True');
  expect(printed).toBe(output);
});

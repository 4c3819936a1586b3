/** tinker-cookbook from PyPI plays on a Ghostexec server, with the environments of docs/training/tinker.md and a scripted model. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { INSTALL_MS, installConsumer, MAIN, runChecks, startGhostexec } from './support-openenv.ts';

const KEY = 'a-key-for-this-test';
const page = readFileSync(new URL('../../docs/training/tinker.md', import.meta.url), 'utf8');
const [, code = ''] = /```python\n([\s\S]*?)```/.exec(page) ?? [];
const { plan } = JSON.parse(readFileSync(new URL('../../scenarios/phase2_core.oracle.json', import.meta.url), 'utf8'));

let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  // It shares its environment with verl, because each would have its own torch.
  const bin = await installConsumer('verl');
  const served = await startGhostexec('--api-key', KEY);
  try {
    const args = ['dataset', '--for', 'hf', '--tasks', 'phase2_core', '--count', '1'];
    const row = JSON.parse(execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' }));
    const variables = { GHOSTEXEC_URL: served.url, GHOSTEXEC_API_KEY: KEY };
    outcomes = await runChecks(bin, 'tinker_group.py', { row, plan, code }, variables);
  } finally {
    await served.stop();
  }
}, INSTALL_MS);

const CHECKS = ['the_reward_of_a_group_is_the_grade', 'an_episode_that_is_cut_has_the_grade_so_far'];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

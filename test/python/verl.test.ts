/** verl from PyPI plays on a Ghostexec server, with the agent loop of docs/training/verl.md and a scripted engine. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { INSTALL_MS, installConsumer, MAIN, runChecks, startGhostexec } from './support-openenv.ts';

const KEY = 'a-key-for-this-test';
const page = readFileSync(new URL('../../docs/training/verl.md', import.meta.url), 'utf8');
const { plan } = JSON.parse(readFileSync(new URL('../../scenarios/phase2_core.oracle.json', import.meta.url), 'utf8'));

let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  const bin = await installConsumer('verl');
  const folder = mkdtempSync(join(tmpdir(), 'ghostexec-verl-'));
  const served = await startGhostexec('--api-key', KEY);
  try {
    for (const [, name = '', text = ''] of page.matchAll(/^`(ghostexec_loop\.\w+)`.*\n\n```\w+\n([\s\S]*?)```/gm)) {
      writeFileSync(join(folder, name), text);
    }
    const args = ['dataset', '--for', 'verl', '--tasks', 'phase2_core', '--count', '1'];
    const row = JSON.parse(execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' }));
    const variables = { GHOSTEXEC_URL: served.url, GHOSTEXEC_API_KEY: KEY };
    outcomes = await runChecks(bin, 'verl_loop.py', { row, plan, folder }, variables);
  } finally {
    await served.stop();
    rmSync(folder, { recursive: true });
  }
}, INSTALL_MS);

const CHECKS = [
  'the_score_is_the_grade',
  'the_mask_marks_what_the_model_said',
  'log_probabilities_are_those_of_the_engine',
  'a_day_that_the_length_ends_has_the_grade_so_far',
];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

/** The program in docs/ROLLOUTS.md plays as a policy. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cli } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-agent-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the program of docs/ROLLOUTS.md archives every email', async () => {
  const page = readFileSync(new URL('../../docs/ROLLOUTS.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('## A program as a policy'));
  const code = /```python\n(.*?)```/s.exec(section)?.[1] ?? '';
  const path = join(folder, 'agent.py');
  writeFileSync(path, code);
  const out = join(folder, 'run');
  const plan = ['--tasks', 'phase2_core', '--episodes', '2', '--group-size', '2', '--workers', '0'];
  const ran = await cli(['rollout', '--policy', `exec:/usr/bin/python3 ${path}`, ...plan, '--out', out]);
  expect(ran).toMatchObject({ code: 0 });
  const [first = ''] = readFileSync(join(out, 'trajectories.jsonl'), 'utf8').split('\n');
  const { steps } = JSON.parse(first);
  expect(steps.length).toBeGreaterThan(2);
  for (const { action, step_ok } of steps) expect([action.action_type, step_ok]).toEqual(['archive_email', true]);
});

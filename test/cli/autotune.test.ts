import { expect, test } from 'vitest';
import { cli, type Ran } from '../support/cli.ts';

const QUICK = ['--seconds', '0.01', '--max-workers', '1', '--max-envs', '16'];

const run = (...args: string[]): Promise<Ran> => cli(['autotune', ...args]);

test.each([
  ['--seconds', '0'],
  ['--seconds', 'soon'],
  ['--max-workers', '-1'],
  ['--max-workers', '2.5'],
  ['--max-envs', '0'],
  ['--task', 'no_such_day'],
  ['--rules', 'v9'],
  ['--nonsense', 'x'],
])('%s %s exits with 2 and quotes the value', async (option, value) => {
  const { code, out, err } = await run(option, value);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toContain(option);
  if (option !== '--nonsense') expect(err).toContain(value);
});

test('--help shows an example', async () => {
  const { code, out } = await run('--help');
  expect(code).toBe(0);
  expect(out).toMatch(/Examples:\n {2}\$ ghostexec autotune/);
});

test('prints a table and a line with the options to use', async () => {
  const { code, out } = await run(...QUICK, '--task', 'monday_morning');
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^workers +num-envs +steps\/s +deviation +of the best +MiB/);
  expect(lines[1]).toMatch(/^ +0 +16 +[\d,]+ +[\d.]+ % +\d+ % +[\d.]+/);
  expect(lines[2]).toMatch(/^ +1 +16 /);
  expect(lines.filter((line) => line.endsWith('proposed'))).toHaveLength(1);
  expect(lines.at(-1)).toMatch(/^monday_morning, rules v2, \d+ cores: --workers [01] --num-envs 16 /);
});

test('--json prints the same for programs', async () => {
  const { code, out } = await run(...QUICK, '--rules', 'v1', '--json');
  expect(code).toBe(0);
  const tuning = JSON.parse(out);
  const numbers = { steps_per_s: expect.any(Number), deviation: expect.any(Number), memory_mib: expect.any(Number) };
  expect(tuning).toEqual({
    task_id: 'phase2_core',
    rules: 'v1',
    cores: expect.any(Number),
    seconds: 0.01,
    trials: [
      { workers: 0, num_envs: 16, ...numbers },
      { workers: 1, num_envs: 16, ...numbers },
    ],
    best: { workers: expect.any(Number), num_envs: 16 },
    proposed: { workers: expect.any(Number), num_envs: 16 },
  });
});

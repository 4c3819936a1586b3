import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test.each([
  ['a policy of your own', /^8 -?\d+\.\d+\n$/],
  [
    'stepping many environments',
    /^64 64 Tue 15 Sep 2026, .* UTC \| step \d of 8, \d left \| stress \d+\/100 \| the day ends 17:30\n\[ 64, 65, 66, 67 \] true\n$/,
  ],
])('the TypeScript of the README about %s runs and prints what it should', (what, expected) => {
  const blocks = [...README.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
  const code = blocks[what.startsWith('a policy') ? 0 : 1] ?? '';
  const out = join(mkdtempSync(join(tmpdir(), 'ghostexec-readme-')), 'run');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', code.replace('runs/archivist', out)],
    { cwd: ROOT, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(expected);
});

test('the beginning of the briefing in the README is that of the scenario', () => {
  const shown = /```\n\$ ghostexec scenario show (\S+)\n([\s\S]*?)```/.exec(README);
  const { stdout } = spawnSync(process.execPath, ['dist/cli/main.js', 'scenario', 'show', shown?.[1] ?? ''], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const lines = (shown?.[2] ?? '').split('\n').filter((line) => line !== '' && line !== '...');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect(stdout).toContain(line.replace(/ \.\.\.$/, ''));
});

test('every command and option that the README names exists', () => {
  const help = (...command: string[]): string =>
    spawnSync(process.execPath, ['dist/cli/main.js', ...command, '--help'], { cwd: ROOT, encoding: 'utf8' }).stdout;
  const general = help();
  for (const [, command] of README.matchAll(/`ghostexec ([a-z]+)\b/g)) expect(general).toContain(command);
  const rollout = help('rollout');
  for (const [, options] of README.matchAll(/ghostexec rollout ([^\n`]*)/g)) {
    for (const [option] of (options ?? '').matchAll(/--[a-z-]+/g)) expect(rollout).toContain(option);
  }
});

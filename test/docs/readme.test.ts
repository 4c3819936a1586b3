import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../support/cli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const README = read('README.md');

/** Every TypeScript block of the documents, in the order of each file, and what it prints. */
const BLOCKS: readonly [name: string, file: string, prints: RegExp][] = [
  [
    'readme',
    'README.md',
    /^64 64 Tue 15 Sep 2026, .* UTC \| step \d of 8, \d left \| stress \d+\/100 \| the day ends 17:30\n$/,
  ],
  ['rollouts', 'docs/ROLLOUTS.md', /^8 -?\d+\.\d+\n$/],
  ['vector-env', 'docs/VECTOR_ENV.md', /\[ 64, 65, 66, 67 \] true\n$/],
  ['api-environments', 'docs/API.md', /^0\.01 4\n$/],
  ['api-actions', 'docs/API.md', /^false Tue 15 Sep 2026, .*\n$/],
  ['api-scenarios', 'docs/API.md', /^30 0 5 Ghostexec scenario\n1 true\n$/],
  ['api-rollouts', 'docs/API.md', /^complete 3\n$/],
  ['api-runs', 'docs/API.md', /^8 8\ntrue [a-z_]+\n$/],
  ['api-errors', 'docs/API.md', /^UNKNOWN_TASK\n$/],
  ['evaluation', 'docs/EVALUATION.md', /^0\.41 4\n2 2 4\n$/],
];

function blocksOf(file: string): string[] {
  return [...read(file).matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
}

const namesIn = (file: string): string[] => BLOCKS.flatMap(([name, other]) => (other === file ? [name] : []));
const codeOf = (name: string, file: string): string => blocksOf(file)[namesIn(file).indexOf(name)] ?? '';

describe('the TypeScript of the documents', () => {
  // Inside the package, so that `ghostexec` is found by its own name.
  const folder = join(ROOT, 'dist', `documents-${process.pid}`);
  let compiled: { status: number | null; stdout: string };

  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    for (const [name, file] of BLOCKS) writeFileSync(join(folder, `${name}.mts`), codeOf(name, file));
    const options = ['--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node', '--skipLibCheck'];
    const files = BLOCKS.map(([name]) => join(folder, `${name}.mts`));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '--ignoreConfig', ...options, ...files], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    compiled = { status, stdout };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is all in the list', () => {
    for (const [, file] of BLOCKS) expect(blocksOf(file).length, file).toBe(namesIn(file).length);
  });

  test('passes tsc --strict', () => {
    expect(compiled).toEqual({ status: 0, stdout: '' });
  });

  test.each(BLOCKS)('of %s runs and prints what it should', (name, _file, prints) => {
    const script = join(folder, `${name}.mjs`);
    const out = join(mkdtempSync(join(tmpdir(), 'ghostexec-documents-')), 'run');
    writeFileSync(script, readFileSync(script, 'utf8').replaceAll(/runs\/[a-z]+/g, out));
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: ROOT, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(prints);
  });
});

test('the beginning of the briefing in the README is that of the scenario', async () => {
  const shown = /```\n\$ ghostexec scenario show (\S+)\n([\s\S]*?)```/.exec(README);
  const { out } = await cli(['scenario', 'show', shown?.[1] ?? '']);
  const lines = (shown?.[2] ?? '').split('\n').filter((line) => line !== '' && line !== '...');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect(out).toContain(line.replace(/ \.\.\.$/, ''));
});

test.each(['README.md', 'docs/CLI.md', 'docs/ROLLOUTS.md'])(
  'every command and option that %s names exists',
  async (file) => {
    const help = async (...command: string[]): Promise<string> => (await cli([...command, '--help'])).out;
    const general = await help();
    const lines = [...read(file).matchAll(/(?<=^|`)ghostexec ([a-z]+)\b([^\n`]*)/gm)];
    expect(lines.length).toBeGreaterThan(2);
    const helps = new Map<string, string>();
    for (const [, command = '', rest = ''] of lines) {
      expect(general).toContain(command);
      const options = [...rest.replace(/#.*/, '').matchAll(/--[a-z-]+/g)].map(([option]) => option);
      if (options.length === 0) continue;
      const known =
        helps.get(command) ?? (await help(command)) + (command === 'scenario' ? await help(command, 'show') : '');
      helps.set(command, known);
      for (const option of options) expect(known, `${command} ${option}`).toContain(option);
    }
  },
);

test('the README links to every document', () => {
  for (const file of ['CLI', 'ROLLOUTS', 'GLOSSARY', 'STYLE', 'SERVER', 'BATCH_API', 'VECTOR_ENV', 'DESIGN', 'API']) {
    expect(README).toContain(`docs/${file}.md`);
  }
});

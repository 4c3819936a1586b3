/** The transcripts in docs/EVALUATION.md and the README are what the commands print. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli } from '../support/cli.ts';

const path = (file: string): string => new URL(`../../${file}`, import.meta.url).pathname;
const read = (file: string): string => readFileSync(path(file), 'utf8');

/** With WRITE_TRANSCRIPTS the documents get the present output. */
const WRITES = process.env.WRITE_TRANSCRIPTS !== undefined;

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-transcript-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const printed = { greedy: '', compared: '' };

beforeAll(async () => {
  const run = async (...args: string[]): Promise<string> => {
    const { code, out } = await cli(args);
    expect(code).toBe(0);
    return out.replaceAll(`${folder}/`, 'runs/').trim();
  };
  const out = (name: string): string => join(folder, name);
  printed.greedy = await run('eval', '--policy', 'greedy', '--workers', '0', '--out', out('greedy'));
  await run('eval', '--policy', 'random', '--workers', '0', '--out', out('random'));
  printed.compared = await run('compare', out('random'), out('greedy'));
});

function between(file: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
  const whole = read(file);
  const [from, to] = [whole.indexOf(begin) + begin.length, whole.indexOf(end)];
  if (WRITES) writeFileSync(path(file), `${whole.slice(0, from)}${text}${whole.slice(to)}`);
  return read(file).slice(from, read(file).indexOf(end));
}

test.each([
  ['transcript', '$ ghostexec eval --policy greedy --out runs/greedy', () => printed.greedy],
  ['compare', '$ ghostexec compare runs/random runs/greedy', () => printed.compared],
] as const)('docs/EVALUATION.md has the %s', (name, command, output) => {
  const text = `\`\`\`\n${command}\n${output()}\n\`\`\`\n`;
  expect(between('docs/EVALUATION.md', name, text)).toBe(text);
});

test('the README has the first tables', () => {
  const [first = '', second = '', third = ''] = printed.greedy.split('\n\n');
  const text = `\`\`\`\n$ ghostexec eval --policy greedy --out runs/greedy\n${[first, second, third].join('\n\n')}\n...\n\`\`\`\n`;
  expect(between('README.md', 'evaluation', text)).toBe(text);
});

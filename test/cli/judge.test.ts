/** ghostexec judge: explains a verdict, and judges labelled files. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli } from '../support/cli.ts';

function fileOf(...replies: readonly unknown[]): string {
  const path = join(mkdtempSync(join(tmpdir(), 'ghostexec-judge-')), 'replies.jsonl');
  writeFileSync(path, replies.map((reply) => `${JSON.stringify(reply)}\n`).join(''));
  return path;
}

const reply = (label: string, body: string) => ({ task: 'phase2_core', email_id: 'e03', label, body });

test('a reply is explained ask by ask', async () => {
  const { code, out } = await cli(['judge', 'phase2_core', 'e03', '625,400 to date.']);
  expect(code).toBe(0);
  expect(out).toBe('answered  the cost to date: states it: "625400 to date"\naccepted\n');
});

test('a flaw of the whole reply is named first', async () => {
  const { out } = await cli(['judge', 'phase2_core', 'e03', '625,400, you idiot.']);
  expect(out).toMatch(/^flaw {6}it is an insult\n/);
  expect(out).toMatch(/not accepted\n$/);
});

test('--json prints the verdict', async () => {
  const { out } = await cli(['judge', 'phase2_core', 'e03', 'Not 625,400.', '--json']);
  expect(JSON.parse(out)).toMatchObject({ accepted: false, asks: [{ id: 'the cost to date', outcome: 'wrong' }] });
});

test('a labelled file gives both rates, and lists what was judged wrongly', async () => {
  const path = fileOf(
    reply('good', '625,400.'),
    reply('good', 'Maybe.'),
    reply('bad', '598,000.'),
    reply('arguable', 'x'),
  );
  const { code, out } = await cli(['judge', '--file', path]);
  expect(code).toBe(0);
  expect(out).toContain('good, not accepted: phase2_core e03: Maybe.');
  expect(out).toMatch(/good accepted 1\/2, bad accepted 0\/1\n$/);
  const json = await cli(['judge', '--file', path, '--json']);
  const lines = json.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatchObject({ accepted: true, label: 'good' });
  expect(lines[4]).toEqual({ good: { accepted: 1, all: 2 }, bad: { accepted: 0, all: 1 } });
});

test('a mail that cannot be found, a bad line and missing arguments are errors', async () => {
  const unknown = await cli(['judge', '--file', fileOf({ ...reply('good', 'x'), email_id: 'e99' })]);
  expect(unknown).toMatchObject({
    code: 2,
    err: expect.stringContaining('no email "e99" asks for something; expected one of e01'),
  });
  const bad = await cli(['judge', '--file', fileOf({ task: 'phase2_core' })]);
  expect(bad).toMatchObject({ code: 2, err: expect.stringContaining('line 1') });
  expect(await cli(['judge', 'phase2_core'])).toMatchObject({ code: 2, err: expect.stringContaining('give a task') });
  expect(await cli(['judge', '--file', '/nope.jsonl'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('/nope.jsonl'),
  });
});

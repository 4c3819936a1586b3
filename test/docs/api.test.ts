/** docs/API.md names every export of the package, and no name that is not exported. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as errors from '../../src/vector/errors.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

/** The names in the export lists of src/index.ts, and those of the errors, which it exports together. */
function exported(): string[] {
  const lists = [...read('src/index.ts').matchAll(/export (?:type )?\{([^}]*)\}/g)].map(([, list = '']) => list);
  const names = lists.flatMap((list) => list.split(',')).map((name) => name.replace(/^\s*(?:type )?/, '').trim());
  return [...names.filter((name) => name !== ''), ...Object.keys(errors)];
}

const ROWS = read('docs/API.md')
  .split('\n')
  .filter((line) => line.startsWith('| `'));

test('every export is in a table', () => {
  const named = new Set(ROWS.flatMap((row) => row.match(/\w+/g) ?? []));
  expect(exported().length).toBeGreaterThan(100);
  expect(exported().filter((name) => !named.has(name))).toEqual([]);
});

test('every name in the first column is an export', () => {
  const first = ROWS.map((row) => row.split(/(?<!\\)\|/)[1] ?? '');
  const heads = first.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map(([, name = '']) => name));
  expect(heads.length).toBeGreaterThan(100);
  expect(heads.filter((name) => !exported().includes(name))).toEqual([]);
});

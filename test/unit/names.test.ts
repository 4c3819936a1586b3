/** One name, one meaning: no two files of src/ export a type, or a function or constant, of the same name. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readSources, type Sources } from '../support/layers.ts';

const sources = readSources(fileURLToPath(new URL('../../src', import.meta.url)));

/** Files of one surface each, which never meet: the rulesets name the same thing alike. */
const APART = /^sim\/v[12]\//;
const EXPORT = /^export (?:abstract )?(?:async )?(?:type|interface|class|const|enum|function\*?) (\w+)/gm;

/** Exported names with more than one definition, each with its files. */
function ambiguous(files: Sources): string[] {
  const places = new Map<string, string[]>();
  for (const [file, source] of files) {
    for (const [, name = ''] of source.matchAll(EXPORT)) places.set(name, [...(places.get(name) ?? []), file]);
  }
  return [...places]
    .filter(([, found]) => found.length > 1 && !found.every((file) => APART.test(file)))
    .map(([name, found]) => `${name}: ${found.join(', ')}`);
}

test('no exported name of src/ has two definitions', () => {
  expect(sources.size).toBeGreaterThan(200);
  expect(ambiguous(sources)).toEqual([]);
});

test('the check finds a name that two files export, but not the same name in both rulesets', () => {
  const twice = new Map([
    ['lib/a.ts', 'export type Line = string;'],
    ['world/b.ts', 'export class Line {}'],
    ['sim/v1/c.ts', 'export const PRICE = 1;'],
    ['sim/v2/c.ts', 'export const PRICE = 2;'],
  ]);
  expect(ambiguous(twice)).toEqual(['Line: lib/a.ts, world/b.ts']);
});

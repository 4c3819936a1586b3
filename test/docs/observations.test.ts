/** docs/OBSERVATIONS.md names every field of an observation, and no other. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { observationJsonSchema } from '../../src/index.ts';

type Schema = { properties?: Record<string, Schema>; items?: Schema; anyOf?: Schema[] };

/** The names of all fields that are not objects or lists of objects themselves. */
function leaves({ properties, items, anyOf }: Schema): string[] {
  const inner = Object.entries(properties ?? {}).flatMap(([name, schema]) => {
    const below = leaves(schema);
    return below.length === 0 ? [name] : below;
  });
  return [...inner, ...(items === undefined ? [] : leaves(items)), ...(anyOf ?? []).flatMap(leaves)];
}

test('the tables name every field', () => {
  const document = readFileSync(new URL('../../docs/OBSERVATIONS.md', import.meta.url), 'utf8');
  const rows = document.split('\n').filter((line) => line.startsWith('| `'));
  const named = new Set(
    rows.flatMap((row) => [...row.matchAll(/`([a-z_.]+)`/g)].map(([, path]) => path?.split('.').at(-1))),
  );
  const fields = new Set(leaves(observationJsonSchema()));
  expect(fields.size).toBeGreaterThan(50);
  expect([...fields].filter((field) => !named.has(field))).toEqual([]);
});

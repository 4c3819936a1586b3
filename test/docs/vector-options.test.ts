/** The options of VectorEnv.create are described by their schema, and alike in its docstring and in docs/VECTOR_ENV.md. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { MAX_SEED } from '../../src/lib/random.ts';
import { vectorOptionsSchema } from '../../src/vector/options.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

const number = (value: number): string => (value === MAX_SEED ? '2^53 - 1' : value.toLocaleString('en-US'));

/** What an option may be, in words, or undefined if its description says so. */
function valuesOf(schema: unknown): string | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return valuesOf(schema.unwrap());
  if (schema instanceof z.ZodNumber) return `${number(schema.minValue ?? NaN)} to ${number(schema.maxValue ?? NaN)}`;
  if (schema instanceof z.ZodEnum) return schema.options.map((value) => `\`${value}\``).join(', ');
  return schema instanceof z.ZodBoolean ? 'true, false' : undefined;
}

function defaultOf(schema: unknown): string | undefined {
  if (!(schema instanceof z.ZodDefault)) return undefined;
  const value: unknown = schema.def.defaultValue;
  if (typeof value === 'number') return number(value);
  return typeof value === 'string' ? `\`${value}\`` : String(value);
}

const OPTIONS = Object.entries(vectorOptionsSchema.shape).map(([name, schema]) => ({
  name,
  values: valuesOf(schema),
  byDefault: defaultOf(schema),
  description: schema.description ?? '',
}));

test('the schema describes every option', () => {
  expect(OPTIONS.length).toBeGreaterThan(10);
  expect(OPTIONS.filter(({ description }) => description.length < 20)).toEqual([]);
  expect(OPTIONS.find(({ name }) => name === 'seed')).toMatchObject({ values: '0 to 2^53 - 1', byDefault: '0' });
});

test('docs/VECTOR_ENV.md has a row for each, with its values, default and description', () => {
  const [, table = ''] = /\n\| option \|[^\n]*\n\|[-|]*\n((?:\|[^\n]*\n)+)/.exec(read('docs/VECTOR_ENV.md')) ?? [];
  // A link counts as its text.
  const rows = table.trimEnd().replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  const cellsOf = (row: string): string[] =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const expected = OPTIONS.map(({ name, values = '', byDefault = '', description }) => {
    return [`\`${name}\``, values, byDefault, description];
  });
  expect(rows.split('\n').map(cellsOf)).toEqual(expected);
});

test('the docstring of VectorEnv.create has a line for each', () => {
  const [, docstring = ''] =
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+static async create/.exec(read('src/vector/vector-env.ts')) ?? [];
  const items = docstring
    .replaceAll(/\n\s*\* ?/g, '\n')
    .split(/\n(?=- |\n|@)/)
    .filter((item) => item.startsWith('- '))
    .map((item) => item.replaceAll(/\s+/g, ' ').trim());
  const expected = OPTIONS.map(({ name, values, byDefault, description }) => {
    const facts = [values, byDefault === undefined ? undefined : `default ${byDefault}`].filter(Boolean).join('; ');
    return `- \`${name}\`${facts === '' ? '' : ` (${facts})`}: ${description}.`;
  });
  expect(items).toEqual(expected);
});

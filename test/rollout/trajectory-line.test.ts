/** The text of a line: it reads as the record, and other readers of JSON lines accept it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { recordAnswer } from '../../src/records/line-writer.ts';
import { floatJson, recordJson, textJson } from '../../src/records/record-json.ts';
import { episodeRecordSchema } from '../../src/records/schema.ts';
import { runRollout } from '../../src/rollout/run.ts';
import { taskIds } from '../../src/scenarios/shipped.ts';
import { emptyBreakdown } from '../../src/sim/breakdown.ts';
import { episode, step } from './traces-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-line-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ENDS = 'a\u0085b\u2028c\u2029d\u000be\u000cf\u001cg\u001dh\u001ei\rj\nk';

test('characters that end a line for Python or an editor are escaped in every text', () => {
  const parts = { grade: 0.5, value: 1, floor: 0, oracle: 1, conflict: 0, relationship: 0, task: 1, collateral: 0 };
  const record = episode(0, {
    ...{ episode_id: ENDS, group_id: ENDS, task_id: ENDS, rules: ENDS, reward_mode: ENDS, policy: ENDS },
    ...{ status: 'failed', error: ENDS, grade_parts: { ...parts, met: 1, late: 0, missed: 3 } },
    steps: [
      step({ observation: ENDS, ...recordAnswer(ENDS), error: ENDS }),
      step(recordAnswer({ action_type: ENDS, email_id: ENDS, [ENDS]: ENDS })),
    ],
  });
  const line = recordJson(record);
  expect(JSON.parse(line)).toEqual(record);
  // The line ends of Python's splitlines.
  const ends = [...'\n\v\f\r\u001c\u001d\u001e\u0085\u2028\u2029'];
  expect(ends.filter((end) => line.includes(end))).toEqual([]);
});

test('half of a surrogate pair is replaced, because readers of UTF-8 refuse it', () => {
  expect(textJson('\ud800 \udfff \u{1f989}')).toBe('"\ufffd \ufffd \u{1f989}"');
});

test.each([
  [0, '0.0'],
  [-0, '0.0'],
  [-3, '-3.0'],
  [0.1, '0.1'],
  [1e20, '100000000000000000000.0'],
  [1e21, '1e+21'],
  [-1.5e-9, '-1.5e-9'],
  [null, 'null'],
  [Number.NaN, 'null'],
])('a float of %s is written as %s', (value, text) => {
  expect(floatJson(value)).toBe(text);
});

describe.each(['v1', 'v2'] as const)('a rollout under rules %s', (rules) => {
  const lines = async (): Promise<string[]> => {
    const out = join(folder, rules);
    const plan = {
      tasks: taskIds(),
      policy: 'random',
      episodes: 24,
      groupSize: 4,
      seed: 1,
      rules,
      observations: 'none',
    } as const;
    await runRollout({ plan: { ...plan, rewardMode: 'full' }, out, workers: 0, numEnvs: 1, resume: false });
    return readFileSync(join(out, 'trajectories.jsonl'), 'utf8').trimEnd().split('\n');
  };

  test('has all fields in the order of the schema, and numbers as it declares them', async () => {
    const schema = z.toJSONSchema(episodeRecordSchema) as Schema;
    for (const line of await lines()) {
      expect(recordJson(episodeRecordSchema.parse(JSON.parse(line)))).toBe(
        line.replace(/("advantage":[^ ,]+) +,/, '$1,'),
      );
      // The form of a number shows its type. Inside a text, the quote before a colon is escaped.
      const marked = line.replace(/(?<=[^\\]":)-?\d+(\.\d+)?(e[+-]\d+)?(?= *[,}])/g, (number) =>
        /[.e]/.test(number) ? '"#number"' : '"#integer"',
      );
      check(JSON.parse(marked), schema, '');
    }
  });
});

type Schema = {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
};

function check(value: unknown, schema: Schema, path: string): void {
  const one = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
  if (value === null) return;
  if (one.properties !== undefined) {
    expect([path, Object.keys(value as object)]).toEqual([path, Object.keys(one.properties)]);
    for (const [key, part] of Object.entries(one.properties)) check((value as never)[key], part, `${path}.${key}`);
  } else if (one.items !== undefined) {
    for (const item of value as unknown[]) check(item, one.items, path);
  } else if (typeof value === 'string' && value.startsWith('#')) {
    expect([path, one.type].flat()).toContain(value.slice(1));
  } else expect([path, one.type, typeof value].flat()).not.toContain(`number`);
}

test('the template of a breakdown contains every part', () => {
  const parts = Object.fromEntries(Object.keys(emptyBreakdown()).map((key, at) => [key, at / 2]));
  const record = episode(0, { steps: [step({ reward_breakdown: parts as ReturnType<typeof emptyBreakdown> })] });
  expect(JSON.parse(recordJson(record))).toEqual(record);
});

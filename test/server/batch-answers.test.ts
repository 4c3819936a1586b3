/** Answers with rows, in both formats. In test/python/frames.test.ts a Python client reads those in msgpack. */
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { MAX_SEED } from '../../src/lib/random.ts';
import { toJson, writeAnswer } from '../../src/server/batch/formats.ts';
import { type BatchOutcome, resultRows } from '../../src/server/batch/outcome.ts';
import type { Included, ResultRow } from '../../src/server/batch/wire.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { assertAsyncProperty, LADDER, smallScenario, vectorFactory } from '../vector/support.ts';
import { outcomeOf, unpack } from './support-batch.ts';

const create = vectorFactory();

describe('msgpack answers', () => {
  test('hold exactly the rows, and become the same JSON', async () => {
    const property = fc.asyncProperty(
      fc.record({
        numEnvs: fc.integer({ min: 1, max: 40 }),
        turns: fc.integer({ min: 0, max: 24 }),
        autoreset: fc.constantFrom(...AUTORESETS),
        rules: fc.constantFrom('v1' as const, 'v2' as const),
        workers: fc.constantFrom(0, 0, 0, 1),
        seeds: fc.array(fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: MAX_SEED })), {
          minLength: 1,
        }),
        refuse: fc.boolean(),
        included: fc.subarray(['breakdown', 'data', 'metadata'] as const).map((keys): Included => new Set(keys)),
      }),
      async ({ numEnvs, turns, autoreset, rules, workers, seeds, refuse, included }) => {
        const envs = Array.from({ length: numEnvs }, (_, env) => {
          const seed = seeds[env % seeds.length] ?? 0;
          if (env % 4 === 3) return { scenario: SMALL, task: 'small \u4e16', seed };
          return { task: LADDER[env % 3] ?? '', seed };
        });
        const vector = await create({ envs, autoreset, rules, workers });
        const outcome = await outcomeOf(vector, turns, refuse, included);
        const bytes = await writeAnswer('msgpack', { batch_id: 'b', request_id: '\u00e9' }, outcome);
        const expected = { batch_id: 'b', request_id: '\u00e9', results: resultRows(outcome) };
        // Inside metadata, msgpackr writes -0 as 0.
        expect(JSON.stringify(unpack(bytes))).toBe(JSON.stringify(expected));
        expect((await toJson(bytes, Number.POSITIVE_INFINITY)).toString()).toBe(JSON.stringify(expected));
        const numbers = ({ results }: { results: ResultRow[] }): unknown =>
          results.map(({ reward, observation }) => [reward, observation?.reward_breakdown]);
        expect(numbers(unpack(bytes) as typeof expected)).toEqual(numbers(expected));
        await vector.close();
      },
    );
    await assertAsyncProperty(property, 25);
  });
});

type Write = (fields: Record<string, unknown>, outcome: BatchOutcome) => Promise<Buffer>;

/** Packs the first outcome that it receives, and writes that answer as JSON on every call. */
const rewritten = (): Write => {
  let packed: Promise<Buffer> | undefined;
  return async (fields, outcome) => {
    packed ??= writeAnswer('msgpack', fields, outcome);
    return toJson(await packed, Number.POSITIVE_INFINITY);
  };
};

const WRITERS: readonly [string, Write][] = [
  ['JSON', (fields, outcome) => writeAnswer('json', fields, outcome)],
  ['msgpack', (fields, outcome) => writeAnswer('msgpack', fields, outcome)],
  ['JSON from a remembered msgpack answer', rewritten()],
];

test.each(WRITERS)('other work runs while many rows are written as %s', async (_name, write) => {
  const vector = await create({ numEnvs: 320, tasks: [...LADDER] });
  const outcome = await outcomeOf(vector, 2, false, new Set());
  const bytes = await write({ batch_id: 'b' }, outcome);
  // Every reading of the clock ends a turn.
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 10;
    return now;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  let [turns, over] = [0, false];
  const count = (): void => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const again = await write({ batch_id: 'b' }, outcome);
  over = true;
  expect(turns).toBeGreaterThanOrEqual(320 / 16);
  expect(again.equals(bytes)).toBe(true);
});

test('the JSON of a msgpack answer is refused if it exceeds the maximum number of bytes', async () => {
  const vector = await create({ numEnvs: 130, tasks: [...LADDER] });
  const outcome = await outcomeOf(vector, 2, false, new Set());
  const json = await writeAnswer('json', { batch_id: 'b' }, outcome);
  const packed = await writeAnswer('msgpack', { batch_id: 'b' }, outcome);
  expect((await toJson(packed, json.length)).equals(json)).toBe(true);
  await expect(toJson(packed, json.length / 2)).rejects.toMatchObject({ status: 413, code: 'ANSWER_TOO_LARGE' });
});

test('JSON written row by row equals JSON.stringify of the whole answer', async () => {
  const vector = await create({ numEnvs: 130, tasks: [...LADDER], autoreset: 'same_step' });
  for (const turns of [0, 3, 20]) {
    const outcome = await outcomeOf(vector, turns, true, new Set(['breakdown', 'data', 'metadata'] as const));
    const text = JSON.stringify({ batch_id: 'b', results: resultRows(outcome) });
    expect((await writeAnswer('json', { batch_id: 'b' }, outcome)).toString()).toBe(text);
  }
});

const SMALL = smallScenario();

/** Rows that are framed from the columns are those that are made of objects. test/python/frames.test.ts has Python read them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_SEED } from '../../src/lib/random.ts';
import { frameAnswer } from '../../src/server/batch/frame.ts';
import { rowsOf } from '../../src/server/batch/outcome.ts';
import type { Included, Row } from '../../src/server/batch/wire.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { assertAsyncProperty, LADDER, smallScenario, vectorFactory } from '../vector/support.ts';
import { outcomeOf, unpack } from './support-batch.ts';

const create = vectorFactory();

describe('frames', () => {
  test('hold exactly the rows that are made of objects', async () => {
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
        included: fc.subarray(['breakdown', 'metadata'] as const).map((keys): Included => new Set(keys)),
      }),
      async ({ numEnvs, turns, autoreset, rules, workers, seeds, refuse, included }) => {
        const envs = Array.from({ length: numEnvs }, (_, env) => {
          const seed = seeds[env % seeds.length] ?? 0;
          if (env % 4 === 3) return { scenario: SMALL, task: 'small \u4e16', seed };
          return { task: LADDER[env % 3] ?? '', seed };
        });
        const vector = await create({ envs, autoreset, rules, workers });
        const outcome = await outcomeOf(vector, turns, refuse, included);
        const bytes = frameAnswer({ batch_id: 'b', request_id: '\u00e9' }, outcome);
        const expected = { batch_id: 'b', request_id: '\u00e9', results: rowsOf(outcome) };
        // Inside metadata, msgpackr writes the zero that is negative as the other one.
        expect(JSON.stringify(unpack(bytes))).toBe(JSON.stringify(expected));
        const numbers = ({ results }: { results: Row[] }): unknown =>
          results.map(({ reward, observation }) => [reward, observation?.reward_breakdown]);
        expect(numbers(unpack(bytes) as typeof expected)).toEqual(numbers(expected));
        await vector.close();
      },
    );
    await assertAsyncProperty(property, 60);
  });
});

const SMALL = smallScenario();

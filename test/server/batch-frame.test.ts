/** Rows that are framed from the columns are those that are made of objects, and every msgpack reader agrees on them. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VectorEnv } from '../../src/index.ts';
import { MAX_SEED } from '../../src/lib/random.ts';
import { frameAnswer } from '../../src/server/batch/frame.ts';
import { Grades } from '../../src/server/batch/grades.ts';
import { type Outcome, rowsOf } from '../../src/server/batch/outcome.ts';
import type { Included, Row } from '../../src/server/batch/wire.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { assertAsyncProperty, LADDER, scripted, smallScenario, vectorFactory } from '../vector/support.ts';
import { unpack } from './support-batch.ts';

const create = vectorFactory();

/** An answer about all environments of a vector after some turns, in which every third was refused if so wanted. */
async function outcomeOf(vector: VectorEnv, turns: number, refuse: boolean, included: Included): Promise<Outcome> {
  const grades = new Grades(new Set());
  let batch = await vector.reset();
  let graded = grades.began(batch);
  for (let turn = 0; turn < turns; turn++) {
    batch = await vector.step(vector.envIds.map((env) => scripted(LADDER[env % 3] ?? '', env, turn)));
    graded = grades.stepped(batch);
  }
  const isRefused = (env: number): boolean => refuse && env % 3 === 1;
  return {
    envIds: batch.envIds,
    batch,
    rows: refuse ? Int32Array.from(batch.envIds, (env, row) => (isRefused(env) ? -1 : row)) : undefined,
    problems: new Map(
      batch.envIds.filter(isRefused).map((env) => [env, { code: 'UNKNOWN_ENV', message: `no ${env} \u{1f989}` }]),
    ),
    grades: graded,
    groupOf: (env) => (env % 3 === 1 ? null : env * 100_000),
    included,
  };
}

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

  test('are read by the msgpack of Python as the same values of the same types', async () => {
    const vector = await create({ numEnvs: 30, tasks: [...LADDER], rules: 'v2', autoreset: 'same_step' });
    const outcome = await outcomeOf(vector, 20, true, new Set<'breakdown' | 'metadata'>(['breakdown', 'metadata']));
    const script =
      'import json, msgpack, sys\nprint(json.dumps(msgpack.unpackb(sys.stdin.buffer.read(), strict_map_key=True)))';
    const input = frameAnswer({ n: 1 }, outcome);
    const printed = execFileSync('/usr/bin/python3', ['-c', script], { input, maxBuffer: 2 ** 28, encoding: 'utf8' });
    // JSON has one zero only.
    expect(JSON.stringify(JSON.parse(printed))).toBe(JSON.stringify({ n: 1, results: rowsOf(outcome) }));
    // A double is written as such even where it is whole; a whole number is never one.
    const types =
      'import msgpack, sys\nr = msgpack.unpackb(sys.stdin.buffer.read())["results"]\n' +
      'print(sorted({type(v).__name__ for x in r if x["observation"] for v in [x["reward"], *(x["observation"]["reward_breakdown"] or {}).values()]}))\n' +
      'print(sorted({type(v).__name__ for x in r if x["observation"] for v in [x["env_id"], x["observation"]["seed"], x["observation"]["metadata"]["seed"], x["observation"]["episode"]]}))';
    expect(execFileSync('/usr/bin/python3', ['-c', types], { input, encoding: 'utf8' })).toBe("['float']\n['int']\n");
  });
});

const SMALL = smallScenario();

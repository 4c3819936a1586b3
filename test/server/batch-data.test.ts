/** Rows with `data` hold the observations of a VectorEnv that is played alike. */
import { describe, expect, test } from 'vitest';
import { type Batch, briefing, observationSchema, RULES } from '../../src/index.ts';
import type { ResultRow } from '../../src/server/batch/wire.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { LADDER, scripted, vectorFactory } from '../vector/support.ts';
import { Client, FORMATS } from './support-batch.ts';
import { sharedServer } from './support-server.ts';

const shared = sharedServer({ workers: 2 });
const createVector = vectorFactory();

const ENVS = 6;
const TURNS = 26;
const include = ['data'];

function dataOf(row: ResultRow): unknown {
  return (row.observation as { data?: unknown } | null)?.data;
}

function observationsOf(batch: Batch): unknown[] {
  return batch.envIds.map((_, i) => batch.observation(i));
}

describe.each(FORMATS)('in %s', (format) => {
  const how = RULES.flatMap((rules) => AUTORESETS.map((autoreset) => ({ rules, autoreset })));

  test.each(how)(
    'data equal the observations of a local VectorEnv, $rules, $autoreset',
    async ({ rules, autoreset }) => {
      const client = new Client(shared().url, format);
      const vector = await createVector({ numEnvs: ENVS, tasks: [...LADDER], seed: 11, rules, autoreset });
      const body = { num_envs: ENVS, tasks: LADDER, seed: 11, rules, autoreset, include };
      const { batch_id, results } = await client.create(body);
      const seen = new Set<string>();
      const compare = (rows: readonly ResultRow[], batch: Batch): void => {
        expect(rows.map(dataOf)).toStrictEqual(observationsOf(batch));
        for (const row of rows) {
          const observation = observationSchema.parse(dataOf(row));
          expect(briefing(observation)).toBe(row.observation?.briefing);
          seen.add(JSON.stringify(observation));
        }
      };
      compare(results, await vector.reset());
      for (let turn = 0; turn < TURNS; turn++) {
        const actions = vector.envIds.map((env) => scripted(LADDER[env % 3] ?? '', env, turn));
        compare(await client.step(batch_id, actions, { include }), await vector.step(actions));
      }
      expect(seen.size).toBeGreaterThan(20);
      const path = `/batch/${batch_id}`;
      const { snapshot } = await client.ok('POST', `${path}/snapshot`);
      const kept = await vector.snapshot();
      compare(
        (await client.ok('POST', `${path}/reset`, { seed: 3, include })).results,
        await vector.reset({ seed: 3 }),
      );
      const restored = await client.ok('POST', `${path}/restore`, { snapshot, include });
      compare(restored.results, await vector.restore(kept));
      const { results: forked } = await client.ok('POST', `${path}/fork`, { env_id: 1, k: 2, include });
      compare(forked, await vector.fork(1, 2));
    },
  );

  test('a row has data only if the request includes them', async () => {
    const client = new Client(shared().url, format);
    const { batch_id, results } = await client.create({ num_envs: 1 });
    const rows = [
      ...results,
      ...(await client.step(batch_id, [{}])),
      ...(await client.step(batch_id, [{}], { include: ['breakdown', 'metadata'] })),
    ];
    for (const { observation } of rows) expect(observation).not.toHaveProperty('data');
    const [row] = await client.step(batch_id, [{}], { include: ['breakdown', 'data', 'metadata'] });
    expect(Object.keys(row?.observation ?? {}).slice(-3)).toEqual(['reward_breakdown', 'data', 'metadata']);
  });
});

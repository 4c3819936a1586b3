/** The data that a batch keeps, the data that becomes stale, and the msgpack form. */
import { pack, unpack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import {
  type Batch,
  BREAKDOWN_FIELDS,
  briefing,
  type Observation,
  observationSchema,
  RULES,
  StaleBatchError,
  UnknownEnvError,
  type VectorEnv,
} from '../../src/index.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { BACKENDS, errorOf, linesOf, numbersOf, scripted, smallScenario, unchecked, vectorFactory } from './support.ts';

const TASKS = ['phase2_core', 'drift_drill'];

async function stepScripted(vector: VectorEnv, turn: number): Promise<Batch> {
  return vector.step(vector.envIds.map((env) => scripted(TASKS[env % 2] ?? '', env, turn)));
}

async function expectStale(batch: Batch, row: number): Promise<void> {
  const reads = [() => batch.observation(row), () => batch.briefing(row), () => batch.info(row), () => batch.note(row)];
  for (const read of reads) {
    const error = await errorOf(read);
    expect(error).toBeInstanceOf(StaleBatchError);
    expect(error.message).toContain(`environment ${batch.envIds[row]}`);
  }
}

/** The observations of all rows, in row order. */
function observationsOf(batch: Batch): Observation[] {
  return batch.envIds.map((_, i) => batch.observation(i));
}

describe.each(RULES)('under %s', (rules) => {
  const create = vectorFactory();

  test.each(AUTORESETS)(
    'observations are equal in both backends, and briefings are their text (%s)',
    async (autoreset) => {
      const envs = [{ task: 'phase2_core' }, { task: 'drift_drill' }, { scenario: smallScenario() }];
      const [local, pooled] = [
        await create({ envs, rules, autoreset, workers: 0 }),
        await create({ envs, rules, autoreset, workers: 2 }),
      ];
      const seen = new Set<string>();
      let finals = 0;
      const compare = (here: Batch, there: Batch): void => {
        const observations = observationsOf(here);
        expect(observationsOf(there)).toStrictEqual(observations);
        expect(here.briefings()).toEqual(observations.map(briefing));
        expect(there.briefings()).toEqual(observations.map(briefing));
        observations.forEach((observation, i) => {
          expect(observationSchema.parse(observation)).toStrictEqual(observation);
          seen.add(JSON.stringify(observation));
          const final = here.final(i);
          expect(there.final(i)).toStrictEqual(final);
          if (final === undefined) return;
          finals++;
          expect(final.briefing).toBe(briefing(final.observation));
          expect(final.observation.active).toBe(false);
          expect(observation).toMatchObject({ step: 0, active: true, note: '' });
        });
      };
      compare(await local.reset(), await pooled.reset());
      for (let turn = 0; turn < 14; turn++) {
        const actions = envs.map(({ task = 'phase2_core' }, env) => scripted(task, env, turn));
        compare(await local.step(actions), await pooled.step(actions));
      }
      expect(seen.size).toBeGreaterThan(20);
      if (autoreset === 'same_step') expect(finals).toBeGreaterThan(2);
      else expect(finals).toBe(0);
    },
  );
});

describe('workers that write no briefings', () => {
  const create = vectorFactory();

  test.each(AUTORESETS)('give the same batches (%s)', async (autoreset) => {
    const play = async (workers: number, briefings: boolean): Promise<string[]> => {
      const envs = [...TASKS.map((task) => ({ task })), { scenario: smallScenario() }];
      const vector = await create({ envs, autoreset, workers, briefings, rules: 'v2' });
      const lines = linesOf(await vector.reset());
      for (let turn = 0; turn < 14; turn++) {
        const batch = await stepScripted(vector, turn);
        lines.push(...linesOf(batch), batch.toMsgpack().toString('base64'));
        if (turn === 3) lines.push(...linesOf(await vector.fork(2, 2)));
        if (turn === 6) lines.push(...linesOf(await vector.restore(await vector.snapshot([0]), [3])));
      }
      return lines;
    };
    const expected = await play(0, true);
    expect(await play(2, true)).toEqual(expected);
    expect(await play(2, false)).toEqual(expected);
    expect(await play(0, false)).toEqual(expected);
  });
});

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test('the numbers of a batch never change, whatever is done afterwards', async () => {
    const vector = await create({ workers, numEnvs: 4, tasks: TASKS, autoreset: 'same_step' });
    const batches = [await vector.reset()];
    const copies = batches.map(numbersOf);
    for (let turn = 0; turn < 14; turn++) {
      const batch = await stepScripted(vector, turn);
      batches.push(batch);
      copies.push(numbersOf(batch));
    }
    await vector.fork(0, 2);
    await vector.reset({ seed: 3 });
    expect(batches.map(numbersOf)).toEqual(copies);
    // The 15 batches differ from each other.
    expect(new Set(copies.map((copy) => JSON.stringify(copy))).size).toBe(15);
  });

  test('a briefing is the text of the observation, whatever characters it has', async () => {
    const senders = ['Zoe', 'Zo\u00eb', '\u{1f989}'];
    const envs = senders.map((sender, n) => ({
      task: `t${n}`,
      scenario: {
        simulation_time: '2026-06-22T09:00:00',
        emails: [{ id: 'e1', sender, subject: 's', body: 'b', priority: 'low', sender_relationship: 'VIP' } as const],
      },
    }));
    const vector = await create({ workers, envs });
    await vector.reset();
    for (const email_id of ['\u00e9', 'e', '\u{1f989}']) {
      const batch = await vector.step(envs.map(() => ({ action_type: 'archive_email', email_id })));
      const texts = batch.briefings();
      expect(texts).toEqual(observationsOf(batch).map(briefing));
      texts.forEach((text, i) => {
        expect(text.isWellFormed()).toBe(true);
        expect(text).toContain(`"${email_id}"`);
        expect(batch.note(i)).toContain(`"${email_id}"`);
        expect(text).toContain(`] ${senders[i]} (VIP`);
      });
    }
  });

  test('texts go stale as soon as their environment is sent an action, and only theirs', async () => {
    const vector = await create({ workers, numEnvs: 4, tasks: TASKS });
    const batch = await vector.reset();
    const texts = batch.briefings();
    vector.send([{}], [2]);
    await expectStale(batch, 2);
    const after = await vector.recv();
    await expectStale(batch, 2);
    expect([0, 1, 3].map((i) => batch.briefing(i))).toEqual([texts[0], texts[1], texts[3]]);
    expect(batch.info(3).episode_step).toBe(0);
    expect(after.info(0)).toMatchObject({ env_id: 2, episode_step: 1 });
  });

  test('texts go stale by a reset and by a restore, and not by a snapshot or a fork', async () => {
    const vector = await create({ workers, numEnvs: 2, tasks: TASKS });
    const first = await vector.reset();
    const lines = linesOf(first);
    const texts = first.briefings();
    const snapshot = await vector.snapshot();
    await vector.fork(0, 1);
    expect(linesOf(first)).toEqual(lines);
    const second = await vector.reset({ ids: [1] });
    await expectStale(first, 1);
    expect(first.briefing(0)).toBe(texts[0]);
    const third = await vector.restore(snapshot);
    await expectStale(first, 0);
    await expectStale(second, 0);
    expect(third.briefing(1)).toBe(texts[1]);
  });

  test('the texts of a released fork are stale, even after its slot is reused', async () => {
    const vector = await create({ workers, numEnvs: 2 });
    await vector.reset();
    const fork = await vector.fork(0, 1);
    await vector.release([2]);
    await expectStale(fork, 0);
    expect((await vector.fork(1, 1)).envIds).toEqual([2]);
    await expectStale(fork, 0);
    expect([...fork.reward]).toEqual([0]);
  });

  test('infos and finals are objects of their own: changing one changes nothing else', async () => {
    const vector = await create({ workers, envs: [{ scenario: smallScenario() }] });
    await vector.reset();
    const batch = await vector.step([{}]);
    const expected = linesOf(batch);
    const info = batch.info(0);
    info.unread_email_ids.length = 0;
    info.critical_unreplied_email_ids.push('e999');
    if (info.reward_breakdown !== undefined) info.reward_breakdown.final = 99;
    batch.breakdownOf(0).final = 99;
    expect(linesOf(batch)).toEqual(expected);
  });

  test('the texts of a batch can still be read once the vector is closed', async () => {
    const vector = await create({ workers, numEnvs: 2 });
    const batch = await vector.reset();
    const lines = linesOf(batch);
    await vector.close();
    expect(linesOf(batch)).toEqual(lines);
  });

  test('a row that does not exist is refused by name', async () => {
    const vector = await create({ workers, numEnvs: 2 });
    const batch = await vector.reset();
    for (const row of [2, -1, 0.5]) {
      expect(await errorOf(() => batch.briefing(row))).toBeInstanceOf(UnknownEnvError);
      expect((await errorOf(() => batch.info(row))).message).toContain(`row ${row} of a batch of 2`);
    }
  });

  test('toMsgpack holds the values of the batch', async () => {
    const vector = await create({
      workers,
      autoreset: 'same_step',
      envs: [
        { scenario: smallScenario({ max_episode_steps: 1 }) },
        { task: 'phase2_core' },
        { scenario: smallScenario() },
      ],
    });
    const check = (batch: Batch): void => {
      const decoded: unknown = unpack(batch.toMsgpack());
      expect(decoded).toStrictEqual({
        env_ids: batch.envIds,
        reward: [...batch.reward],
        terminated: [...batch.terminated].map((flag) => flag === 1),
        truncated: [...batch.truncated].map((flag) => flag === 1),
        step_ok: [...batch.stepOk].map((flag) => flag === 1),
        failed: [...batch.failed].map((flag) => flag === 1),
        breakdown: Object.fromEntries(BREAKDOWN_FIELDS.map((field) => [field, [...batch.breakdown[field]]])),
        briefing: batch.briefings(),
        info: batch.envIds.map((_, i) => batch.info(i)),
        final: batch.envIds.map((_, i) => {
          const final = batch.final(i);
          return final === undefined ? null : { briefing: final.briefing, info: final.info };
        }),
      });
    };
    check(await vector.reset());
    const step = await vector.step([{ action_type: 'archive_email', email_id: 'e2' }, 'no', {}]);
    check(step);
    expect(step.final(0)?.briefing).toContain('\u{1f44b}');
    expect(step.final(1)).toBeUndefined();
  });

  test('the bytes of toMsgpack use no extension types, so that any reader can open them', async () => {
    const vector = await create({ workers, numEnvs: 3, autoreset: 'same_step' });
    await vector.reset();
    let batch = await vector.step(['no', {}, unchecked(null)]);
    for (let turn = 1; turn < 8; turn++) batch = await vector.step(['no', {}, unchecked(null)]);
    expect(batch.final(0)).toBeDefined();
    expect(extensionsIn(batch.toMsgpack())).toEqual([]);
    expect(extensionsIn(pack({ control: undefined })), 'a document with an extension').toEqual([0]);
  });
});

/**
 * Parses a msgpack document according to the specification and lists its extension types. Throws if the document is malformed.
 */
function extensionsIn(bytes: Buffer): number[] {
  const found: number[] = [];
  let at = 0;
  const take = (width: number): number => {
    at += width;
    return bytes.readUIntBE(at - width, width);
  };
  const skip = (length: number): void => {
    at += length;
  };
  const values = (count: number): void => {
    for (let i = 0; i < count; i++) value();
  };
  const extension = (length: number): void => {
    found.push(take(1));
    skip(length);
  };
  const value = (): void => {
    const token = take(1);
    if (token < 0x80 || token >= 0xe0) return;
    if (token < 0x90) values(2 * (token & 15));
    else if (token < 0xa0) values(token & 15);
    else if (token < 0xc0) skip(token & 31);
    else if (token === 0xc0 || token === 0xc2 || token === 0xc3) return;
    else if (token >= 0xc4 && token <= 0xc6) skip(take(1 << (token - 0xc4)));
    else if (token >= 0xc7 && token <= 0xc9) extension(take(1 << (token - 0xc7)));
    else if (token === 0xca || token === 0xcb) skip(token === 0xca ? 4 : 8);
    else if (token >= 0xcc && token <= 0xd3) skip(1 << (token & 3));
    else if (token >= 0xd4 && token <= 0xd8) extension(1 << (token - 0xd4));
    else if (token >= 0xd9 && token <= 0xdb) skip(take(1 << (token - 0xd9)));
    else if (token === 0xdc || token === 0xdd) values(take(token === 0xdc ? 2 : 4));
    else if (token === 0xde || token === 0xdf) values(2 * take(token === 0xde ? 2 : 4));
    else throw new RangeError(`token ${token} at ${at - 1}`);
  };
  value();
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes are left`);
  return found;
}

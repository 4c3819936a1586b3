/** A batch over HTTP gives the rows of a VectorEnv, in any order and division of the requests. */

import { describe, expect, test } from 'vitest';
import type { PolicyAnswer } from '../../src/index.ts';
import { gradeEpisode } from '../../src/scenarios/graders.ts';
import { AUTORESETS } from '../../src/vector/spec.ts';
import { LADDER, scripted, vectorFactory } from '../vector/support.ts';
import { Client, expectedRows, FORMATS, plain } from './support-batch.ts';
import { serve } from './support-server.ts';

const createVector = vectorFactory();

/** Answers the emails of phase2_core one after the other, which its grader rewards. */
function reply(turn: number): PolicyAnswer {
  const message_body = 'Thank you; I will do that by noon today, as agreed.';
  return { action_type: 'reply_email', email_id: ['e01', 'e02', 'e06', 'e03', 'e04'][turn % 5], message_body };
}

/** Enough environments for two worker threads. */
const ENVS = 66;
const TURNS = 22;

describe.each(FORMATS)('in %s', (format) => {
  test.each(AUTORESETS)('results equal those of a VectorEnv in this thread, autoreset %s', async (autoreset) => {
    const client = new Client(await serve({ workers: 2 }), format);
    const options = { tasks: [...LADDER], seed: 11, autoreset, groupSize: 2 };
    const vector = await createVector({ ...options, numEnvs: ENVS, rules: 'v2' });
    const made = await client.create({
      num_envs: ENVS,
      tasks: LADDER,
      seed: 11,
      autoreset,
      group_size: 2,
      include: ['metadata'],
    });
    expect(made.env_ids).toEqual([...vector.envIds]);
    expect(made.group_ids).toEqual(vector.envIds.map((env) => Math.floor(env / 2)));
    expect(plain(made.results)).toEqual(expectedRows(await vector.reset(), 2, ['metadata']));
    let ended = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      const actions = made.env_ids.map((env) => scripted(LADDER[Math.floor(env / 2) % 3] ?? '', env, turn));
      const include = [[], ['breakdown'], ['metadata'], ['metadata', 'breakdown']][turn % 4] ?? [];
      const rows = await client.step(made.batch_id, actions, { include });
      expect(plain(rows)).toEqual(expectedRows(await vector.step(actions), 2, include));
      ended += rows.filter((row) => row.grade !== undefined).length;
    }
    expect(ended).toBeGreaterThan(ENVS / 2);
    expect((await client.ok('GET', `/batch/${made.batch_id}`)).workers).toBe(2);
  });

  test('steps of subsets, in any order and at the same time, equal one step of all environments', async () => {
    const client = new Client(await serve({ workers: 2 }), format);
    const body = { num_envs: ENVS, tasks: ['phase2_core'], seed: 5 };
    const [one, other] = [await client.create(body), await client.create(body)];
    for (let turn = 0; turn < 6; turn++) {
      const actions = one.env_ids.map((env) => scripted('phase2_core', env, turn));
      const whole = await client.step(one.batch_id, actions);
      const parts = [0, 1, 2].map((part) => one.env_ids.filter((env) => env % 3 === part).reverse());
      const answers = await Promise.all(
        parts.map((envs) =>
          client.step(
            other.batch_id,
            envs.map((env) => actions[env]),
            { env_ids: envs },
          ),
        ),
      );
      answers.forEach((rows, part) => {
        expect(rows.map((row) => row.env_id)).toEqual(parts[part]);
      });
      const sorted = answers.flat().sort((a, b) => a.env_id - b.env_id);
      expect(sorted).toEqual(whole);
    }
  });

  test('members of a group begin alike, also after an autoreset and a reset, and forks belong to the group', async () => {
    const client = new Client(await serve(), format);
    const { batch_id, results } = await client.create({ num_envs: 6, group_size: 3, autoreset: 'same_step', seed: 1 });
    const begun = (rows: typeof results): unknown[] =>
      rows.map(({ observation }) => [observation?.task_id, observation?.seed, observation?.briefing]);
    const expectAlike = (rows: typeof results): void => {
      const [a, b, c, d, e, f] = begun(rows);
      expect([b, c]).toEqual([a, a]);
      expect([e, f]).toEqual([d, d]);
      expect(d).not.toEqual(a);
    };
    expectAlike(results);
    const firsts = new Map<number, (typeof results)[number]>();
    for (let turn = 0; firsts.size < 6; turn++) {
      const actions = results.map(({ env_id }) => scripted('phase2_core', env_id, turn));
      for (const row of await client.step(batch_id, actions)) {
        if (row.final !== undefined && !firsts.has(row.env_id)) firsts.set(row.env_id, row);
      }
    }
    const ordered = [...firsts.values()].sort((a, b) => a.env_id - b.env_id);
    expect(ordered.map((row) => row.observation?.episode)).toEqual([1, 1, 1, 1, 1, 1]);
    expectAlike(ordered);
    expectAlike((await client.ok('POST', `/batch/${batch_id}/reset`, { seed: 9 })).results);
    const fork = await client.ok('POST', `/batch/${batch_id}/fork`, { env_id: 4, k: 2 });
    expect(fork).toMatchObject({ env_ids: [6, 7], group_ids: [1, 1] });
  });

  test('under rules v1 the grade uses all rewards of the episode, also after a fork or a restore', async () => {
    const client = new Client(await serve(), format);
    const { batch_id } = await client.create({
      num_envs: 3,
      tasks: ['phase2_core'],
      rules: 'v1',
      autoreset: 'disabled',
    });
    const path = `/batch/${batch_id}`;
    const rewards: number[][] = [[], [], []];
    const play = async (turn: number): Promise<boolean> => {
      const rows = await client.step(
        batch_id,
        rewards.map(() => reply(turn)),
        { env_ids: [0, 1, 2] },
      );
      rows.forEach((row, env) => void rewards[env]?.push(row.reward ?? Number.NaN));
      return rows.every((row) => row.truncated);
    };
    for (let turn = 0; turn < 3; turn++) await play(turn);
    const fork = await client.ok('POST', `${path}/fork`, { env_id: 1 });
    const { snapshot } = await client.ok('POST', `${path}/snapshot`, { env_ids: [2] });
    await client.ok('POST', `${path}/restore`, { snapshot });
    const forked = [...(rewards[1] ?? [])];
    for (let turn = 3, over = false; !over; turn++) {
      over = await play(turn);
      const [row] = await client.step(batch_id, [{ action_type: 'take_a_nap' }], { env_ids: fork.env_ids });
      forked.push(row?.reward ?? Number.NaN);
    }
    // A step after the end is refused. Its penalty does not belong to the episode.
    const rows = await client.step(batch_id, [{}, {}, {}, {}]);
    const gradeOf = (list: readonly number[]): unknown => ({
      grade: gradeEpisode('phase2_core', 'v1', list, undefined).grade,
    });
    expect(rows.map((row) => row.truncated)).toEqual([true, true, true, true]);
    expect(rows.map((row) => row.grade)).toEqual([
      gradeOf(rewards[0] ?? []),
      gradeOf(rewards[1] ?? []),
      undefined,
      gradeOf(forked),
    ]);
    expect(rows[3]?.grade).not.toEqual(rows[1]?.grade);
    for (let i = 0; i < 3; i++) {
      const again = await client.step(batch_id, [{}, {}, {}, {}]);
      expect(again.map(({ reward, grade }) => [reward, grade])).toEqual(rows.map(({ grade }) => [-0.25, grade]));
    }
  });
});

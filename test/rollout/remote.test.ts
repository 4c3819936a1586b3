/** A rollout on a server has the same results as a local one. */

import { beforeAll, describe, expect, test } from 'vitest';
import { policyNamed } from '../../src/policies/policies.ts';
import type { Policy } from '../../src/policies/policy.ts';
import type { EpisodeRecord } from '../../src/records/schema.ts';
import { collect } from '../../src/rollout/collect.ts';
import { checkPlan, plannedEpisode } from '../../src/rollout/plan.ts';
import { localStage, type OpenStage } from '../../src/rollout/stage.ts';
import { EDITIONS } from '../../src/sim/edition.ts';
import type { PolicyAnswer } from '../../src/world/completion/completion.ts';
import { serve, sharedServer } from '../server/support-server.ts';
import { connectTo, manifestOf, newFolder, PLAN, play, startFake, startProxy, trajectories } from './remote-support.ts';

const shared = sharedServer({ workers: 1 });
let url: URL;
let home: string;
beforeAll(async () => {
  url = new URL(shared().url);
  home = await play();
});

/** A policy that calls a function when its `nth` episode begins, and otherwise plays like `random`. */
function watching(nth: number, what: () => void): Policy {
  const random = policyNamed('random');
  const { policySeed } = plannedEpisode(PLAN, nth);
  return {
    name: random.name,
    start: (seed) => {
      const actor = random.start(seed);
      let done = seed !== policySeed;
      return {
        act: (turn) => {
          if (!done) what();
          done = true;
          return actor.act(turn);
        },
      };
    },
  };
}

describe('the same bytes', () => {
  test.each([1, 7, 64])('for a batch of %i', async (numEnvs) => {
    expect(await play({ url, numEnvs })).toBe(home);
  });

  test.each([
    { policy: 'random', rules: 'v1', rewardMode: 'full' },
    { policy: 'greedy', rules: 'v2', rewardMode: 'base' },
    { policy: 'greedy', rules: 'v1', rewardMode: 'base' },
    { policy: 'do_nothing', rules: 'v2', rewardMode: 'shaping' },
  ])('for $policy under $rules, reward $rewardMode', async (how) => {
    const plan = checkPlan({ ...PLAN, ...how, episodes: 12, groupSize: 2 });
    expect(await play({ url, plan })).toBe(await play({ plan }));
  });

  test('if the run was interrupted, and resumed on the server or locally', async () => {
    for (const [first, second] of [
      [url, url],
      [url, undefined],
      [undefined, url],
    ]) {
      const out = newFolder();
      const abort = new AbortController();
      const where = (address: URL | undefined): { url?: URL } => (address === undefined ? {} : { url: address });
      await play({ ...where(first), out, policy: watching(9, () => abort.abort()), signal: abort.signal, numEnvs: 4 });
      expect(manifestOf(out)).toMatchObject({ status: 'interrupted' });
      const kept = trajectories(out).split('\n').length - 1;
      expect(kept).toBeGreaterThanOrEqual(10);
      expect(kept).toBeLessThan(PLAN.episodes);
      expect(await play({ ...where(second), out, resume: true, numEnvs: 9 })).toBe(home);
      expect(manifestOf(out)).toMatchObject({ status: 'complete', execution: { num_envs: 9 } });
      expect(manifestOf(out).execution.url).toBe(second?.origin);
    }
  });

  test('if the server was lost during the run, and the run is resumed when it is back', async () => {
    const out = newFolder();
    const proxy = await startProxy(url);
    const policy = watching(13, () => proxy.kill());
    await expect(play({ url: proxy.url, out, policy, numEnvs: 4 })).rejects.toThrow(
      /^no answer from the server at http:.* to POST \/batch\/.*\/step: .*ECONNREFUSED.*tried \d times/,
    );
    const kept = trajectories(out);
    expect(kept.split('\n').length - 1).toBeGreaterThanOrEqual(8);
    expect(manifestOf(out)).toMatchObject({ status: 'interrupted', execution: { url: proxy.url.origin } });
    expect(await play({ url, out, resume: true })).toBe(home);
  });
});

describe('a server', () => {
  test('that loses batches one after the other: the same bytes', async () => {
    const proxy = await startProxy(url);
    const remote = await connectTo(proxy.url);
    const batches = (): string[] =>
      proxy.seen.flatMap(({ what }) => /^POST (\/batch\/[^/]+)\/reset$/.exec(what)?.[1] ?? []);
    let lost = 0;
    const random = policyNamed('random');
    const losing: Policy = {
      name: random.name,
      start: (seed) => {
        const actor = random.start(seed);
        return {
          act: async (turn) => {
            if (turn.observation.step === 4 && turn.episode % 7 === 3) {
              lost++;
              await fetch(new URL(batches().at(-1) ?? '', url), { method: 'DELETE' });
            }
            return actor.act(turn);
          },
        };
      },
    };
    expect(await play({ remote, numEnvs: 6, policy: losing })).toBe(home);
    expect(lost).toBeGreaterThan(2);
    expect(new Set(batches()).size).toBe(lost + 1);
    expect(proxy.seen.at(-1)?.what).toMatch(/^DELETE/);
  });

  test('that has other scenarios now fails the run', async () => {
    let gone = false;
    const hashes = { phase2_core: 'another' };
    const { url: address } = await startFake((what) => {
      if (what === 'GET /health') return { body: { status: 'healthy' } };
      if (what === 'GET /metadata')
        return { body: { name: 'ghostexec', editions: EDITIONS, scenario_hashes: gone ? hashes : {} } };
      gone = true;
      return what === 'POST /batch' ? { body: { batch_id: 'a', env_ids: [0] } } : { status: 404, body: {} };
    });
    await expect(play({ url: address, numEnvs: 1 })).rejects.toThrow('has other scenario files');
  });
});

describe('the batch on the server', () => {
  test('is deleted when the run is over', async () => {
    const proxy = await startProxy(url);
    await play({ url: proxy.url });
    expect(proxy.seen.filter(({ what }) => what === 'POST /batch')).toHaveLength(1);
    expect(proxy.seen.at(-1)?.what).toMatch(/^DELETE \/batch\/[^/]+$/);
    expect(proxy.seen.at(-1)?.status).toBeLessThan(300);
  });

  test('is deleted when the run fails', async () => {
    const proxy = await startProxy(url);
    const fail = (): never => {
      throw new Error('no display');
    };
    let calls = 0;
    const run = play({ url: proxy.url, onProgress: () => (++calls > 2 ? fail() : undefined) });
    await expect(run).rejects.toThrow('no display');
    // On a busy machine, the link may ask for the metadata of the server once more.
    const deleted = proxy.seen.filter(({ what }) => what.startsWith('DELETE'));
    expect(deleted).toHaveLength(1);
    expect(deleted[0]?.status).toBeLessThan(300);
  });

  test('is deleted when it is abandoned', async () => {
    const proxy = await startProxy(url);
    const remote = await connectTo(proxy.url);
    const stage = await remote.open(PLAN, 2);
    await remote.abandon();
    await stage.close();
    expect(proxy.seen.filter(({ what }) => what.startsWith('DELETE'))).toHaveLength(1);
  });

  test('has the rewards of the steps and whole briefings, whatever the defaults of the server', async () => {
    const other = new URL(await serve({ workers: 1, rewardProfile: 'gain', observationProfile: 'delta' }));
    expect(await play({ url: other })).toBe(await play());
  });

  test('is refused with the message of the server if it is too large', async () => {
    const small = new URL(await serve({ workers: 1, maxEnvs: 4 }));
    await expect(play({ url: small, numEnvs: 24 })).rejects.toThrow(/refused POST \/batch \((413|429)\): .*4/);
  });
});

class Answer {
  action_type = 'do_nothing';
}

/** Mistaken answers of policies. None of them may end the run, or be read differently by a server. */
const MISTAKES: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  7,
  10n,
  true,
  () => ({}),
  Symbol('a'),
  new Answer(),
  new Date(0),
  Promise.resolve({ action_type: 'do_nothing' }),
  [{ action_type: 'do_nothing' }],
  { action_type: 'archive_email', email_id: '\ud800' },
  '\udfff {"action_type": "archive_email", "email_id": "\ud800"}',
  { action_type: 'archive_email', email_id: Number.POSITIVE_INFINITY },
  { action_type: 'do_nothing', email_id: undefined },
  JSON.parse('{"action_type": "archive_email", "__proto__": {"email_id": "e01"}}'),
  JSON.parse('{"action_type": "archive_email", "email_id": "e02", "constructor": {"prototype": 1}}'),
  '{"action_type": "archive_email", "__proto__": 1, "email_id": "e03"}',
  {
    get action_type(): string {
      throw new Error('not today');
    },
  },
  Object.assign(Object.create(null), { action_type: 'do_nothing' }),
];

test('answers that are not JSON have the same effect as in a local run', async () => {
  const policy: Policy = {
    name: 'mistaken',
    start: (seed) => {
      let at = seed % MISTAKES.length;
      return { act: () => MISTAKES[at++ % MISTAKES.length] as PolicyAnswer };
    },
  };
  const outcomes = async (open: OpenStage): Promise<string> => {
    const records: EpisodeRecord[] = [];
    const how = { plan: PLAN, policy, from: 0, numEnvs: 24, workers: 0, open };
    for await (const record of collect(how, { steps: 0, underWay: 0 })) records.push(record);
    // An answer that is not JSON cannot be written as JSON here either, so the actions are left out.
    return JSON.stringify(records, (key, value) => (key === 'action' ? undefined : value));
  };
  const there = await outcomes((await connectTo(url)).open);
  expect(there).toBe(await outcomes(localStage(0)));
  expect(there).toBe(await outcomes(localStage(1)));
});

test('an episode with which its stage cannot go on has failed; the others go on', async () => {
  let steps = 0;
  const open: OpenStage = async (plan, numEnvs) => {
    const stage = await localStage(0)(plan, numEnvs);
    return {
      envIds: stage.envIds,
      close: () => stage.close(),
      reset: async (...args) => ({
        ...(await stage.reset(...args)),
        problem: args[0] === 2 ? 'full' : undefined,
      }),
      step: async (...args) => {
        const isLost = args[0] === 0 && ++steps === 3;
        return { ...(await stage.step(...args)), problem: isLost ? 'lost' : undefined };
      },
    };
  };
  const records: EpisodeRecord[] = [];
  const progress = { steps: 0, underWay: 0 };
  const how = { plan: PLAN, policy: policyNamed('random'), from: 0, numEnvs: 3, workers: 0, open };
  for await (const record of collect(how, progress)) records.push(record);
  expect(records).toHaveLength(PLAN.episodes);
  expect(new Set(records.map(({ error }) => error))).toEqual(new Set([null, 'full', 'lost']));
  expect(records.find(({ error }) => error === 'lost')).toMatchObject({ status: 'failed', return: null, length: 2 });
  expect(records.find(({ error }) => error === 'full')).toMatchObject({ status: 'failed', grade: null, length: 0 });
  expect(progress.steps).toBe(records.reduce((sum, { length }) => sum + length, 0));
});

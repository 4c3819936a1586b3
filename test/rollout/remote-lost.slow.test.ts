/** A rollout whose server, or whose answers, are lost on the way has the same results as a local one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { policyNamed } from '../../src/policies/policies.ts';
import type { Policy } from '../../src/policies/policy.ts';
import { sharedServer, startServer } from '../server/support-server.ts';
import { connectTo, PLAN, play, startProxy } from './remote-support.ts';

const shared = sharedServer({ workers: 1 });
let url: URL;
let home: string;
beforeAll(async () => {
  url = new URL(shared().url);
  home = await play();
});

describe('the same bytes', () => {
  test('if answers are lost after the server has played the step', async () => {
    let count = 0;
    const lost: string[] = [];
    const proxy = await startProxy(url, (what) => {
      const loses = what.startsWith('POST') && ++count % 3 === 0;
      if (loses) lost.push(what.replace(/[^/]*$/, '') + what.split('/').at(-1));
      return loses;
    });
    expect(await play({ url: proxy.url, numEnvs: 5 })).toBe(home);
    expect(lost.filter((what) => what.endsWith('/step')).length).toBeGreaterThan(2);
  });
});

describe('a server that is started again', () => {
  const policy = (nth: number, what: () => Promise<unknown>): Policy => {
    const random = policyNamed('random');
    return {
      name: random.name,
      start: (seed) => {
        const actor = random.start(seed);
        return {
          act: async (turn) => {
            if (turn.episode === nth && turn.observation.step === 3) await what();
            return actor.act(turn);
          },
        };
      },
    };
  };

  test('is waited for, and the episodes in flight are played again: the same bytes', async () => {
    const first = await startServer({ workers: 1 });
    const said: string[] = [];
    const remote = await connectTo(new URL(first.url), PLAN, undefined, {
      say: (line) => said.push(line),
      waitMs: 60_000,
    });
    let later: Promise<unknown> = Promise.resolve();
    const restart = async (): Promise<void> => {
      await first.server.close();
      // The server comes back while the run is waiting for it.
      later = sleep(2_500).then(() => startServer({ workers: 1, port: first.port }));
    };
    expect(await play({ remote, numEnvs: 5, policy: policy(9, restart) })).toBe(home);
    await later;
    expect(said[0]).toMatch(/^Trying again: no answer from the server .*ECONNREFUSED/);
    expect(said.at(-1)).toBe('The server no longer has the batch; 5 episodes go on in another one.');
  });
});

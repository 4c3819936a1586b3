/**
 * kill -9 of a rollout with a language model at moments that a seed decides, at endpoints that fail, hang and are slow. The resumed
 * run has the episodes of an undisturbed one, and repeats at most the calls that were in flight.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type EpisodeRecord, Random, verifyRun } from '../../src/index.ts';
import { endAfterTest } from '../support/children.ts';
import {
  type Call,
  calling,
  completion,
  endpointFor,
  type Reply,
  refusing,
  type ScriptedEndpoint,
  WAIT,
} from '../support/scripted-endpoint.ts';
import { newFolder, recordsIn } from './support-model.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const IN_FLIGHT = 12;
const EPISODES = 48;

/** A different answer for each seed of a call, in every form. */
function answerTo({ body }: Call): Record<string, unknown> {
  const random = new Random(Number(body.seed));
  const id = `e0${1 + random.below(9)}`;
  const cut = { finish_reason: 'length' };
  return (
    [
      () => completion(WAIT, { reasoning_content: 'Nothing is due.' }),
      () => calling(['archive_email', { email_id: id }]),
      () => calling(['reply_email', { email_id: id, message_body: 'Yes.' }], ['do_nothing', {}]),
      () => completion(`<think>Hm</think>{"action_type": "archive_email", "email_id": "${id}"}`, { reasoning: 'Hm' }),
      () => completion('{"action_type": "reply_', {}, cut),
      () => completion('I cannot decide.'),
    ] as const
  )[random.below(6)]?.() as Record<string, unknown>;
}

/** An answer, or now and then another failure that passes. A seed decides about each call. */
function troubled(dice: Random): (call: Call) => Reply {
  return (call) => {
    const faults: Reply[] = [
      { ...refusing(429, 'slow down'), headers: { 'retry-after': '0.05' } },
      refusing(500, 'oops'),
      { fault: 'reset' },
      { body: '{"choices": ' },
    ];
    return dice.below(50) === 0 ? (dice.pick(faults) ?? {}) : { body: answerTo(call), delayMs: dice.below(40) };
  };
}

const argumentsFor = (out: string, endpoints: readonly ScriptedEndpoint[]): string[] => [
  ...['rollout', '--model', 'scripted', '--format', 'tools', '--observation', 'delta', '--model-seed', '5', '--resume'],
  ...['--episodes', String(EPISODES), '--group-size', '4', '--workers', '0', '--num-envs', String(IN_FLIGHT)],
  ...['--out', out, '--base-url', ...endpoints.map(({ url }) => url)],
];

/** A record without what differs from run to run: how long calls took, and how often they were sent. */
function lasting(record: EpisodeRecord): unknown {
  const steps = record.steps.map(({ extra_json, ...step }) => {
    const { latency_ms: _, attempts: __, ...metadata } = JSON.parse(extra_json ?? '{}').metadata;
    return { ...step, metadata };
  });
  return { ...record, steps };
}

function run(args: readonly string[]) {
  return endAfterTest(spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'inherit'] }));
}

test.each([1, 2, 3])('the episodes of an undisturbed run, whatever was killed: seed %i', async (seed) => {
  const calm = await endpointFor((call) => ({ body: answerTo(call) }));
  const [whole, out] = [newFolder(), newFolder()];
  expect((await once(run(argumentsFor(whole, [calm])), 'exit'))[0]).toBe(0);

  const dice = new Random(seed);
  const endpoints = await Promise.all([endpointFor(troubled(dice)), endpointFor(troubled(dice))]);
  const asked = (): number => endpoints.reduce((sum, { calls }) => sum + calls.length, 0);
  const kills = 4;
  for (let round = 1; round <= kills; round++) {
    const child = run(argumentsFor(out, endpoints));
    const enough = asked() + dice.below(calm.calls.length / kills);
    while (asked() < enough && child.exitCode === null) await sleep(1);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
  }
  expect((await once(run(argumentsFor(out, endpoints)), 'exit'))[0]).toBe(0);

  expect((await recordsIn(out)).map(lasting)).toEqual((await recordsIn(whole)).map(lasting));
  expect(await verifyRun(out)).toMatchObject({ reproduced: EPISODES, differing: 0 });
  // A seed belongs to one step of one episode.
  const seeds = endpoints.flatMap(({ answered }) => answered.map(({ body }) => body.seed));
  expect(seeds.length - new Set(seeds).size).toBeLessThanOrEqual(kills * IN_FLIGHT);
  expect(new Set(seeds).size).toBe(calm.calls.length);
});

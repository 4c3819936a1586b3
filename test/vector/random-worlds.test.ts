/** Random days, played by the engine, by hand, and from a snapshot: all alike. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, type FinalObservation, VectorEnv } from '../../src/index.ts';
import type { Autoreset } from '../../src/vector/spec.ts';
import { compileScenario } from '../../src/world/compile.ts';
import { driftSchema, scenarioSchema } from '../../src/world/schema.ts';
import { type Plan, plans } from '../support/arbitraries.ts';
import { assertAsyncProperty, BACKENDS, HandEpisode, type HandStep, linesOf } from './support.ts';

/** As text that has been through UTF-8, like everything that a batch shows. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString('utf8');
}

/** As an answer looks that has been through JSON, which is what actions are. */
function asJson(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer) ?? 'null');
}

function byHand({ scenario, drift, mode }: Plan): HandEpisode {
  const events = drift === null ? undefined : driftSchema.parse(drift);
  return new HandEpisode(compileScenario(scenarioSchema.parse(scenario), events), mode);
}

function shownByHand({ briefing, metadata }: Pick<HandStep, 'briefing' | 'metadata'>): FinalObservation {
  const { step_detail, step_error, ...rest } = metadata;
  return {
    briefing,
    info: {
      ...rest,
      step_detail: wellFormed(step_detail),
      step_error: step_error === null ? null : wellFormed(step_error),
    },
  };
}

function shown(batch: Batch, row: number): FinalObservation {
  const { env_id, task_id, rules, reward_mode, seed, episode, ...info } = batch.info(row);
  return { briefing: batch.briefing(row), info };
}

function reachedLimit({ metadata }: HandStep): boolean {
  return metadata.episode_step >= metadata.max_episode_steps;
}

/** Plays with a vector of three environments that all play the plan's day. */
async function withVector(
  plan: Plan,
  workers: number,
  autoreset: Autoreset,
  play: (vector: VectorEnv) => Promise<void>,
) {
  const { scenario, drift, mode } = plan;
  const envs = [0, 1, 2].map(() => ({ scenario, drift, rewardMode: mode }));
  const vector = await VectorEnv.create({ envs, workers, autoreset });
  try {
    await play(vector);
  } finally {
    await vector.close();
  }
}

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const runs = workers === 0 ? 100 : 8;

  test('every step of a random day is the step by hand', async () => {
    const property = fc.asyncProperty(plans, (plan) =>
      withVector(plan, workers, 'disabled', async (vector) => {
        const hand = byHand(plan);
        const first = await vector.reset();
        expect(shown(first, 1)).toStrictEqual({ briefing: hand.briefing(), info: hand.metadata() });
        for (const { given } of plan.answers) {
          const expected = hand.step(asJson(given));
          const batch = await vector.step([given, '{}', given]);
          for (const row of [0, 2]) {
            expect(shown(batch, row)).toStrictEqual(shownByHand(expected));
            expect(batch.reward[row]).toBe(expected.reward);
            expect(batch.terminated[row]).toBe(Number(!expected.metadata.episode_active && !reachedLimit(expected)));
            expect(batch.truncated[row]).toBe(Number(!expected.metadata.episode_active && reachedLimit(expected)));
          }
        }
      }),
    );
    await assertAsyncProperty(property, runs);
  });

  test('the end of a random day is its final observation, and the next day begins like the first', async () => {
    const short = plans.map((plan) => ({ ...plan, scenario: { ...plan.scenario, max_episode_steps: 2 } }));
    const property = fc.asyncProperty(short, (plan) =>
      withVector(plan, workers, 'same_step', async (vector) => {
        const first = await vector.reset();
        const opening = shown(first, 0);
        let hand = byHand(plan);
        for (const { given } of plan.answers) {
          const expected = hand.step(asJson(given));
          const batch = await vector.step(['{}', given, given]);
          const final = batch.final(1);
          expect(batch.reward[2]).toBe(expected.reward);
          if (expected.metadata.episode_active) {
            expect(final).toBeUndefined();
            expect(shown(batch, 1)).toStrictEqual(shownByHand(expected));
            continue;
          }
          expect(final && shownByHand({ briefing: final.briefing, metadata: final.info })).toStrictEqual(
            shownByHand(expected),
          );
          expect(shown(batch, 1)).toStrictEqual(opening);
          hand = byHand(plan);
        }
      }),
    );
    await assertAsyncProperty(property, runs);
  });

  test('a snapshot at any moment of a random day goes on as the day does without it', async () => {
    const moments = fc.tuple(plans, fc.nat({ max: 13 }));
    const property = fc.asyncProperty(moments, ([plan, moment]) =>
      withVector(plan, workers, 'next_step', async (vector) => {
        const at = moment % plan.answers.length;
        const play = async (from: number, to?: number): Promise<string[]> => {
          const lines: string[] = [];
          for (const { given } of plan.answers.slice(from, to)) {
            lines.push(...linesOf(await vector.step([given, '{}', given])));
          }
          return lines;
        };
        await vector.reset();
        await play(0, at);
        const snapshot = await vector.snapshot();
        const expected = await play(at);
        await vector.restore(snapshot);
        expect((await vector.snapshot()).equals(snapshot)).toBe(true);
        expect(await play(at)).toEqual(expected);
      }),
    );
    await assertAsyncProperty(property, runs);
  });
});

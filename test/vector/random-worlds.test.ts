/** Random days, played by the engine, by hand, and from a snapshot, with equal results. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, type FinalObservation, type PolicyAnswer, VectorEnv } from '../../src/index.ts';
import type { Autoreset } from '../../src/vector/spec.ts';
import { compileScenario } from '../../src/world/compile.ts';
import { driftSchema, scenarioSchema } from '../../src/world/schema.ts';
import { type Plan, plans } from '../support/arbitraries.ts';
import { assertAsyncProperty, BACKENDS, HandEpisode, type HandStep, linesOf, unchecked } from './support.ts';

/** The answer after a round trip through JSON, which is the form of actions. */
function asJson(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer) ?? 'null');
}

function byHand({ scenario, drift, mode }: Plan): HandEpisode {
  const events = drift === null ? undefined : driftSchema.parse(drift);
  return new HandEpisode(compileScenario(scenarioSchema.parse(scenario), events), mode);
}

function shownByHand({ observation, briefing, metadata }: Omit<HandStep, 'reward' | 'breakdown'>): FinalObservation {
  return { observation, briefing, info: metadata };
}

function shown(batch: Batch, row: number): FinalObservation {
  const { env_id, task_id, rules, reward_mode, seed, episode, ...info } = batch.info(row);
  return { observation: batch.observation(row), briefing: batch.briefing(row), info };
}

/** Plays with a vector in which each environment has the day of one plan. */
async function withVector(
  { days, workers, autoreset }: { days: readonly Plan[]; workers: number; autoreset: Autoreset },
  play: (vector: VectorEnv) => Promise<void>,
): Promise<void> {
  const envs = days.map(({ scenario, drift, mode }) => ({ scenario, drift, rewardMode: mode }));
  const vector = await VectorEnv.create({ rules: 'v1', envs, workers, autoreset });
  try {
    await play(vector);
  } finally {
    await vector.close();
  }
}

const TURNS = 10;

/** The answer of a plan's policy in some turn. After the last answer it begins again. */
function answerOf({ answers }: Plan, turn: number): PolicyAnswer {
  return unchecked(answers[turn % answers.length]?.given);
}

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const runs = workers === 0 ? 15 : 3;
  const manyDays = fc.array(plans, { minLength: 1, maxLength: 10, size: 'max' });

  test('every step of random days is the step by hand', async () => {
    const property = fc.asyncProperty(manyDays, (days) =>
      withVector({ days, workers, autoreset: 'disabled' }, async (vector) => {
        const hands = days.map(byHand);
        const first = await vector.reset();
        hands.forEach((hand, row) => {
          const opening = { observation: hand.observation(), briefing: hand.briefing(), info: hand.metadata() };
          expect(shown(first, row)).toStrictEqual(opening);
        });
        for (let turn = 0; turn < TURNS; turn++) {
          const answers = days.map((day) => answerOf(day, turn));
          const batch = await vector.step(answers);
          hands.forEach((hand, row) => {
            const expected = hand.step(asJson(answers[row]));
            const { episode_active, episode_step, max_episode_steps } = expected.metadata;
            const limit = episode_step >= max_episode_steps;
            expect(shown(batch, row)).toStrictEqual(shownByHand(expected));
            expect(batch.reward[row]).toBe(expected.reward);
            expect(batch.terminated[row]).toBe(Number(!episode_active && !limit));
            expect(batch.truncated[row]).toBe(Number(!episode_active && limit));
          });
        }
      }),
    );
    await assertAsyncProperty(property, runs);
  });

  test('the end of a random day is its final observation, and the next day begins like the first', async () => {
    const property = fc.asyncProperty(manyDays, (drawn) => {
      const days = drawn.map((day) => ({ ...day, scenario: { ...day.scenario, max_episode_steps: 3 } }));
      return withVector({ days, workers, autoreset: 'same_step' }, async (vector) => {
        const first = await vector.reset();
        const openings = days.map((_, row) => shown(first, row));
        const hands = days.map(byHand);
        for (let turn = 0; turn < TURNS; turn++) {
          const answers = days.map((day) => answerOf(day, turn));
          const batch = await vector.step(answers);
          days.forEach((day, row) => {
            const expected = hands[row]?.step(asJson(answers[row]));
            if (expected === undefined) throw new TypeError('an episode is missing');
            const final = batch.final(row);
            expect(batch.reward[row]).toBe(expected.reward);
            if (expected.metadata.episode_active) {
              expect(final).toBeUndefined();
              expect(shown(batch, row)).toStrictEqual(shownByHand(expected));
            } else {
              expect(final).toStrictEqual(shownByHand(expected));
              expect(shown(batch, row)).toStrictEqual(openings[row]);
              hands[row] = byHand(day);
            }
          });
        }
      });
    });
    await assertAsyncProperty(property, runs);
  });

  test('random days continue from a snapshot at any moment as without it', async () => {
    const property = fc.asyncProperty(fc.tuple(manyDays, fc.nat({ max: TURNS })), ([days, moment]) =>
      withVector({ days, workers, autoreset: 'next_step' }, async (vector) => {
        const play = async (from: number, to: number): Promise<string[]> => {
          const lines: string[] = [];
          for (let turn = from; turn < to; turn++) {
            lines.push(...linesOf(await vector.step(days.map((day) => answerOf(day, turn)))));
          }
          return lines;
        };
        await vector.reset();
        await play(0, moment);
        const snapshot = await vector.snapshot();
        const expected = await play(moment, moment + TURNS);
        await vector.restore(snapshot);
        expect((await vector.snapshot()).equals(snapshot)).toBe(true);
        expect(await play(moment, moment + TURNS)).toEqual(expected);
      }),
    );
    await assertAsyncProperty(property, runs);
  });
});

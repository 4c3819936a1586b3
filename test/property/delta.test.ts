/** Deltas between observations: applied to the first one they give the second, and their text says all that has changed. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { greedy } from '../../src/policies/greedy.ts';
import { random } from '../../src/policies/random.ts';
import { taskIds } from '../../src/scenarios/shipped.ts';
import { briefing } from '../../src/sim/observation/briefing.ts';
import { applyDelta, deltaOf, deltaText, observationDeltaSchema } from '../../src/sim/observation/delta.ts';
import type { Observation } from '../../src/sim/observation/observation.ts';
import { observe } from '../../src/sim/observation/observe.ts';
import { SoloEnv } from '../../src/vector/solo-env.ts';
import { type Game, gamesV1, gameV1, shippedGames, tameGames, watch, wildGames } from '../support/games.ts';
import { assertProperty } from '../support/property.ts';
import { contact, scenario, task } from '../support/worlds.ts';

const GAMES = [
  ['rules v1', gamesV1],
  ['rules v2 in tame worlds', tameGames],
  ['rules v2 in wild worlds', wildGames],
  ['the shipped tasks', shippedGames],
] as const;

/** What is seen at the beginning and after every step. */
function seenIn(game: Game): Observation[] {
  const seen: Observation[] = [];
  watch(game, (episode) => seen.push(observe(episode)));
  return seen;
}

/** A copy that shares nothing with the original, as a client of the wire has it. */
function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

function expectDelta(before: Observation, after: Observation): void {
  const delta = deltaOf(before, after);
  expect(observationDeltaSchema.parse(copyOf(delta))).toStrictEqual(copyOf(delta));
  expect(applyDelta(before, delta)).toStrictEqual(after);
  expect(deltaOf(copyOf(before), copyOf(after))).toStrictEqual(copyOf(delta));
  const applied = applyDelta(copyOf(before), copyOf(delta));
  expect(applied).toStrictEqual(copyOf(after));
  expect(briefing(applied)).toBe(briefing(after));
}

test.each(GAMES)('a delta applied to the observation before gives the next one: %s', (_, games) => {
  const property = fc.property(games, fc.nat(), fc.nat(), (game, from, to) => {
    const seen = seenIn(game);
    for (const [step, after] of seen.slice(1).entries()) expectDelta(seen[step] as Observation, after);
    // Neither need they be neighbours, nor in the order of time.
    expectDelta(seen[from % seen.length] as Observation, seen[to % seen.length] as Observation);
  });
  assertProperty(property, { runs: 60 });
});

/** What a text lists as new, as changed and as gone. */
function listedIn(text: string): { readonly new: string[]; readonly now: string[]; readonly gone: string[] } {
  const after = (mark: string): string[] =>
    text.split('\n').flatMap((line) => (line.startsWith(`  ${mark}: `) ? [line.slice(`  ${mark}:`.length)] : []));
  return { new: after('new'), now: after('now'), gone: after('gone') };
}

test.each(GAMES)(
  'the text of a delta lists all changes, and shows each in another way than the state before: %s',
  (_, games) => {
    const property = fc.property(games, (game) => {
      const seen = seenIn(game);
      for (const [step, after] of seen.slice(1).entries()) {
        const before = seen[step] as Observation;
        const [there, back] = [deltaOf(before, after), deltaOf(after, before)];
        const [told, undone] = [listedIn(deltaText(there)), listedIn(deltaText(back))];
        const sections = [there.inbox, there.calendar, there.people, there.tasks].filter((one) => one !== undefined);
        expect(told.new).toHaveLength(sections.reduce((sum, { added }) => sum + added.length, 0));
        expect(told.now).toHaveLength(sections.reduce((sum, { changed }) => sum + changed.length, 0));
        expect(told.gone).toHaveLength(sections.filter(({ gone }) => gone.length > 0).length);
        for (const line of told.now) expect(undone.now).not.toContain(line);
        // New things are listed as the whole briefing lists them; the title there says whether an email is unread.
        const whole = briefing(after);
        for (const { thing } of there.inbox?.added ?? []) expect(told.new.join('\n')).toContain(thing.body);
        for (const line of told.new.filter((one) => !one.includes('read, '))) expect(whole).toContain(line);
      }
    });
    assertProperty(property, { runs: 60 });
  },
);

test('deltas of the shipped days have at most 900 characters and 12 % of the briefing, on average', () => {
  const lengths = { delta: 0, whole: 0, count: 0 };
  for (const task of taskIds()) {
    for (const policy of [random, greedy]) {
      const env = SoloEnv.create({ task });
      const decide = policy.begin(1);
      let now = env.reset();
      while (!now.terminated && !now.truncated) {
        const next = env.step(decide(now.observation));
        lengths.delta += deltaText(deltaOf(now.observation, next.observation)).length;
        lengths.whole += next.length;
        lengths.count++;
        now = next;
      }
    }
  }
  expect(lengths.count).toBeGreaterThan(100);
  expect(lengths.delta / lengths.count).toBeLessThanOrEqual(900);
  expect(lengths.delta / lengths.whole).toBeLessThanOrEqual(0.12);
});

test('contacts whose names look alike differ by their places', () => {
  // Two names that differ in white space alone are shown as one.
  const contacts = ['Ana Ruiz', 'Bo', 'Ana  Ruiz'].map((name) => contact(name, { relationship_type: 'direct_report' }));
  const tasks = [task('t0', '2026-06-22T18:00:00')];
  const game = gameV1({ scenario: scenario({ contacts, tasks }), drift: null, mode: 'full', answers: [] });
  const seen: Observation[] = [observe(game.episode)];
  for (const name of ['Ana Ruiz', 'Bo', 'Ana  Ruiz']) {
    game.step({ action_type: 'delegate_task', task_id: 't0', contact_name: name });
    seen.push(observe(game.episode));
  }
  expect(seen.map(({ people }) => people.contacts.map(({ open_tasks }) => open_tasks))).toEqual([
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
  for (const before of seen) for (const after of seen) expectDelta(before, after);
});

/** Properties of all play: snapshots, briefings, damaged states, strange actions, and rules v1 next to v2. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Action, type PolicyAnswer, VectorEnv } from '../../src/index.ts';
import { Episode } from '../../src/sim/episode.ts';
import { metadataOf } from '../../src/sim/observation/metadata.ts';
import { joinParts, Observer } from '../../src/sim/observation/observe.ts';
import { stateProblem } from '../../src/sim/rules.ts';
import { RulesV2 } from '../../src/sim/v2/step.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { countOverlappingPairs } from '../../src/world/facts.ts';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { answers, namesOf } from '../support/arbitraries.ts';
import { textOf } from '../support/briefing.ts';
import { startEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay, shippedDays } from '../support/v2-episode.ts';
import {
  at,
  drifts,
  everythingIn,
  IDLE,
  job,
  type Story,
  storiesIn,
  wildWorlds,
  worlds,
} from '../support/v2-worlds.ts';
import { assertAsyncProperty, BACKENDS, linesOf, unchecked } from '../vector/support.ts';

const stories = fc.oneof(storiesIn(worlds), storiesIn(wildWorlds));

/** Includes an unreadable answer now and then. */
const strange: fc.Arbitrary<{ world: ScenarioInput; answers: unknown[] }> = fc
  .oneof(worlds, wildWorlds)
  .chain((world) => {
    const names = namesOf({ ...world, ...everythingIn(world) } as Parameters<typeof namesOf>[0]);
    const odd = fc.oneof(
      answers(names).map(({ given }) => given),
      fc.anything(),
      fc.record({ action_type: fc.constantFrom('reply_email', 'delegate_task', 'nap'), email_id: fc.anything() }),
      fc.string().map((message_body) => ({ action_type: 'send_message', contact_name: 'Ana Lumme', message_body })),
    );
    return fc.record({
      world: fc.constant(world),
      answers: fc.array(odd, { minLength: 1, maxLength: 20, size: 'max' }),
    });
  });

test('no answer makes a step throw, and each gets a note about its effect', () => {
  assertProperty(
    fc.property(strange, ({ world, answers: given }) => {
      const day = new OfficeDay(world);
      for (const answer of given) {
        const { reward, metadata } = day.step(answer);
        expect(Number.isFinite(reward)).toBe(true);
        expect(metadata.step_detail).not.toBe('');
        expect(metadata.step_error).toBe(metadata.step_ok ? null : metadata.step_detail);
        expect(stateProblem(day.c, day.episode.s.region)).toBeUndefined();
      }
    }),
    { runs: 40 },
  );
});

test('caches between steps change nothing', () => {
  assertProperty(
    fc.property(stories, ({ world, actions }) => {
      const day = new OfficeDay(world);
      const forgetful = new OfficeDay(world);
      for (const action of actions) {
        forgetful.episode.v2.quietUntil = Number.NEGATIVE_INFINITY;
        forgetful.episode.v2.harmed = true;
        expect(forgetful.step(action).reward).toBe(day.step(action).reward);
        expect(forgetful.episode.s.region).toEqual(day.episode.s.region);
      }
    }),
    { runs: 60 },
  );
});

test('pairs of meetings that overlap are kept up to date', () => {
  let overlapping = 0;
  assertProperty(
    fc.property(stories, fc.option(drifts), ({ world, actions }, drift) => {
      const day = new OfficeDay(world, { drift });
      for (const action of actions) {
        day.step(action);
        const { pairs, s } = day.episode;
        expect(pairs).toBe(countOverlappingPairs(day.c, s));
        overlapping += pairs;
      }
    }),
    { runs: 60 },
  );
  expect(overlapping).toBeGreaterThan(0);
});

/** The briefing of the same state of a scenario that was compiled again, so that nothing is known of it. */
function textFromScratch({ c, s, note, news }: Episode): string {
  const episode = Episode.of({ ...c }, 'full');
  episode.load(s.region, note, news);
  return textOf(episode);
}

test('a briefing from kept sections equals a briefing from scratch', () => {
  assertProperty(
    fc.property(stories, fc.option(drifts, { nil: undefined }), ({ world, actions }, drift) => {
      const day = new OfficeDay(world, { drift });
      const observer = new Observer(day.episode);
      for (const action of [...actions, IDLE, IDLE]) {
        day.step(action);
        expect(joinParts(observer.parts())).toBe(textFromScratch(day.episode));
        expect(textOf(day.episode)).toBe(textFromScratch(day.episode));
      }
    }),
    { runs: 40 },
  );
});

test('an observer knows when the last free slot is over', () => {
  const day = new OfficeDay({ simulation_time: at('09:00'), day_end: at('09:20'), tasks: [job('t1', '16:00')] });
  const observer = new Observer(day.episode);
  for (let step = 0; step < 3; step++) {
    expect(joinParts(observer.parts())).toBe(textFromScratch(day.episode));
    day.step({ action_type: 'archive_email', email_id: 'none' });
    day.step(IDLE);
  }
});

test.each(shippedDays())('$name: an observer sees a day from scratch until it ends', ({ open }) => {
  const day = open();
  const observer = new Observer(day.episode);
  for (let step = 0; step < 60; step++) {
    expect(joinParts(observer.parts())).toBe(textFromScratch(day.episode));
    day.step(IDLE);
  }
});

describe('the bytes of a state', () => {
  test('at random are refused or can be played, and never crash', () => {
    assertProperty(
      fc.property(
        worlds,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
        fc.boolean(),
        (world, edits, all) => {
          const day = new OfficeDay(world);
          const region = day.episode.s.region.slice();
          for (const [index, value] of edits) region[index % region.length] = value;
          if (all)
            for (let i = 0; i < region.length; i++) region[i] = (edits[i % Math.max(1, edits.length)]?.[1] ?? 0) ^ i;
          if (stateProblem(day.c, region) !== undefined) return;
          day.episode.load(region, '');
          day.briefing();
          metadataOf(day.episode);
          new RulesV2().step(day.episode, readAction(IDLE));
          day.briefing();
          expect(typeof day.episode.s.stress).toBe('number');
        },
      ),
      { runs: 80 },
    );
  });

  test('of another length are refused', () => {
    const day = new OfficeDay({ simulation_time: '2026-06-22T09:00:00' });
    for (const length of [0, 1, day.episode.s.region.length - 8, day.episode.s.region.length + 8]) {
      expect(stateProblem(day.c, new Uint8Array(length))).toContain('bytes');
    }
  });
});

describe.each(BACKENDS)('snapshots, $backend', ({ workers }) => {
  test('go on with the same bytes, also in another environment', async () => {
    const many = fc.array(storiesIn(worlds, 12), { minLength: 2, maxLength: 4 });
    const property = fc.asyncProperty(many, fc.integer({ min: 1, max: 6 }), async (days, at) => {
      const envs = days.map(({ world }) => ({ scenario: world, rules: 'v2' as const }));
      const vector = await VectorEnv.create({ envs, workers, autoreset: 'disabled' });
      const answer = ({ actions }: Story, turn: number): PolicyAnswer => unchecked(actions[turn % actions.length]);
      const play = async (from: number, to: number): Promise<string[]> => {
        const lines: string[] = [];
        for (let turn = from; turn < to; turn++) {
          lines.push(...linesOf(await vector.step(days.map((day) => answer(day, turn)))));
        }
        return lines;
      };
      try {
        await vector.reset();
        await play(0, at);
        const before = linesOf(await vector.restore(await vector.snapshot()));
        const snapshot = await vector.snapshot();
        const expected = await play(at, at + 6);
        expect(linesOf(await vector.restore(snapshot))).toEqual(before);
        expect(await play(at, at + 6)).toEqual(expected);
        await vector.reset();
        expect(linesOf(await vector.restore(snapshot))).toEqual(before);
        expect(await play(at, at + 6)).toEqual(expected);
      } finally {
        await vector.close();
      }
    });
    await assertAsyncProperty(property, workers === 0 ? 8 : 2);
  });

  test('a fork continues like the original', async () => {
    const [first] = shippedDays().filter(({ name }) => name.includes('dinner'));
    const scenario = first?.world ?? { simulation_time: '2026-06-22T09:00:00' };
    const vector = await VectorEnv.create({
      envs: [{ scenario, rules: 'v2' }],
      workers,
      autoreset: 'disabled',
      maxForks: 2,
    });
    try {
      await vector.reset();
      await vector.step([{ action_type: 'archive_email', email_id: 'e01' }]);
      const forks = await vector.fork(0, 2);
      expect(forks.envIds).toEqual([1, 2]);
      for (let turn = 0; turn < 12; turn++) {
        const archive: Action = { action_type: 'archive_email', email_id: 'e02' };
        const batch = await vector.step([IDLE, IDLE, turn === 3 ? archive : IDLE]);
        expect({ ...batch.info(1), env_id: 0 }).toEqual(batch.info(0));
        expect(batch.briefing(1)).toBe(batch.briefing(0));
        expect(batch.reward[1]).toBe(batch.reward[0]);
        expect(batch.briefing(2) === batch.briefing(0)).toBe(turn < 3);
      }
    } finally {
      await vector.close();
    }
  });
});

/** A file without the additions of rules v2. */
function stripped(world: ScenarioInput): ScenarioInput {
  const { executive: _a, day_end: _b, travel_minutes: _c, events: _d, ...rest } = world;
  return {
    ...rest,
    emails: (world.emails ?? []).map(({ asks: _, reply: _r, deny: _d, ...email }) => email),
    meetings: (world.meetings ?? []).map(({ movable: _m, cancellable: _c, ...one }) => one),
    contacts: (world.contacts ?? []).map(
      ({ skills: _s, load_limit: _l, working_hours: _w, response_minutes: _r, deny: _d, ...one }) => one,
    ),
    tasks: (world.tasks ?? []).map(({ priority: _p, skill: _s, ...one }) => one),
  };
}

test('rules v1 ignore the additions of rules v2 to a file', () => {
  const check = (world: ScenarioInput, drift: unknown, actions: readonly unknown[]): void => {
    const [one, other] = [world, stripped(world)].map((file) => startEpisode(file, drift ?? null));
    if (one === undefined || other === undefined) throw new RangeError('two files make two episodes');
    const compare = (): void => {
      expect(metadataOf(one.episode, { ...one.rules.breakdown })).toEqual(
        metadataOf(other.episode, { ...other.rules.breakdown }),
      );
      expect(textOf(one.episode)).toBe(textOf(other.episode));
    };
    compare();
    for (const action of actions) {
      const read = readAction(action);
      expect(one.rules.step(one.episode, read)).toBe(other.rules.step(other.episode, read));
      compare();
    }
  };
  assertProperty(
    fc.property(stories, fc.option(drifts), ({ world, actions }, drift) => check(world, drift, actions)),
    { runs: 20 },
  );
  for (const { world, drift } of shippedDays()) {
    assertProperty(
      fc.property(storiesIn(fc.constant(world)), ({ actions }) => check(world, drift, actions)),
      { runs: 3 },
    );
  }
});

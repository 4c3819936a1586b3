/** The compiled form of a costly document has entries for its content, not for all possible combinations. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COSTLY_DOCUMENTS } from '../../bench/costly-documents.ts';
import { ValidationError } from '../../src/lib/errors.ts';
import { Episode } from '../../src/sim/episode.ts';
import { compileFor, createRuleset } from '../../src/sim/rules.ts';
import { compileDay } from '../../src/sim/v2/compile.ts';
import { measureFloor } from '../../src/sim/v2/instance.ts';
import { readings } from '../../src/sim/v2/normalise.ts';
import { worthOf } from '../../src/sim/v2/value.ts';
import { SoloEnv } from '../../src/vector/solo-env.ts';
import { compileSpec } from '../../src/vector/spec.ts';
import type { CompiledScenario } from '../../src/world/compile.ts';
import { countOverlappingPairs } from '../../src/world/facts.ts';
import { Kept } from '../../src/world/kept.ts';
import { MAX_CLASHES, MAX_EVENTS, MAX_SHIFTS } from '../../src/world/references.ts';
import { driftSchema, type ScenarioInput, scenarioSchema } from '../../src/world/schema.ts';
import { assertProperty } from '../support/property.ts';
import { at, IDLE, list, meet, office, worlds } from '../support/v2-worlds.ts';

function parse(name: string) {
  const { scenario, drift } = COSTLY_DOCUMENTS[name] ?? {};
  return { world: scenarioSchema.parse(scenario), drift: drift && driftSchema.parse(drift) };
}

/** Compiled, without a cached floor. */
function dayOf(name: string): CompiledScenario {
  const { world, drift } = parse(name);
  const plan = compileDay(world, drift);
  return { ...plan, day: { ...plan.day, floor: 0, oracle: undefined } };
}

const playable = Object.keys(COSTLY_DOCUMENTS).filter((name) => COSTLY_DOCUMENTS[name]?.refused?.v2 === undefined);

/** Number of entries of all lists, maps and sets within a value. Shared entries count once; texts and bytes do not count. */
function entriesIn(value: unknown, seen = new Set<object>()): number {
  if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).length;
  const parts = value instanceof Map || value instanceof Set ? [...value.values()] : Object.values(value);
  return parts.reduce<number>((sum, part) => sum + 1 + entriesIn(part, seen), 0);
}

describe.each(playable)('%s', (name) => {
  test('becomes at most 20 entries for each value of the document', () => {
    const { scenario, drift } = COSTLY_DOCUMENTS[name] ?? {};
    const { day, driftByStep, deadlines } = dayOf(name);
    expect(entriesIn({ day, driftByStep, deadlines })).toBeLessThan(20 * entriesIn({ scenario, drift }) + 1_000);
  });

  test('has a floor for which the steps are played in which something may happen', () => {
    const c = dayOf(name);
    const { obligations = [], events = [] } = c.day ?? {};
    const { played } = measureFloor(c);
    expect(played).toBeLessThanOrEqual(2 + obligations.length + events.length + c.layout.meetings);
    if (name.includes('end of time') || name.includes('stands still')) expect(played).toBeLessThanOrEqual(1_000);
  });
});

test('the floor equals the value of a day in which every step is played', () => {
  const property = fc.property(worlds, (input) => {
    const c = compileFor('v2', scenarioSchema.parse(input));
    const rules = createRuleset('v2');
    const episode = Episode.of(c, 'base');
    rules.reset(episode);
    while (episode.s.active) rules.step(episode, IDLE);
    expect(c.day?.floor).toBe(worthOf(episode.s));
  });
  assertProperty(property, { runs: 300 });
});

describe('limits', () => {
  const refusalOf = (world: ScenarioInput, rules: 'v1' | 'v2' = 'v2', drift?: object): string[] => {
    try {
      compileFor(rules, scenarioSchema.parse(world), drift && driftSchema.parse(drift));
    } catch (error) {
      if (error instanceof ValidationError) return [...error.issues];
      throw error;
    }
    return [];
  };
  /** 20 simultaneous meetings have 190 pairs. */
  const crowd = list(20, (index) => meet(`m${index}`, '10:00'));
  const pair = (index: number) =>
    [meet(`a${index}`, '12:00'), meet(`b${index}`, '12:00')].map((one) => ({
      ...one,
      start: `2026-07-${String(index + 1).padStart(2, '0')}T12:00:00`,
    }));

  test('200 pairs are taken, one more is not, wherever it comes from', () => {
    const meetings = [...crowd, ...list(10, pair).flat()];
    const c = compileFor('v2', scenarioSchema.parse(office({ meetings })));
    expect(c.day?.obligations).toHaveLength(MAX_CLASHES);
    const [first, second] = pair(15);
    const limit = expect.stringContaining('got at least 201, the last of them "a15" and "b15"');
    expect(refusalOf(office({ meetings: [...meetings, ...pair(15)] }))).toEqual([limit]);
    const arrives = { at: at('09:30'), meetings: [second ?? crowd[0]] };
    expect(
      refusalOf(office({ meetings: [...meetings, first ?? crowd[0]], events: [arrives] } as ScenarioInput)),
    ).toEqual([limit]);
    expect(refusalOf(office({ meetings: [...meetings, ...pair(15)] }), 'v1')).toEqual([]);
    // Cancelled, or apart in a world without travel.
    expect(
      refusalOf(office({ meetings: [...meetings, ...pair(15).map((one) => ({ ...one, cancelled: true }))] })),
    ).toEqual([]);
    const apart = [
      { ...meet('x', '13:00'), location: 'Dock' },
      { ...meet('y', '14:05'), location: 'Mill' },
    ];
    expect(refusalOf(office({ meetings: [...meetings, ...apart] }))).toEqual([]);
    expect(refusalOf(office({ meetings: [...meetings, ...apart], travel_minutes: 20 }))).toHaveLength(1);
  });

  test('clashes are in file order', () => {
    const meetings = crowd.toReversed();
    const ids = compileFor('v2', scenarioSchema.parse(office({ meetings }))).day?.obligations.map(({ id }) => id);
    const expected = meetings.flatMap((a, first) => meetings.slice(first + 1).map((b) => `clash:${a.id}+${b.id}`));
    expect(ids).toEqual(expected);
  });

  test('1,000 events are taken, those of the drift among them', () => {
    const events = list(MAX_EVENTS - 1, () => ({ at: at('10:00') }));
    const drift = (count: number) => ({ events: list(count, () => ({ after_step: 1 })) });
    expect(refusalOf(office({ events }), 'v2', drift(1))).toEqual([]);
    expect(refusalOf(office({ events }), 'v2', drift(2))).toEqual([
      'events: expected at most 1000 (rules v2), those of the drift included, got 1001',
    ]);
    expect(refusalOf(office({ events }), 'v1', drift(5_000))).toEqual([]);
  });

  test('meetings are shifted at most 50,000 times, under either ruleset', () => {
    const meetings = list(500, (index) => ({ ...meet(`m${index}`, '10:00'), start: `${2000 + index}-01-01` }));
    const drift = (count: number) => ({
      events: list(count, () => ({ after_step: 1, shift_all_meetings_hours: 1 })),
    });
    expect(MAX_SHIFTS / meetings.length).toBe(100);
    for (const rules of ['v1', 'v2'] as const) {
      expect(refusalOf(office({ meetings }), rules, drift(100))).toEqual([]);
      expect(refusalOf(office({ meetings }), rules, drift(101))).toEqual([
        'events: expected shift_all_meetings_hours to shift at most 50000 meetings in all, got 101 events for 500 meetings',
      ]);
    }
  });
});

describe('what is kept', () => {
  test('lists of silenced emails are shared by the events that name one sender', () => {
    const { world, drift } = parse('drift that silences one sender thousands of times');
    const lists = [...compileFor('v1', world, drift).driftByStep.values()]
      .flat()
      .flatMap((one) => one.suppressedEmails);
    expect(lists.length).toBe(drift?.events.length);
    expect(new Set(lists).size).toBe(1);
  });

  test('texts are built again once there are too many of them', () => {
    const made: number[] = [];
    const kept = new Kept((index) => made.push(index));
    const pairs = new Kept((first, second) => made.push(first + second));
    for (let index = 0; index < 4_096; index++) {
      kept.at(index);
      pairs.at(index % 64, Math.floor(index / 64));
    }
    expect(made).toHaveLength(2 * 4_096);
    expect(kept.at(5)).toBe(kept.at(5));
    expect(pairs.at(5, 5)).toBe(pairs.at(5, 5));
    expect(pairs.at(5, 5)).not.toBe(pairs.at(5, 6));
    expect(made).toHaveLength(2 * 4_096);
    kept.at(4_096);
    pairs.at(64, 0);
    kept.at(5);
    pairs.at(5, 5);
    expect(made).toHaveLength(2 * 4_096 + 4);
  });

  test('the readings of a number are computed once', () => {
    expect(readings('18:30')).toBe(readings('18:30'));
    expect(readings('18:30')).toContain('6:30');
  });
});

test('a page gets the first 200 clashes in file order, however many exist', () => {
  const { world } = parse('meetings all at once');
  const spec = compileSpec({
    task: 't',
    scenario: world,
    drift: undefined,
    oracle: undefined,
    rules: 'v1',
    rewardMode: 'full',
  });
  const env = new SoloEnv(spec);
  const { metadata } = env.reset();
  const { length } = world.meetings;
  expect(metadata.calendar_conflict_pairs).toBe((length * (length - 1)) / 2);
  expect(env.clashes()).toEqual(list(200, (index) => ['m0', `m${index + 1}`]));
});

test('meetings that events bring are counted among the pairs as they arrive', () => {
  const meetings = [meet('a', '15:00'), meet('b', '15:30')];
  const events = list(3, (index) => ({
    at: at(`10:0${index}`),
    meetings: [meet(`n${index}`, '15:10'), meet(`o${index}`, '15:50')],
  }));
  const c = compileFor('v2', scenarioSchema.parse(office({ meetings, events })));
  const episode = Episode.of(c, 'full');
  const rules = createRuleset('v2');
  rules.reset(episode);
  for (let step = 0; step < 6; step++) {
    expect(episode.pairs).toBe(countOverlappingPairs(c, episode.s));
    rules.step(episode, IDLE);
  }
  expect(episode.pairs).toBe(28);
});

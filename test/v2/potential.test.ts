/** Property 1: the reward is a difference of potentials, computed from the world, plus penalties. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IDLE_STEP, INACTIVE_REWARD, INVALID_STEP, REWARD_RANGE } from '../../src/sim/v2/constants.ts';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { owedIn, worthOf } from '../support/v2-value.ts';
import {
  type Happening,
  IDLE,
  keepEvents,
  meet,
  needy,
  office,
  type Story,
  storiesIn,
  wildWorlds,
  worlds,
} from '../support/v2-worlds.ts';

const stories = fc.oneof({ weight: 3, arbitrary: storiesIn(worlds) }, { weight: 1, arbitrary: storiesIn(wildWorlds) });

function open({ world }: Pick<Story, 'world'>): OfficeDay {
  return new OfficeDay(world);
}

describe('the reward of a step', () => {
  test('obligations and their weights are read from the file', () => {
    assertProperty(
      fc.property(fc.oneof(worlds, wildWorlds), (world) => {
        const day = open({ world });
        const owed = owedIn(day.world);
        expect(day.c.day?.obligations.map(({ id }) => id)).toEqual(owed.map(({ id }) => id));
        const total = (channel: string): number =>
          owed.filter((one) => one.channel === channel).reduce((sum, one) => sum + one.weight, 0) +
          (channel === 'relationship' ? day.world.contacts.reduce((sum, one) => sum + one.importance, 0) : 0);
        for (const [index, { channel, weight }] of owed.entries()) {
          expect(day.c.day?.obligations[index]?.share).toBeCloseTo(weight / total(channel), 12);
        }
      }),
      { runs: 50 },
    );
  });

  test('is 10 times the change of V, the change of the shaping potential, and penalties', () => {
    assertProperty(
      fc.property(stories, (story) => {
        const day = open(story);
        for (const action of story.actions) {
          if (day.isOver) break;
          const before = worthOf(day);
          const stress = day.episode.s.stress;
          const { reward, metadata } = day.step(action);
          const after = worthOf(day);
          expect(Math.abs(metadata.stress - after.stress)).toBeLessThanOrEqual(0.5 + 1e-9);
          const breakdown = day.rules.breakdown;
          expect(breakdown.invalid_step_adjustment).toBe(metadata.step_ok ? 0 : INVALID_STEP);
          expect([0, IDLE_STEP]).toContain(breakdown.do_nothing_floor);
          if (!metadata.step_ok) expect(breakdown.do_nothing_floor).toBe(0);
          const penalties = breakdown.invalid_step_adjustment + breakdown.do_nothing_floor;
          const shaping = (0.1 * 10 * (stress - metadata.stress)) / 100;
          expect(reward).toBeCloseTo(10 * (after.value - before.value) + shaping + penalties, 9);
          expect(breakdown.conflict).toBeCloseTo(after.conflict - before.conflict, 9);
          expect(breakdown.relationship).toBeCloseTo(after.relationship - before.relationship, 9);
          expect(breakdown.task).toBeCloseTo(after.task - before.task, 9);
          expect(reward).toBeGreaterThanOrEqual(REWARD_RANGE[0]);
          expect(reward).toBeLessThanOrEqual(REWARD_RANGE[1]);
        }
      }),
      { runs: 50 },
    );
  });

  test('telescopes over an episode, with shaping and without', () => {
    assertProperty(
      fc.property(stories, fc.constantFrom('full' as const, 'base' as const), (story, mode) => {
        const day = new OfficeDay(story.world, { mode });
        const first = worthOf(day).value;
        const stress = day.episode.s.stress;
        let penalties = 0;
        for (const action of story.actions) {
          if (day.isOver) break;
          const { reward, paid } = day.step(action);
          penalties += reward - paid;
        }
        const shaping = mode === 'base' ? 0 : (stress - day.episode.s.stress) / 100;
        expect(day.total).toBeCloseTo(10 * (worthOf(day).value - first) + shaping + penalties, 9);
      }),
      { runs: 50 },
    );
  });

  test('sums to nothing or less where the valued ledger is again what it was', () => {
    let returns = 0;
    assertProperty(
      fc.property(stories, (story) => {
        const day = open(story);
        const best = new Map([[day.ledger(), 0]]);
        for (const action of story.actions) {
          day.step(action);
          const seen = best.get(day.ledger());
          if (seen !== undefined) {
            returns++;
            expect(day.total - seen).toBeLessThanOrEqual(1e-9);
          }
          best.set(day.ledger(), Math.min(seen ?? day.total, day.total));
        }
      }),
      { runs: 60 },
    );
    expect(returns).toBeGreaterThan(0);
  });

  test('a step after the end changes nothing and costs', () => {
    assertProperty(
      fc.property(storiesIn(worlds), (story) => {
        const day = open(story).wait();
        const before = worthOf(day);
        for (const action of story.actions) {
          const { reward, metadata } = day.step(action);
          expect([reward, metadata.step_ok]).toEqual([INACTIVE_REWARD, false]);
        }
        expect(worthOf(day)).toEqual(before);
      }),
      { runs: 40 },
    );
  });
});

/** Worlds without delegates at work, with only the events that `keep` accepts. */
function without(keep: (event: Happening) => boolean): fc.Arbitrary<ScenarioInput> {
  return worlds.map((world) => {
    const tasks = (world.tasks ?? []).map((task) => ({ ...task, delegated_to: null }));
    return keepEvents({ ...world, tasks }, keep);
  });
}

function expectNoRise(world: ScenarioInput): void {
  const day = new OfficeDay(world);
  for (let before = worthOf(day).value; !day.isOver; ) {
    day.step(IDLE);
    const after = worthOf(day).value;
    expect(after).toBeLessThanOrEqual(before + 1e-12);
    before = after;
  }
}

/** Neither a mood nor the calendar improves. */
function isNeutral({ shift_all_meetings_hours: shift, set_contact_mood: mood }: Happening): boolean {
  return !shift && !mood;
}

describe('doing nothing', () => {
  test('never raises V without delegates at work and without better moods', () => {
    const dull = without((event) => isNeutral(event) && event.when === undefined && !event.emails && !event.meetings);
    assertProperty(fc.property(dull, expectNoRise), { runs: 40 });
  });

  test('never lifts V where mail and invitations arrive', () => {
    const arriving = without((event) => isNeutral(event) && event.when === undefined);
    assertProperty(fc.property(arriving, expectNoRise), { runs: 40 });
  });

  test('never raises V if events wait for the outcome of obligations', () => {
    assertProperty(fc.property(without(isNeutral), expectNoRise), { runs: 50 });
  });

  test('a missed clash does not spare the events that a spoiled one would have brought', () => {
    const day = new OfficeDay(
      office({
        meetings: [meet('m1', '10:00'), meet('m2', '10:30')],
        events: [{ when: { obligation: 'clash:m1+m2', is: 'spoiled' }, emails: [needy('x1')] }],
      }),
    );
    const before = worthOf(day).value;
    day.waitUntil('10:30');
    expect(day.status('clash:m1+m2')).toBe('missed');
    expect(worthOf(day).value).toBeLessThanOrEqual(before);
  });
});

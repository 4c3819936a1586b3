/** The upper bound of V, and scenarios in which doing nothing reaches it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listTasks, loadTask } from '../../src/scenarios/shipped.ts';
import { ceilingOf, compileV2, whyNothingToGain } from '../../src/sim/v2/instance.ts';
import { worthOf } from '../../src/sim/v2/value.ts';
import { type ScenarioInput, scenarioSchema } from '../../src/world/schema.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import {
  ANSWER,
  aide,
  drifts,
  job,
  mail,
  meet,
  needy,
  office,
  person,
  storiesIn,
  wildWorlds,
  worlds,
} from '../support/v2-worlds.ts';

function whyNot(world: ScenarioInput): string | undefined {
  return whyNothingToGain(compileV2(scenarioSchema.parse(world)));
}

test.each([
  ['an empty day', office()],
  [
    'mail, meetings and people',
    office({ emails: [mail('e1')], meetings: [meet('m1', '10:00')], contacts: [person('Ana Lumme')] }),
  ],
  ['a task that is done', office({ tasks: [job('t1', '12:00', { status: 'done' })] })],
  ['an angry contact to whom nothing is owed', office({ contacts: [person('Ana Lumme', { mood: 'angry' })] })],
])('nothing is owed: %s', (_what, world) => {
  expect(whyNot(world)).toContain('nothing is owed');
});

const inHand = { delegated_to: 'Bo Tarn', status: 'in-progress' } as const;

test('nothing can be gained if a delegate does all the work', () => {
  const world = office({ contacts: [aide('Bo Tarn')], tasks: [job('t1', '16:00', inHand)] });
  expect(whyNot(world)).toMatch(/^doing nothing is worth 0\.\d{3}, and no play can be worth more$/);
});

test.each([
  ['an answer', office({ emails: [needy('e1')] })],
  ['a clash', office({ meetings: [meet('m1', '10:00'), meet('m2', '10:30')] })],
  ['a task', office({ tasks: [job('t1', '16:00')] })],
  ['a delegate who will be late', office({ contacts: [aide('Bo Tarn')], tasks: [job('t1', '09:10', inHand)] })],
  ['an answer that an event brings', office({ events: [{ id: 'x', after_step: 1, emails: [needy('e1')] }] })],
])('something can be gained by %s', (_what, world) => {
  expect(whyNot(world)).toBeUndefined();
});

test('something can be gained in every scenario that ships, with and without its drift', () => {
  for (const { id } of listTasks()) {
    const { scenario, drift } = loadTask(id);
    for (const changes of [undefined, drift]) {
      const c = compileV2(scenario, changes);
      expect(whyNothingToGain(c), id).toBeUndefined();
      expect(ceilingOf(c)).toBeLessThanOrEqual(1 + 1e-9);
    }
  }
});

test('the ceiling can be reached: an answer that lifts the only contact to the best mood', () => {
  const world = office({ contacts: [person('Ana Lumme')], emails: [needy('e1', { priority: 'critical' })] });
  const day = new OfficeDay(world);
  day.play({ action_type: 'reply_email', email_id: 'e1', message_body: ANSWER });
  expect(day.episode.s.active).toBe(false);
  expect(worthOf(day.episode.s)).toBeCloseTo(ceilingOf(day.c), 12);
  expect(ceilingOf(day.c)).toBeCloseTo(1, 12);
});

test('no play of a random world exceeds it at any time, and a warning is never wrong', () => {
  const story = fc.oneof(storiesIn(worlds), storiesIn(wildWorlds));
  const property = fc.property(story, fc.option(drifts), ({ world, actions }, drift) => {
    const day = new OfficeDay(world, { drift });
    const ceiling = ceilingOf(day.c);
    const isVain = whyNothingToGain(day.c) !== undefined;
    expect(day.c.day?.floor).toBeLessThanOrEqual(ceiling + 1e-9);
    for (const action of actions) {
      if (!day.episode.s.active) break;
      day.step(action);
      expect(worthOf(day.episode.s)).toBeLessThanOrEqual(ceiling + 1e-9);
    }
    while (isVain && day.episode.s.active) day.step({ action_type: 'do_nothing' });
    if (isVain) expect(worthOf(day.episode.s)).toBeLessThanOrEqual((day.c.day?.floor ?? 0) + 1e-9);
  });
  assertProperty(property, { runs: 300 });
});

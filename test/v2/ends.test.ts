/** Properties 8 and 9: a day ends when it is over, and its grade depends on its final state. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IDLE_STEP, INACTIVE_REWARD } from '../../src/sim/v2/constants.ts';
import { gradeOf, gradeSchema, gradeV2 } from '../../src/sim/v2/grade.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay, shippedDays } from '../support/v2-episode.ts';
import { worthOf } from '../support/v2-value.ts';
import {
  ANSWER,
  aide,
  at,
  type Happening,
  IDLE,
  job,
  mail,
  meet,
  needy,
  office,
  person,
  storiesIn,
  worlds,
} from '../support/v2-worlds.ts';

const reply = (email_id: string) => ({ action_type: 'reply_email', email_id, message_body: ANSWER });

function open(parts: Parameters<typeof office>[0] = {}): OfficeDay {
  return new OfficeDay(office({ contacts: [person('Ana Lumme'), aide('Bo Tarn')], ...parts }));
}

describe('the day ends', () => {
  test('when no obligation is open and nothing will arrive', () => {
    const day = open({ emails: [needy('e1'), mail('e2')] });
    const { metadata } = day.step(reply('e1'));
    expect(metadata).toMatchObject({ episode_active: false, episode_end_reason: 'nothing_owed', step_ok: true });
    expect(day.briefing()).toContain('The episode is over.');
    expect(metadata.grade?.met).toBe(1);
  });

  test('not while something will come', () => {
    const events: Happening[] = [{ at: at('10:00'), comment: 'x' }];
    const day = open({ emails: [needy('e1')], events });
    day.step(reply('e1'));
    expect(day.isOver).toBe(false);
    expect(day.wait().metadata()).toMatchObject({ episode_end_reason: 'nothing_owed' });
    expect(day.now).toBe('10:10');
  });

  test('when work is in able hands', () => {
    const day = open({ tasks: [job('t1', '16:00')] });
    day.step({ action_type: 'delegate_task', task_id: 't1', contact_name: 'Bo Tarn' });
    expect([day.isOver, day.status('task:t1')]).toEqual([true, 'met']);
  });

  test('at its end', () => {
    const day = open({ emails: [needy('e1')], day_end: at('09:40') });
    day.play(IDLE, IDLE);
    expect(day.isOver).toBe(false);
    expect(day.step(IDLE).metadata).toMatchObject({ episode_active: false, episode_end_reason: 'day_end' });
    expect(day.episode.s.limitReached).toBe(false);
    expect(day.status('reply:e1')).toBe('missed');
  });

  test('ten hours after it began, where nothing is stated', () => {
    const { day_end: _, ...world } = office({ emails: [needy('e1')], max_episode_steps: 100 });
    expect(new OfficeDay(world).wait().now).toBe('19:00');
  });

  test('at the step limit, which truncates the episode', () => {
    const day = open({ emails: [needy('e1')], max_episode_steps: 2 });
    day.step(IDLE);
    expect(day.step(IDLE).metadata).toMatchObject({ episode_active: false, episode_end_reason: 'step_limit' });
    expect(day.episode.s.limitReached).toBe(true);
    const both = open({ emails: [needy('e1')], max_episode_steps: 1 });
    both.step(reply('e1'));
    expect(both.episode.s.limitReached).toBe(false);
  });

  test('and is over', () => {
    const day = open({ emails: [needy('e1'), mail('e2')] });
    day.step(reply('e1'));
    const bytes = day.ledger();
    const clock = day.now;
    const grade = day.metadata().grade;
    for (const action of [IDLE, reply('e2'), 'nonsense', null]) {
      const { reward, metadata } = day.step(action);
      expect([reward, metadata.step_ok]).toEqual([INACTIVE_REWARD, false]);
      expect([day.ledger(), day.now]).toEqual([bytes, clock]);
      expect(metadata.grade).toEqual(grade);
    }
  });

  test('early without a loss: further steps gain nothing', () => {
    const world = {
      contacts: [person('Ana Lumme'), aide('Bo Tarn')],
      tasks: [job('t1', '16:00')],
      emails: [needy('e1')],
    };
    const delegate = { action_type: 'delegate_task', task_id: 't1', contact_name: 'Bo Tarn' };
    const early = open(world);
    early.play(reply('e1'), delegate);
    const late = open({ ...world, events: [{ at: at('16:00'), comment: 'nothing much' }] });
    late.play(reply('e1'), delegate);
    late.wait();
    expect([early.isOver, late.isOver]).toEqual([true, true]);
    expect(early.total).toBeCloseTo(late.total, 9);
    expect(early.metadata().grade?.value).toBeCloseTo(late.metadata().grade?.value ?? Number.NaN, 9);
  });
});

describe('an idle step', () => {
  const later: Happening[] = [{ at: at('16:00'), comment: 'x' }];

  test.each([
    { name: 'an answer is owed', parts: { emails: [needy('e1')] }, costs: true },
    {
      name: 'an answer is overdue',
      parts: { emails: [needy('e1', { reply: { by: at('08:00') } })] },
      costs: true,
    },
    { name: 'a task is open', parts: { tasks: [job('t1', '16:00')] }, costs: true },
    { name: 'a clash is ahead', parts: { meetings: [meet('m1', '15:00'), meet('m2', '15:30')] }, costs: true },
    { name: 'nothing is owed', parts: { emails: [mail('e1')] }, costs: false },
    {
      name: 'the task is in able hands',
      parts: { tasks: [job('t1', '16:00', { delegated_to: 'Bo Tarn' })] },
      costs: false,
    },
    {
      name: 'everything is still to come',
      parts: { events: [{ at: at('15:00'), emails: [needy('x1')] }] },
      costs: false,
    },
    {
      name: 'a clash has begun before the day',
      parts: { meetings: [meet('m1', '08:00'), meet('m2', '08:30')] },
      costs: false,
    },
  ])('$name', ({ parts, costs }) => {
    const day = open({ events: later, ...parts });
    const paid = [IDLE, IDLE].map((action) => day.step(action)).map(({ reward, paid }) => reward - paid);
    expect(paid[1]).toBeCloseTo(costs ? IDLE_STEP : 0, 12);
  });

  test('costs nothing where the clash can be undone no more', () => {
    const events: Happening[] = [...later, { at: at('09:20'), meetings: [meet('n1', '09:25')] }];
    const day = open({ events, meetings: [meet('m1', '09:25')], tasks: [job('t1', '16:00')] });
    day.step({ action_type: 'complete_task', task_id: 't1' });
    expect(day.status('clash:m1+n1')).not.toBe('open');
    const { reward, paid } = day.step(IDLE);
    expect(reward - paid).toBeCloseTo(0, 12);
  });
});

test('an answer after the end of the day is late', () => {
  const day = open({ emails: [needy('e1')], day_end: at('09:05') });
  day.step(reply('e1'));
  expect([day.now, day.status('reply:e1')]).toEqual(['09:10', 'late']);
});

describe('the grade', () => {
  test('is where V stands between doing nothing and the best plan', () => {
    expect(gradeOf(0.5, 0.25, 0.75)).toBe(0.5);
    expect([gradeOf(0.2, 0.25, 0.75), gradeOf(0.25, 0.25, 0.75), gradeOf(0.9, 0.25, 0.75)]).toEqual([0.01, 0.01, 0.99]);
  });

  test('of random days: the formula, its bounds and its parts', () => {
    assertProperty(
      fc.property(
        storiesIn(worlds),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
        ({ world, actions }, oracle) => {
          const day = new OfficeDay(world, oracle === undefined ? {} : { oracle });
          const idle = new OfficeDay(world).wait();
          const floor = worthOf(idle).value;
          expect(day.c.day?.floor).toBeCloseTo(floor, 9);
          for (const action of actions) {
            if (day.isOver) break;
            expect(day.metadata()).not.toHaveProperty('grade');
            expect(() => gradeV2(day.c, day.episode.s)).toThrow(TypeError);
            day.step(action);
          }
          day.wait();
          const grade = gradeSchema.parse(day.metadata().grade);
          const worth = worthOf(day);
          expect(grade.value).toBeCloseTo(worth.value, 9);
          expect(grade.conflict).toBeCloseTo(worth.conflict, 9);
          expect(grade.relationship).toBeCloseTo(worth.relationship, 9);
          expect(grade.task).toBeCloseTo(worth.task, 9);
          expect(grade.collateral).toBeCloseTo(worth.collateral, 9);
          const { conflict, relationship, task, collateral } = grade;
          expect(grade.value).toBeCloseTo(0.35 * conflict + 0.35 * relationship + 0.3 * task - collateral, 12);
          const best = oracle ?? 1;
          expect([grade.floor, grade.oracle]).toEqual([day.c.day?.floor, best]);
          if (best > grade.floor + 1e-9) {
            const share = (worth.value - floor) / (best - floor);
            expect(grade.grade).toBeCloseTo(Math.min(0.99, Math.max(0.01, share)), 6);
          }
          const states = [...day.statuses().values()];
          const count = (status: string): number => states.filter((one) => one === status).length;
          expect([grade.met, grade.late]).toEqual([count('met') + count('spared'), count('late') + count('corrected')]);
          expect(grade.missed).toBe(count('missed') + count('spoiled') + count('wrong'));
          expect(grade.met + grade.late + grade.missed).toBe(states.length);
        },
      ),
      { runs: 40 },
    );
  });

  test.each(shippedDays())('$name: doing nothing has 0.01', ({ open: begin }) => {
    const day = begin().wait();
    expect(day.metadata().grade?.grade).toBe(0.01);
  });

  test('is not a penalty on a day without obligations', () => {
    expect(open().wait().metadata().grade?.grade).toBeGreaterThan(0);
  });

  test('is an error for a day that has not begun', () => {
    const day = open({ emails: [needy('e1')] });
    expect(() => gradeV2(day.c, day.episode.s)).toThrow('only a finished episode');
    const closed = new OfficeDay(office({ emails: [needy('e1')], episode_active: false }));
    expect(closed.metadata()).not.toHaveProperty('grade');
  });
});

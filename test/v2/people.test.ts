/** Property 5: contacts react, and always in the same way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import {
  ANSWER,
  aide,
  at,
  IDLE,
  job,
  meet,
  needy,
  office,
  person,
  storiesIn,
  wildWorlds,
  worlds,
} from '../support/v2-worlds.ts';

const delegate = (task_id: string, contact_name: string) => ({ action_type: 'delegate_task', task_id, contact_name });

describe('delegates', () => {
  const dayWith = (
    parts: Partial<Parameters<typeof aide>[1]> & object,
    tasks: ScenarioInput['tasks'] = [],
  ): OfficeDay =>
    new OfficeDay(
      office({
        emails: [needy('e1')],
        contacts: [aide('Bo Tarn', { response_minutes: 30, ...parts })],
        tasks: [job('t1', '16:00', { skill: 'law' }), ...(tasks ?? [])],
      }),
    );

  test.each([
    { why: 'lacks the skill', parts: { skills: ['finance'] }, tasks: [] },
    {
      why: 'has no room',
      parts: { skills: ['law'], load_limit: 1 },
      tasks: [job('t2', '16:00', { delegated_to: 'Bo Tarn' })],
    },
    { why: 'has no room', parts: { skills: ['law'], load_limit: 0 }, tasks: [] },
    { why: 'is off work', parts: { skills: ['law'], working_hours: { from: '12:00', to: '16:00' } }, tasks: [] },
  ])('hand a task back after their response time: $why', ({ why, parts, tasks }) => {
    const day = dayWith(parts, tasks);
    const { paid } = day.step(delegate('t1', 'Bo Tarn'));
    expect(day.ok).toBe(true);
    expect(paid).toBe(0);
    expect(day.status('task:t1')).toBe('open');
    expect(day.export().tasks[0]).toMatchObject({ delegated_to: 'Bo Tarn', status: 'in-progress' });
    day.step(IDLE);
    expect(day.inbox()).not.toContain('t1-back');
    day.step(IDLE);
    expect(day.now).toBe('09:35');
    expect(day.news).toContain(`Bo Tarn hands back [t1] (${why})`);
    expect(day.inbox()).toContain('t1-back');
    expect(day.briefing()).toContain('[t1-back]');
    expect(day.export().tasks[0]).toMatchObject({ delegated_to: null, status: 'pending' });
    expect(day.step({ action_type: 'complete_task', task_id: 't1' }).paid).toBeGreaterThan(0);
  });

  test('a contact who is able does it, and takes one and a half times as long', () => {
    const day = dayWith({ skills: ['law'] });
    expect(day.step(delegate('t1', 'Bo Tarn')).paid).toBeGreaterThan(0);
    expect(day.status('task:t1')).toBe('in able hands');
    expect(day.briefing()).toContain('with Bo Tarn until 09:50');
    expect(day.episode.s.taskUntil[0]).toBe(Date.parse(`${at('09:50')}Z`) * 1_000);
  });

  test('work ends after its duration, and half is paid if it is late', () => {
    const world = office({
      contacts: [aide('Bo Tarn'), aide('Cy Dell')],
      emails: [needy('e1')],
      tasks: [job('t1', '09:50'), job('t2', '09:49')],
    });
    const day = new OfficeDay(world);
    day.step(delegate('t1', 'Bo Tarn'));
    day.step(delegate('t2', 'Cy Dell'));
    expect([day.status('task:t1'), day.status('task:t2')]).toEqual(['in able hands', 'open']);
    day.waitUntil('09:55');
    expect([day.status('task:t1'), day.status('task:t2')]).toEqual(['met', 'late']);
    expect(day.news).toContain('Bo Tarn has done [t1]');
  });

  test('one who has room again takes the next one', () => {
    const day = new OfficeDay(
      office({ contacts: [aide('Bo Tarn', { load_limit: 1 })], tasks: [job('t1', '12:00'), job('t2', '12:00')] }),
    );
    day.step(delegate('t1', 'Bo Tarn'));
    day.step(IDLE);
    day.waitUntil('10:00');
    day.step(delegate('t2', 'Bo Tarn'));
    expect([day.status('task:t1'), day.status('task:t2')].map((status) => status === 'open')).toEqual([false, false]);
  });

  test('the owner can do it without the skill', () => {
    const day = new OfficeDay(
      office({
        contacts: [aide('Bo Tarn')],
        emails: [needy('e1')],
        tasks: [job('t1', '12:00', { skill: 'law', owner: 'Bo Tarn' })],
      }),
    );
    day.step(delegate('t1', 'Bo Tarn'));
    expect(day.status('task:t1')).toBe('in able hands');
  });
});

describe('meetings', () => {
  const world = office({
    contacts: [
      person('Ana Lumme', { importance: 2 }),
      person('Bo Tarn', { importance: 5, working_hours: { from: '09:00', to: '13:00' } }),
    ],
    emails: [needy('e1')],
    meetings: [
      meet('m1', '11:00', { priority: 'critical', attendees: ['Ana Lumme', 'Bo Tarn', 'A Stranger'] }),
      meet('m2', '10:00', { attendees: ['Ana Lumme'] }),
    ],
  });

  test('one that must not be cancelled brings one complaint, from the most important attendee', () => {
    const day = new OfficeDay(world);
    expect(day.step({ action_type: 'cancel_meeting', meeting_id: 'm1', reason: 'no time' }).paid).toBeLessThan(0);
    expect(day.inbox()).toEqual(['e1', 'm1-complaint']);
    expect(day.export().emails.at(-1)?.sender).toBe('Bo Tarn');
    expect([day.mood('Ana Lumme'), day.mood('Bo Tarn')]).toEqual(['annoyed', 'annoyed']);
    day.step({ action_type: 'cancel_meeting', meeting_id: 'm1', reason: 'no time' });
    day.play(IDLE, IDLE);
    expect(day.inbox()).toEqual(['e1', 'm1-complaint']);
    expect([day.mood('Ana Lumme'), day.mood('Bo Tarn')]).toEqual(['annoyed', 'annoyed']);
  });

  test('the mood of a person who is named twice falls once', () => {
    const day = new OfficeDay(
      office({
        contacts: [person('Ana Lumme')],
        emails: [needy('e1')],
        meetings: [meet('m1', '11:00', { priority: 'critical', attendees: ['Ana Lumme', 'Ana Lumme'] })],
      }),
    );
    day.step({ action_type: 'cancel_meeting', meeting_id: 'm1', reason: 'no time' });
    expect(day.mood('Ana Lumme')).toBe('annoyed');
  });

  test('a time outside working hours bounces once: the meeting stays', () => {
    const day = new OfficeDay({
      ...world,
      meetings: [meet('m1', '11:00', { attendees: ['Ana Lumme', 'Bo Tarn'] })],
    });
    const move = { action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: at('12:30') };
    expect(day.step(move).paid).toBeLessThan(0);
    expect(day.note).toContain('Bo Tarn declines');
    expect(day.export().meetings[0]?.start).toBe(at('11:00'));
    expect(day.inbox()).toContain('m1-complaint');
    expect([day.mood('Ana Lumme'), day.mood('Bo Tarn')]).toEqual(['neutral', 'annoyed']);
    expect(day.step(move).paid).toBe(0);
    expect(day.mood('Bo Tarn')).toBe('annoyed');
  });

  test('work during a meeting misses it', () => {
    const day = new OfficeDay({ ...world, tasks: [job('t1', '16:00', { effort: 'high' })] });
    const { metadata } = day.step({ action_type: 'complete_task', task_id: 't1' });
    expect(day.news).toContain('you missed [m2]');
    expect(day.news).not.toContain('m1');
    expect(metadata.reward_attribution?.map(({ obligation }) => obligation)).toContain('meeting:m2');
    expect(day.mood('Ana Lumme')).toBe('annoyed');
    expect(day.inbox()).toContain('m2-complaint');
  });

  test('of two that clash the less important one is missed', () => {
    const day = new OfficeDay({
      ...world,
      meetings: [
        meet('m1', '10:00', { priority: 'high', attendees: ['Bo Tarn'] }),
        meet('m2', '10:30', { attendees: ['Ana Lumme'] }),
      ],
    });
    day.waitUntil('10:25');
    expect(day.status('clash:m1+m2')).toBe('missed');
    expect([day.mood('Bo Tarn'), day.mood('Ana Lumme')]).toEqual(['neutral', 'annoyed']);
  });

  test('little notice and a second move bring a complaint', () => {
    const late = new OfficeDay({ ...world, meetings: [meet('m1', '09:10', { attendees: ['Ana Lumme'] })] });
    late.step({ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: at('12:00') });
    expect(late.inbox()).toContain('m1-complaint');
    const twice = new OfficeDay({ ...world, meetings: [meet('m1', '11:00', { attendees: ['Ana Lumme'] })] });
    twice.step({ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: at('12:00') });
    expect(twice.inbox()).toEqual(['e1']);
    twice.step({ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: at('14:00') });
    expect(twice.inbox()).toContain('m1-complaint');
    expect(twice.mood('Ana Lumme')).toBe('annoyed');
  });
});

describe('mail', () => {
  test('silence past the time for an answer brings one chaser and one rung of mood', () => {
    const reply = { by: at('09:30') };
    const day = new OfficeDay(office({ contacts: [person('Ana Lumme')], emails: [needy('e1', { reply })] }));
    day.play(IDLE, IDLE);
    expect([day.status('reply:e1'), day.inbox()]).toEqual(['open', ['e1']]);
    day.step(IDLE);
    expect([day.status('reply:e1'), day.inbox()]).toEqual(['overdue', ['e1', 'e1-chaser']]);
    expect(day.mood('Ana Lumme')).toBe('annoyed');
    day.play(...Array.from({ length: 6 }, () => IDLE));
    expect(day.inbox()).toEqual(['e1', 'e1-chaser']);
    expect(day.mood('Ana Lumme')).toBe('annoyed');
  });

  test('a good answer can bring a follow-up, whose own answer is counted from the start', () => {
    const world = office({
      contacts: [person('Ana Lumme')],
      emails: [needy('e1')],
      events: [{ when: { obligation: 'reply:e1', is: 'met' }, delay_minutes: 20, emails: [needy('x1')] }],
    });
    const day = new OfficeDay(world);
    expect(day.status('reply:x1')).toBe('awaited');
    day.step({ action_type: 'reply_email', email_id: 'e1', message_body: ANSWER });
    expect(day.inbox()).toEqual(['e1']);
    const { paid } = day.play(IDLE, IDLE);
    expect(day.inbox()).toEqual(['e1', 'x1']);
    expect(day.status('reply:x1')).toBe('open');
    expect(paid).toBeLessThanOrEqual(0);
    expect(day.step({ action_type: 'reply_email', email_id: 'x1', message_body: ANSWER }).paid).toBeGreaterThan(0);
    expect(day.isOver).toBe(true);
  });
});

test('equal actions give equal bytes', () => {
  assertProperty(
    fc.property(fc.oneof(storiesIn(worlds), storiesIn(wildWorlds)), ({ world, actions }) => {
      const [one, other] = [new OfficeDay(world), new OfficeDay(structuredClone(world))];
      for (const action of actions) {
        expect(other.step(action)).toEqual(one.step(structuredClone(action)));
        expect(other.bytes()).toBe(one.bytes());
        expect(other.briefing()).toBe(one.briefing());
      }
      one.rules.reset(one.episode);
      expect(one.bytes()).toBe(new OfficeDay(world).bytes());
    }),
    { runs: 30 },
  );
});

/** Rules 4, 8 and 10: plausible time, the world shown is the world judged, and the settlement apart. */
import { describe, expect, test } from 'vitest';
import { MEETING_DAMAGE, PRIORITY_DAMAGE } from '../../src/sim/v2/constants.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { worthOf } from '../support/v2-value.ts';
import { ANSWER, at, IDLE, job, type Meet, meet, needy, office, person } from '../support/v2-worlds.ts';

const NORMAL = 2;
const LATE = MEETING_DAMAGE.late * (PRIORITY_DAMAGE[NORMAL] ?? 0);
const MISSED = MEETING_DAMAGE.missed * (PRIORITY_DAMAGE[NORMAL] ?? 0);

function day(start: string, parts: Partial<Meet> = {}): OfficeDay {
  return new OfficeDay(
    office({
      contacts: [person('Ana Lumme')],
      emails: [needy('e1')],
      meetings: [meet('m1', start, { attendees: ['Ana Lumme'], ...parts })],
      tasks: [job('t1', '16:00'), job('t2', '16:30')],
    }),
  );
}

const complete = { action_type: 'complete_task', task_id: 't1' };
const reply = (channel: string) => ({
  action_type: 'reply_email',
  email_id: 'e1',
  message_body: ANSWER,
  channel,
});

describe('work of half an hour from nine on', () => {
  test.each([
    { start: '09:20', is: 'late', damage: LATE, mood: 'neutral' },
    { start: '09:19', is: 'missed', damage: MISSED, mood: 'annoyed' },
    { start: '09:30', is: 'on time', damage: 0, mood: 'neutral' },
    { start: '08:30', is: 'missed', damage: MISSED, mood: 'annoyed' },
  ])('a meeting at $start: $is', ({ start, is, damage, mood }) => {
    const played = day(start);
    played.step(complete);
    expect(worthOf(played).collateral).toBeCloseTo(damage, 12);
    expect(played.mood('Ana Lumme')).toBe(mood);
    expect(played.news.includes('you were late for [m1]')).toBe(is === 'late');
    expect(played.news.includes('you missed [m1]')).toBe(is === 'missed');
  });
});

describe('in a meeting', () => {
  test.each([
    ['email', 0],
    ['text', 0],
    ['call', MISSED],
  ])('an answer by %s', (channel, damage) => {
    const played = day('08:30');
    played.step(reply(channel));
    expect(played.status('reply:e1')).toBe('met');
    expect(worthOf(played).collateral).toBeCloseTo(damage, 12);
  });

  test('a call that ends at most ten minutes after the beginning of one makes late', () => {
    const played = day('09:00', { duration_minutes: 30 });
    played.step(reply('call'));
    expect(worthOf(played).collateral).toBeCloseTo(LATE, 12);
  });
});

describe('meetings that share little time', () => {
  const pair = (start: string): OfficeDay =>
    new OfficeDay(office({ meetings: [meet('m1', '10:00'), meet('m2', start)], tasks: [job('t1', '16:00')] }));

  test('at most ten minutes: one is late, and nothing is owed', () => {
    const played = pair('10:50');
    expect(played.status('clash:m1+m2')).toBeUndefined();
    played.waitUntil('11:00');
    expect(worthOf(played).collateral).toBeCloseTo(LATE, 12);
  });

  test('more: one is missed', () => {
    const played = pair('10:49');
    expect(played.status('clash:m1+m2')).toBe('open');
    played.waitUntil('11:00');
    expect(played.status('clash:m1+m2')).toBe('missed');
    expect(worthOf(played).collateral).toBeCloseTo(MISSED, 12);
  });
});

describe('the settlement', () => {
  test('is the part of the last reward that the rest of the day brings', () => {
    const played = new OfficeDay(office({ emails: [needy('e1')], tasks: [job('t1', '16:00')], max_episode_steps: 2 }));
    const first = played.step(IDLE);
    expect(first.metadata.reward_breakdown?.settlement).toBe(0);
    const { reward, metadata } = played.step(complete);
    const settlement = metadata.reward_breakdown?.settlement ?? Number.NaN;
    expect(played.isOver).toBe(true);
    expect(settlement).toBeLessThan(0);
    const same = new OfficeDay(office({ emails: [needy('e1')], tasks: [job('t1', '16:00')], max_episode_steps: 3 }));
    same.step(IDLE);
    expect(reward - settlement).toBeCloseTo(same.step(complete).reward, 9);
  });

  test('is nothing if the day is over', () => {
    const played = new OfficeDay(office({ emails: [needy('e1')], day_end: at('09:10') }));
    const { metadata } = played.step(IDLE);
    expect(played.isOver).toBe(true);
    expect(metadata.reward_breakdown?.settlement).toBe(0);
  });
});

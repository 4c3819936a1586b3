/** Property 11: every step explains its reward, and the amounts add up. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attributionSchema } from '../../src/sim/v2/explain.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import {
  ANSWER,
  aide,
  at,
  IDLE,
  job,
  list,
  meet,
  needy,
  office,
  person,
  storiesIn,
  wildWorlds,
  worlds,
} from '../support/v2-worlds.ts';

function expectExplained(day: OfficeDay, answer: unknown): void {
  const { reward, metadata } = day.step(answer);
  const parts = metadata.reward_attribution ?? [];
  expect(parts.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(reward, 9);
  for (const part of parts) {
    expect(attributionSchema.parse(part)).toEqual(part);
    expect(part.amount).not.toBe(0);
    expect(part.reason).not.toBe('');
  }
}

test('the amounts add up to the reward in every step of random days', () => {
  const stories = fc.oneof(storiesIn(worlds), storiesIn(wildWorlds));
  assertProperty(
    fc.property(stories, fc.constantFrom('full' as const, 'base' as const), ({ world, actions }, mode) => {
      const day = new OfficeDay(world, { mode });
      expect(day.metadata()).not.toHaveProperty('reward_attribution');
      for (const action of actions) expectExplained(day, action);
    }),
    { runs: 50 },
  );
});

test('also where the damage has reached its limit', () => {
  // Insults cost most, three for each email, until a limit is reached.
  const emails = list(10, (index) => needy(`e${index}`));
  const day = new OfficeDay(office({ contacts: [person('Ana Lumme')], emails, day_end: at('20:00') }));
  let limits = 0;
  for (const { id } of [...emails, ...emails, ...emails]) {
    expectExplained(day, { action_type: 'reply_email', email_id: id, message_body: 'You are an idiot.' });
    limits += Number(day.episode.s.sums[3] === 0.5);
  }
  expect(limits).toBeGreaterThan(3);
});

test('each part names its channel, its obligation and a reason', () => {
  const day = new OfficeDay(
    office({
      contacts: [person('Ana Lumme'), aide('Bo Tarn')],
      emails: [needy('e1'), needy('e2', { priority: 'critical' })],
      meetings: [meet('m1', '10:00'), meet('m2', '10:30')],
      tasks: [job('t1', '12:00')],
    }),
  );
  const parts = (answer: unknown): string[] =>
    (day.step(answer).metadata.reward_attribution ?? []).map(({ channel, obligation }) => `${channel} ${obligation}`);
  expect(parts({ action_type: 'reply_email', email_id: 'e1', message_body: ANSWER })).toEqual([
    'relationship reply:e1',
    'relationship mood:Ana Lumme',
    'shaping stress',
  ]);
  expect(parts({ action_type: 'reply_email', email_id: 'e2', message_body: 'You are an idiot.' })).toEqual([
    'relationship mood:Ana Lumme',
    'collateral email:e2',
    'penalty idle',
  ]);
  expect(parts({ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: at('14:00') })).toEqual([
    'conflict clash:m1+m2',
    'shaping stress',
  ]);
  expect(parts({ action_type: 'delegate_task', task_id: 't1', contact_name: 'Bo Tarn' })).toEqual([
    'task task:t1',
    'shaping stress',
  ]);
  expect(parts({ action_type: 'archive_email', email_id: 'e9' })).toEqual(['penalty invalid']);
  expect(parts(IDLE)).toEqual(['penalty idle']);
});

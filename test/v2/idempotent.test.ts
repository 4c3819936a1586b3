/** Property 2: an obligation pays once. The same action again pays nothing or costs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INVALID_STEP } from '../../src/sim/v2/constants.ts';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import {
  ANSWER,
  aide,
  at,
  COURTESY,
  IDLE,
  job,
  mail,
  meet,
  needy,
  office,
  person,
  type Story,
  storiesIn,
  worlds,
} from '../support/v2-worlds.ts';

/** A day with one obligation of each kind and time to play. */
const OFFICE: ScenarioInput = office({
  contacts: [
    person('Ana Lumme', { working_hours: { from: '09:00', to: '15:00' } }),
    aide('Bo Tarn', { skills: ['law'] }),
    aide('Cy Dell', { load_limit: 3 }),
  ],
  emails: [needy('e1'), needy('e2', { priority: 'critical' }), mail('e3', { priority: 'low' })],
  meetings: [
    meet('m1', '11:00', { attendees: ['Ana Lumme'], priority: 'normal' }),
    meet('m2', '11:30', { priority: 'high' }),
    meet('m3', '13:00', { priority: 'critical', attendees: ['Ana Lumme'] }),
    meet('m4', '15:00', { attendees: ['Ana Lumme'], cancelled: true }),
  ],
  tasks: [job('t1', '16:00'), job('t2', '16:30', { skill: 'finance' }), job('t3', '16:00', { status: 'done' })],
});

const reply = (email_id: string, message_body: string, channel?: string) => ({
  action_type: 'reply_email',
  email_id,
  message_body,
  ...(channel === undefined ? {} : { channel }),
});
const message = (contact_name: string, message_body: string) => ({
  action_type: 'send_message',
  contact_name,
  message_body,
});
const archive = (email_id: string) => ({ action_type: 'archive_email', email_id });
const move = (meeting_id: string, clock: string) => ({
  action_type: 'reschedule_meeting',
  meeting_id,
  new_time: at(clock),
  reason: 'a clash',
});
const cancel = (meeting_id: string, reason = 'a clash') => ({ action_type: 'cancel_meeting', meeting_id, reason });
const complete = (task_id: string) => ({ action_type: 'complete_task', task_id });
const delegate = (task_id: string, contact_name: string) => ({ action_type: 'delegate_task', task_id, contact_name });

type Row = {
  readonly name: string;
  /** The first action, and its reward. */
  readonly first: readonly object[];
  readonly earns: 'something' | 'nothing' | 'a loss';
  /** Later actions that pay nothing, and whether they are valid. */
  readonly again: object;
  readonly valid: boolean;
};

const ROWS: readonly Row[] = [
  { name: 'do nothing twice', first: [IDLE], earns: 'nothing', again: IDLE, valid: true },
  { name: 'a second reply', first: [reply('e1', ANSWER)], earns: 'something', again: reply('e1', ANSWER), valid: true },
  {
    name: 'a reply after a message',
    first: [message('Ana Lumme', ANSWER)],
    earns: 'something',
    again: reply('e1', ANSWER),
    valid: true,
  },
  {
    name: 'a second inadequate reply',
    first: [reply('e1', 'Let me think about that.')],
    earns: 'a loss',
    again: reply('e1', 'Let me think about that.'),
    valid: true,
  },
  {
    name: 'a second courtesy',
    first: [reply('e2', ANSWER)],
    earns: 'something',
    again: reply('e2', ANSWER),
    valid: true,
  },
  {
    name: 'a reply to what owes nothing',
    first: [reply('e3', COURTESY)],
    earns: 'nothing',
    again: reply('e3', COURTESY),
    valid: true,
  },
  {
    name: 'a second insult',
    first: [reply('e3', 'You are an idiot.')],
    earns: 'a loss',
    again: reply('e3', 'You are an idiot.'),
    valid: true,
  },
  {
    name: 'a second message without an occasion',
    first: [message('Bo Tarn', COURTESY)],
    earns: 'a loss',
    again: message('Bo Tarn', COURTESY),
    valid: true,
  },
  {
    name: 'a second rude message',
    first: [message('Bo Tarn', 'Shut up, you fool.')],
    earns: 'a loss',
    again: message('Bo Tarn', 'Shut up, you fool.'),
    valid: true,
  },
  { name: 'archived again', first: [archive('e3')], earns: 'nothing', again: archive('e3'), valid: true },
  { name: 'buried again', first: [archive('e1')], earns: 'a loss', again: archive('e1'), valid: true },
  {
    name: 'archived after the reply',
    first: [reply('e1', ANSWER)],
    earns: 'something',
    again: archive('e1'),
    valid: true,
  },
  { name: 'the same slot', first: [move('m2', '14:00')], earns: 'something', again: move('m2', '14:00'), valid: false },
  { name: 'another slot', first: [move('m2', '14:00')], earns: 'something', again: move('m2', '15:00'), valid: true },
  {
    name: 'back again where it clashes',
    first: [move('m2', '14:00')],
    earns: 'something',
    again: move('m2', '11:30'),
    valid: false,
  },
  { name: 'the slot where it is', first: [], earns: 'nothing', again: move('m1', '11:00'), valid: false },
  { name: 'a slot in the past', first: [], earns: 'nothing', again: move('m1', '08:00'), valid: false },
  {
    name: 'another century',
    first: [],
    earns: 'nothing',
    again: { ...move('m1', '12:00'), new_time: '1999-01-01T10:00' },
    valid: false,
  },
  { name: 'a slot now', first: [], earns: 'nothing', again: move('m1', '09:00'), valid: false },
  {
    name: 'a slot that has begun when it is arranged',
    first: [],
    earns: 'nothing',
    again: move('m1', '09:05'),
    valid: false,
  },
  { name: 'outside working hours', first: [], earns: 'nothing', again: move('m1', '14:30'), valid: true },
  {
    name: 'outside working hours again',
    first: [move('m1', '14:30')],
    earns: 'a loss',
    again: move('m1', '14:30'),
    valid: true,
  },
  { name: 'beyond the end of the day', first: [], earns: 'nothing', again: move('m2', '16:30'), valid: false },
  {
    name: 'tomorrow',
    first: [],
    earns: 'nothing',
    again: { ...move('m2', '12:00'), new_time: '2026-06-23T10:00' },
    valid: false,
  },
  { name: 'onto another meeting', first: [], earns: 'nothing', again: move('m1', '13:30'), valid: false },
  {
    name: 'a slot that cannot be read',
    first: [],
    earns: 'nothing',
    again: { ...move('m1', '12:00'), new_time: 'later' },
    valid: false,
  },
  {
    name: 'a meeting that is cancelled, moved',
    first: [cancel('m1')],
    earns: 'something',
    again: move('m1', '14:00'),
    valid: false,
  },
  { name: 'cancelled again', first: [cancel('m1')], earns: 'something', again: cancel('m1'), valid: false },
  { name: 'cancelled in the file', first: [], earns: 'nothing', again: cancel('m4'), valid: false },
  {
    name: 'cancelled without a reason, then with one',
    first: [cancel('m1', ' ')],
    earns: 'a loss',
    again: cancel('m1'),
    valid: false,
  },
  {
    name: 'the other one of a clash that is solved',
    first: [cancel('m1')],
    earns: 'something',
    again: cancel('m2'),
    valid: true,
  },
  { name: 'the other one moved', first: [cancel('m1')], earns: 'something', again: move('m2', '14:00'), valid: true },
  {
    name: 'cancelled after it was moved',
    first: [move('m2', '14:00')],
    earns: 'something',
    again: cancel('m2'),
    valid: true,
  },
  {
    name: 'a critical meeting moved twice',
    first: [move('m3', '14:00')],
    earns: 'a loss',
    again: move('m3', '13:00'),
    valid: true,
  },
  { name: 'completed twice', first: [complete('t1')], earns: 'something', again: complete('t1'), valid: false },
  { name: 'done in the file', first: [], earns: 'nothing', again: complete('t3'), valid: false },
  {
    name: 'delegated when it is done',
    first: [complete('t1')],
    earns: 'something',
    again: delegate('t1', 'Bo Tarn'),
    valid: false,
  },
  {
    name: 'delegated when the file says that it is done',
    first: [],
    earns: 'nothing',
    again: delegate('t3', 'Bo Tarn'),
    valid: false,
  },
  {
    name: 'delegated twice',
    first: [delegate('t1', 'Bo Tarn')],
    earns: 'something',
    again: delegate('t1', 'Bo Tarn'),
    valid: false,
  },
  {
    name: 'delegated to another contact',
    first: [delegate('t1', 'Bo Tarn')],
    earns: 'something',
    again: delegate('t1', 'Cy Dell'),
    valid: false,
  },
  {
    name: 'delegated twice in vain',
    first: [delegate('t2', 'Bo Tarn')],
    earns: 'nothing',
    again: delegate('t2', 'Bo Tarn'),
    valid: false,
  },
];

function play(actions: readonly object[]): OfficeDay {
  const day = new OfficeDay(OFFICE);
  for (const action of actions) day.step(action);
  return day;
}

describe('the same again', () => {
  test.each(ROWS)('$name', ({ first, earns, again, valid }) => {
    const day = new OfficeDay(OFFICE);
    let paid = 0;
    for (const action of first) {
      paid += day.step(action).paid;
      expect(day.ok, day.note).toBe(true);
    }
    if (earns === 'nothing') expect(paid).toBe(0);
    else if (earns === 'something') expect(paid).toBeGreaterThan(0.1);
    else expect(paid).toBeLessThan(0);
    const { reward } = day.step(again);
    expect(day.ok, day.note).toBe(valid);
    expect(reward).toBeLessThanOrEqual(valid ? 1e-12 : INVALID_STEP + 1e-12);
  });

  test('both ways to get a task done together pay as much as one', () => {
    const both = play([delegate('t1', 'Bo Tarn'), complete('t1')]);
    const alone = play([complete('t1')]);
    expect(both.status('task:t1')).toBe('met');
    expect(both.total).toBeCloseTo(alone.total, 9);
    const turns = play([delegate('t1', 'Bo Tarn'), complete('t1'), delegate('t1', 'Bo Tarn'), complete('t1')]);
    expect(turns.total).toBeLessThan(alone.total);
  });

  test('a task that came back pays nothing for a second delegation', () => {
    const day = play([delegate('t2', 'Bo Tarn')]).waitUntil('09:40');
    expect(day.news + day.inbox().join()).toContain('t2-back');
    const before = day.episode.s.ledger.slice();
    expect(day.step(delegate('t2', 'Bo Tarn')).paid).toBeLessThanOrEqual(0);
    expect(day.ok).toBe(true);
    expect([...day.episode.s.ledger]).toEqual([...before]);
  });

  test('an answer after a bad one, and one late, pay once and less', () => {
    const good = play([reply('e1', ANSWER)]);
    const second = play([reply('e1', 'Let me think about that.'), reply('e1', ANSWER)]);
    expect(second.status('reply:e1')).toBe('met');
    expect(second.total).toBeLessThan(good.total);
    const late = play([]).waitUntil('11:15');
    expect(late.status('reply:e2')).toBe('overdue');
    expect(late.step(reply('e2', ANSWER)).paid).toBeGreaterThan(0);
    expect(late.status('reply:e2')).toBe('late');
    expect(late.step(reply('e2', ANSWER)).paid).toBeLessThanOrEqual(0);
  });

  test('in random worlds: what was just done pays nothing more', () => {
    const stories: fc.Arbitrary<Story> = storiesIn(
      worlds.map((world) => ({
        ...world,
        events: [],
        tasks: (world.tasks ?? []).map((one) => ({ ...one, delegated_to: null })),
      })),
    );
    assertProperty(
      fc.property(stories, ({ world, actions }) => {
        const day = new OfficeDay(world);
        for (const action of actions) {
          const first = day.step(action);
          if (day.isOver) return;
          // An action that could not be done may be possible a little later, and is then the first of its kind.
          if (!first.metadata.step_ok) continue;
          const before = day.statuses();
          const { metadata } = day.step(action);
          for (const { obligation, amount } of metadata.reward_attribution ?? []) {
            // Other contacts may finish their work meanwhile.
            const byOthers = obligation.startsWith('task:') && obligation !== `task:${action.task_id}`;
            const shared = obligation === 'stress' || before.get(obligation) === 'in able hands';
            // The present delegate may finish the task just then, too late to count as able. Delegating it again does not
            // change that.
            const byHands =
              action.action_type === 'delegate_task' && ['met', 'late'].includes(day.status(obligation) ?? '');
            if (amount > 0 && !byOthers && !shared && !byHands) {
              const twin = (world.emails ?? []).filter(({ sender }) => sender === action.contact_name).length;
              expect(action.action_type, obligation).toBe('send_message');
              expect(twin).toBeGreaterThan(1);
            }
          }
        }
      }),
      { runs: 80 },
    );
  });
});

/** Property 4: every field has an effect. Two days that differ only in one field have different results. */
import { describe, expect, test } from 'vitest';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import {
  ANSWER,
  aide,
  at,
  BOAT,
  IDLE,
  type Job,
  job,
  type Mail,
  type Meet,
  mail,
  meet,
  needy,
  office,
  type Person,
  person,
  WHERE,
} from '../support/v2-worlds.ts';

const reply = (message_body: string, channel?: string) => ({
  action_type: 'reply_email',
  email_id: 'e1',
  message_body,
  ...(channel === undefined ? {} : { channel }),
});
const message = (message_body: string, channel?: string) => ({
  action_type: 'send_message',
  contact_name: 'Ana Lumme',
  message_body,
  ...(channel === undefined ? {} : { channel }),
});
const ECHO = 'We meet at the lighthouse behind the harbour, which has been closed since the storm of last week.';
const move = (clock: string) => ({ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: at(clock) });
const cancel = { action_type: 'cancel_meeting', meeting_id: 'm1', reason: 'a clash' };
const archive = { action_type: 'archive_email', email_id: 'e1' };
const complete = { action_type: 'complete_task', task_id: 't1' };
const delegate = { action_type: 'delegate_task', task_id: 't1', contact_name: 'Ana Lumme' };

const ana = (parts: Partial<Person> = {}): ScenarioInput =>
  office({ contacts: [person('Ana Lumme', parts)], emails: [needy('e1')] });
const letter = (parts: Partial<Mail> = {}): ScenarioInput =>
  office({ contacts: [person('Ana Lumme')], emails: [needy('e1', parts)] });
const clash = (parts: Partial<Meet> = {}, more: Partial<ScenarioInput> = {}): ScenarioInput =>
  office({
    contacts: [person('Ana Lumme')],
    emails: [needy('e1')],
    meetings: [meet('m1', '11:00', parts), meet('m2', '11:30', { location: 'Pier House, Room 1' })],
    ...more,
  });
const work = (parts: Partial<Job> = {}, who: Partial<Person> = {}): ScenarioInput =>
  office({
    contacts: [aide('Ana Lumme', who)],
    emails: [needy('e1')],
    tasks: [job('t1', '16:00', parts), job('t2', '16:00')],
  });

const wait = (times: number): object[] => Array.from({ length: times }, () => IDLE);

type Row = {
  readonly field: string;
  readonly one: ScenarioInput;
  readonly other: ScenarioInput;
  /** The first day earns more with the field. */
  readonly actions: readonly object[];
};

const ROWS: readonly Row[] = [
  {
    field: 'contact.communication_preference',
    one: ana(),
    other: ana({ communication_preference: 'call' }),
    actions: [reply(ANSWER)],
  },
  {
    field: 'contact.importance',
    one: ana({ importance: 1 }),
    other: ana({ importance: 5 }),
    actions: [reply('You are an idiot.')],
  },
  { field: 'contact.mood', one: ana(), other: ana({ mood: 'happy' }), actions: [reply(ANSWER)] },
  {
    field: 'contact.skills',
    one: work({ skill: 'law' }, { skills: ['law'] }),
    other: work({ skill: 'law' }, { skills: ['tax'] }),
    actions: [delegate],
  },
  { field: 'contact.load_limit', one: work(), other: work({}, { load_limit: 0 }), actions: [delegate] },
  {
    field: 'contact.relationship_type',
    one: work(),
    other: work({}, { relationship_type: 'client' }),
    actions: [delegate],
  },
  {
    field: 'contact.working_hours, of a delegate',
    one: work({}, { working_hours: { from: '09:00', to: '12:00' } }),
    other: work({}, { working_hours: { from: '10:00', to: '12:00' } }),
    actions: [delegate],
  },
  {
    field: 'contact.working_hours, of an attendee',
    one: clash({ attendees: ['Ana Lumme'] }, { contacts: [person('Ana Lumme')] }),
    other: clash(
      { attendees: ['Ana Lumme'] },
      { contacts: [person('Ana Lumme', { working_hours: { from: '09:00', to: '13:30' } })] },
    ),
    actions: [move('13:00')],
  },
  {
    field: 'email.priority, in time',
    one: letter({ priority: 'normal' }),
    other: letter({ priority: 'critical' }),
    actions: wait(9),
  },
  { field: 'email.sender', one: letter(), other: letter({ sender: 'Zed Unknown' }), actions: [reply(ANSWER)] },
  {
    field: 'email.replied',
    one: letter(),
    other: office({
      contacts: [person('Ana Lumme')],
      emails: [needy('e1', { replied: true })],
      tasks: [job('t1', '16:00')],
    }),
    actions: [reply(ANSWER)],
  },
  {
    field: 'email.asks',
    one: letter(),
    other: letter({ asks: [{ ...WHERE, is: ['harbour'], rivals: ['lighthouse'] }] }),
    actions: [reply(ANSWER)],
  },
  {
    field: 'email.asks, several',
    one: letter(),
    other: letter({ asks: [WHERE, BOAT] }),
    actions: [reply(ANSWER)],
  },
  {
    field: 'email.asks, a choice',
    one: letter({ asks: [BOAT] }),
    other: letter({ asks: [{ ...BOAT, is: 'no' }] }),
    actions: [reply('Yes, take the boat.')],
  },
  {
    field: 'email.reply.channel',
    one: letter({ reply: { channel: 'email' } }),
    other: letter({ reply: { channel: 'call' } }),
    actions: [reply(ANSWER)],
  },
  {
    field: 'email.reply.by',
    one: letter({ reply: { by: at('10:00') } }),
    other: letter({ reply: { by: at('09:05') } }),
    actions: [reply(ANSWER)],
  },
  {
    field: 'email.deny',
    one: letter(),
    other: letter({ deny: [{ id: 'the place', type: 'name', is: ['lighthouse'] }] }),
    actions: [reply(ANSWER)],
  },
  {
    field: 'contact.deny',
    one: ana(),
    other: ana({ deny: [{ id: 'the place', type: 'name', is: ['lighthouse'] }] }),
    actions: [reply(ANSWER)],
  },
  { field: 'meeting.priority, cancelled', one: clash(), other: clash({ priority: 'critical' }), actions: [cancel] },
  {
    field: 'meeting.priority, missed',
    one: office({ meetings: [meet('m1', '09:10', { priority: 'low' })], tasks: [job('t1', '16:00')] }),
    other: office({ meetings: [meet('m1', '09:10', { priority: 'critical' })], tasks: [job('t1', '16:00')] }),
    actions: [complete],
  },
  { field: 'meeting.movable', one: clash(), other: clash({ movable: false }), actions: [move('14:00')] },
  { field: 'meeting.cancellable', one: clash(), other: clash({ cancellable: false }), actions: [cancel] },
  { field: 'meeting.cancelled', one: clash(), other: clash({ cancelled: true }), actions: [move('14:00')] },
  {
    field: 'meeting.attendees',
    one: clash({ movable: false }),
    other: clash({ movable: false, attendees: ['Ana Lumme'] }),
    actions: [move('14:00')],
  },
  { field: 'meeting.duration_minutes', one: clash(), other: clash({ duration_minutes: 20 }), actions: [move('14:00')] },
  { field: 'meeting.start', one: clash(), other: clash({ start: at('13:00') }), actions: [move('14:00')] },
  {
    field: 'meeting.location, with travel_minutes',
    one: clash({ location: 'Pier House, Room 2' }, { travel_minutes: 20 }),
    other: clash({ location: 'Town Hall' }, { travel_minutes: 20 }),
    actions: [move('12:40')],
  },
  {
    field: 'travel_minutes',
    one: clash({ location: 'Town Hall' }),
    other: clash({ location: 'Town Hall' }, { travel_minutes: 20 }),
    actions: [move('12:40')],
  },
  {
    field: 'task.effort',
    one: work({ effort: 'low' }),
    other: work({ effort: 'high', deadline: at('10:30') }),
    actions: [complete],
  },
  {
    field: 'task.effort, by its weight',
    one: work({ effort: 'high' }),
    other: work({ effort: 'low' }),
    actions: [complete],
  },
  {
    field: 'task.priority',
    one: work({ priority: 'critical' }),
    other: work({ priority: 'low' }),
    actions: [complete],
  },
  { field: 'task.skill', one: work(), other: work({ skill: 'law' }), actions: [delegate] },
  {
    field: 'task.owner',
    one: work({ skill: 'law', owner: 'Ana Lumme' }),
    other: work({ skill: 'law' }),
    actions: [delegate],
  },
  { field: 'task.deadline', one: work(), other: work({ deadline: at('09:20') }), actions: [complete] },
  { field: 'task.status', one: work(), other: work({ status: 'done' }), actions: [complete] },
  {
    field: 'task.delegated_to',
    one: work({ delegated_to: 'Ana Lumme', deadline: at('10:00') }),
    other: work({ deadline: at('10:00') }),
    actions: wait(5),
  },
  { field: 'day_end', one: work(), other: { ...work(), day_end: at('09:20') }, actions: [complete] },
];

function outcome(world: ScenarioInput, actions: readonly object[]): { total: number; end: string; day: OfficeDay } {
  const day = new OfficeDay(world);
  for (const action of actions) day.step(action);
  return { total: day.total, end: JSON.stringify([...day.statuses()]), day };
}

describe('two days that differ in one field', () => {
  test.each(ROWS)('$field', ({ one, other, actions }) => {
    const [first, second] = [outcome(one, actions), outcome(other, actions)];
    expect(first.total).toBeGreaterThan(second.total + 1e-9);
  });

  test('contact.response_minutes: when a task comes back', () => {
    const days = [10, 60].map((response_minutes) =>
      outcome(work({ skill: 'law' }, { response_minutes }), [delegate, IDLE, IDLE]),
    );
    expect(days.map(({ day }) => day.inbox().includes('t1-back'))).toEqual([true, false]);
  });

  test('email.read: a read email does not hide a new one, and still needs its answer', () => {
    const [unread, read] = [outcome(letter(), []), outcome(letter({ read: true }), [])];
    expect([unread.day.metadata().unread_email_count, read.day.metadata().unread_email_count]).toEqual([1, 0]);
    expect(read.day.briefing()).toContain('READ, UNANSWERED');
    expect(read.end).toBe(unread.end);
  });

  test('stress: where a day begins', () => {
    const days = [0, 100].map((stress) => outcome({ ...work(), stress }, []).day.metadata().stress);
    expect(days[1]).toBe((days[0] ?? 0) + 50);
  });

  test('max_episode_steps: how long it can last', () => {
    const days = [1, 5].map((max_episode_steps) => outcome({ ...work(), max_episode_steps }, [IDLE]).day.isOver);
    expect(days).toEqual([true, false]);
  });

  test.each([
    { field: 'email.subject', one: letter(), other: letter({ subject: 'Something else' }) },
    { field: 'email.body', one: letter(), other: letter({ body: 'Something else' }) },
    { field: 'email.sender_relationship', one: letter(), other: letter({ sender_relationship: 'VIP' }) },
    { field: 'meeting.title', one: clash(), other: clash({ title: 'Something else' }) },
    { field: 'task.description', one: work(), other: work({ description: 'Something else' }) },
    { field: 'simulation_time', one: work(), other: { ...work(), simulation_time: at('09:01') } },
  ])('$field: what the policy reads', ({ one, other }) => {
    expect(new OfficeDay(one).briefing()).not.toBe(new OfficeDay(other).briefing());
  });

  test('the words of an email decide what echoes it', () => {
    const days = ['Which marmalade?', `${ECHO} Which one?`].map((body) =>
      outcome(letter({ body }), [reply(ECHO)]).day.status('reply:e1'),
    );
    expect(days).toEqual(['met', 'open']);
  });

  test('the executive is named and nothing else', () => {
    const [one, other] = [new OfficeDay({ ...work(), executive: 'Exa Cutive' }), new OfficeDay(work())];
    expect(one.export().executive).toBe('Exa Cutive');
    for (const action of [reply(ANSWER), delegate, complete]) expect(other.step(action)).toEqual(one.step(action));
  });
});

describe('two actions that differ in one field', () => {
  const world = office({
    contacts: [person('Ana Lumme', { communication_preference: 'call' })],
    emails: [needy('e1')],
    tasks: [job('t1', '16:00')],
  });

  test.each([
    { field: 'channel of a reply', one: reply(ANSWER, 'call'), other: reply(ANSWER, 'email') },
    { field: 'channel of a message', one: message(ANSWER, 'call'), other: message(ANSWER, 'text') },
    { field: 'channel of a reply, unstated: email', one: reply(ANSWER, 'call'), other: reply(ANSWER) },
    { field: 'channel of a message, unstated: text', one: message(ANSWER, 'call'), other: message(ANSWER) },
  ])('$field', ({ one, other }) => {
    expect(outcome(world, [one]).total).toBeGreaterThan(outcome(world, [other]).total);
  });

  test('a channel that is needed counts as liked', () => {
    const texted = office({ ...world, emails: [needy('e1', { reply: { channel: 'text' } })] });
    const day = outcome(texted, [message(ANSWER)]).day;
    expect([day.status('reply:e1'), day.mood('Ana Lumme')]).toEqual(['met', 'happy']);
  });

  test('a reason', () => {
    expect(outcome(clash(), [cancel]).total).toBeGreaterThan(outcome(clash(), [{ ...cancel, reason: '' }]).total);
  });

  test('a burial', () => {
    expect(outcome(letter(), [archive]).total).toBeLessThan(outcome(letter(), [reply(ANSWER)]).total);
    const day = outcome(letter(), [archive]).day;
    expect(day.note).toContain('though an answer is owed');
    expect(day.total).toBeLessThan(
      outcome(office({ ...letter(), emails: [needy('e1'), mail('e2')] }), [{ ...archive, email_id: 'e2' }]).total,
    );
  });
});

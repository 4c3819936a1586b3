/** Rules 5 and 6: an observation holds all that later decisions need, every change leaves a trace, and only bodies say what is owed. */
import { describe, expect, test } from 'vitest';
import { observe } from '../../src/sim/observation/observe.ts';
import { OfficeDay } from '../support/v2-episode.ts';
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
} from '../support/v2-worlds.ts';

const LONG = `${'The tide tables of the harbour office are late again. '.repeat(14)}The key is under the bench.`;

test('bodies are whole, and answered and archived emails stay with their state', () => {
  const asks = [
    {
      id: 'the place',
      kind: 'value' as const,
      type: 'name' as const,
      is: ['lighthouse'],
      example: 'At the lighthouse.',
    },
    { id: 'the rent', kind: 'value' as const, type: 'money' as const, is: ['41,500'], example: 'It is 41,500.' },
  ];
  const emails = [needy('e1', { body: LONG }), mail('e2', { body: LONG }), mail('e3', { asks }), mail('e4')];
  const day = new OfficeDay(office({ emails }));
  const reply = (email_id: string) => ({ action_type: 'reply_email', email_id, message_body: ANSWER });
  day.play(reply('e1'), { action_type: 'archive_email', email_id: 'e2' }, reply('e3'), reply('e4'));
  const briefing = day.briefing();
  expect(briefing.split('The key is under the bench.')).toHaveLength(3);
  expect(briefing).toContain('INBOX: 0 unread, 1 read but unanswered, 3 answered or archived');
  const lines = new Map(briefing.split('\n').map((line) => [/^ {2}\[(e\d)\]/.exec(line)?.[1], line]));
  expect(lines.get('e1')).toContain('(professional; answered: where we meet answered)');
  expect(lines.get('e2')).toContain('(professional; archived)');
  expect(lines.get('e3')).toContain('(professional; so far: the place answered, the rent open)');
  expect(lines.get('e4')).toContain('(professional; answered)');
});

test('a body that is too long is refused, and so are too many texts', () => {
  const refused = (emails: Parameters<typeof mail>[1][]): (() => unknown) => {
    return () => new OfficeDay(office({ emails: emails.map((parts, index) => mail(`e${index}`, parts)) }));
  };
  expect(refused([{ body: 'x'.repeat(800) }])).not.toThrow();
  expect(refused([{ body: 'x'.repeat(801) }])).toThrow(
    'expected bodies of at most 800 characters (rules v2), got 801 in "e0"',
  );
  expect(refused(Array.from({ length: 51 }, () => ({ body: 'x'.repeat(800), subject: '' })))).toThrow(
    'expected texts of at most 40000 characters in all (rules v2), got 40800',
  );
});

test('nothing but the body tells an owed email from another one', () => {
  const emails = [
    needy('e1', { reply: { by: at('10:00'), channel: 'call' }, deny: [{ id: 'it', type: 'name', is: ['it'] }] }),
    mail('e2', { subject: 'Question e1' }),
  ];
  const [owed, other] = observe(new OfficeDay(office({ emails })).episode).inbox.emails;
  expect({ ...owed, id: '' }).toEqual({ ...other, id: '' });
});

describe('a silent change leaves a trace', () => {
  function briefingAfter(event: Partial<Happening>): string {
    const day = new OfficeDay(
      office({
        contacts: [person('Ana Lumme'), aide('Bo Tarn')],
        emails: [needy('e1')],
        meetings: [meet('m1', '11:00')],
        tasks: [job('t1', '16:00')],
        events: [{ after_step: 1, ...event }],
      }),
    );
    day.step(IDLE);
    return day.briefing();
  }

  test.each<[string, Partial<Happening>, string]>([
    ['of the calendar', { shift_all_meetings_hours: 1 }, '12:00-13:00 (moved from Mon 22 Jun 11:00) Meeting m1'],
    [
      'of a preference',
      { set_contact_preference: { name: 'Ana Lumme', communication_preference: 'call' } },
      'prefers call (was email)',
    ],
    [
      'of a deadline',
      { set_task_deadline: { task_id: 't1', deadline: at('12:00') } },
      'due Mon 22 Jun 12:00 (was Mon 22 Jun 16:00)',
    ],
    ['of a contact', { suppress_reply_relationship_for_senders: ['Ana Lumme'] }, 'neutral whatever you answer'],
    ['of a mood', { set_contact_mood: { name: 'Ana Lumme', mood: 'angry' } }, 'importance 3/5, angry'],
  ])('%s', (_, event, trace) => expect(briefingAfter(event)).toContain(trace));
});

test('a task says what it waits for', () => {
  const day = new OfficeDay(office({ contacts: [aide('Bo Tarn')], tasks: [job('t1', '16:00'), job('t2', '16:30')] }));
  expect(day.briefing()).toContain('pending, not begun: give it to someone or do it)');
  day.step({ action_type: 'delegate_task', task_id: 't1', contact_name: 'Bo Tarn' });
  expect(day.briefing()).toContain('in-progress, with Bo Tarn until 09:50)');
});

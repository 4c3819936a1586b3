/** Property 6: events happen at times, after steps and in response to actions; announced or silent. */
import { describe, expect, test } from 'vitest';
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

const CONTACTS = [person('Ana Lumme'), aide('Bo Tarn')];
const reply = (email_id: string) => ({ action_type: 'reply_email', email_id, message_body: ANSWER });

function open(events: Happening[], parts: Parameters<typeof office>[0] = {}): OfficeDay {
  return new OfficeDay(office({ contacts: CONTACTS, emails: [needy('e1'), needy('e2')], events, ...parts }));
}

describe('an event comes', () => {
  test('at its time', () => {
    const day = open([{ at: at('09:20'), emails: [needy('x1')] }]);
    day.step(IDLE);
    expect(day.inbox()).not.toContain('x1');
    day.step(IDLE);
    expect(day.inbox()).toContain('x1');
    expect(day.step(reply('x1')).paid).toBeGreaterThan(0);
  });

  test('at the end of a step, so that the action before it is judged by the world that was shown', () => {
    const day = open([{ after_step: 2, set_contact_mood: { name: 'Ana Lumme', mood: 'furious' } }]);
    day.step(IDLE);
    expect(day.mood('Ana Lumme')).toBe('neutral');
    const { metadata } = day.step(reply('e1'));
    expect(day.mood('Ana Lumme')).toBe('furious');
    expect(metadata.events).toEqual([{ id: 'event-1', announced: false }]);
  });

  test.each([
    { is: 'met' as const, comes: [reply('e1')], never: [...Array(4)].map(() => IDLE) },
    { is: 'missed' as const, comes: [IDLE, IDLE, IDLE], never: [reply('e1')] },
  ])('when a reply is $is, after its delay', ({ is, comes, never }) => {
    const events: Happening[] = [{ when: { obligation: 'reply:e1', is }, delay_minutes: 20, emails: [needy('x1')] }];
    const emails = [needy('e1', { reply: { by: at('09:30') } }), needy('e2')];
    const day = open(events, { emails });
    day.play(...comes);
    expect(day.inbox()).not.toContain('x1');
    day.play(IDLE, IDLE);
    expect(day.inbox()).toContain('x1');
    const other = open(events, { emails });
    other.play(...never);
    // An answer that is late can still be met.
    if (is === 'missed') expect(other.status('reply:x1')).toBe('spared');
    other.wait();
    expect(other.status('reply:x1')).toBe(is === 'met' ? 'missed' : 'spared');
    expect(other.inbox()).not.toContain('x1');
  });

  test('when a clash is spoiled, whichever meeting is named first', () => {
    const events: Happening[] = [
      { when: { obligation: 'clash:m2+m1', is: 'spoiled' }, announced: true, emails: [needy('x1')] },
    ];
    const meetings = [meet('m1', '11:00'), meet('m2', '11:30')];
    const day = open(events, { meetings });
    day.step({ action_type: 'cancel_meeting', meeting_id: 'm1' });
    expect([day.status('clash:m1+m2'), day.inbox().includes('x1')]).toEqual(['spoiled', true]);
    const good = open(events, { meetings });
    good.step({ action_type: 'cancel_meeting', meeting_id: 'm1', reason: 'a clash' });
    expect([good.status('clash:m1+m2'), good.status('reply:x1')]).toEqual(['met', 'spared']);
  });

  test('when a task is met, including by a delegate', () => {
    const day = open([{ when: { obligation: 'task:t1', is: 'met' }, emails: [needy('x1')] }], {
      tasks: [job('t1', '12:00')],
    });
    day.step({ action_type: 'delegate_task', task_id: 't1', contact_name: 'Bo Tarn' });
    day.waitUntil('10:00');
    expect(day.inbox()).toContain('x1');
  });

  test('one after the other', () => {
    const day = open([
      { id: 'third', when: { obligation: 'reply:x2', is: 'met' }, emails: [needy('x3')] },
      { id: 'second', when: { obligation: 'reply:x1', is: 'met' }, emails: [needy('x2')] },
      { id: 'first', when: { obligation: 'reply:e1', is: 'met' }, emails: [needy('x1')] },
    ]);
    for (const [id, next] of [
      ['e1', 'x1'],
      ['x1', 'x2'],
      ['x2', 'x3'],
    ] as const) {
      day.step(reply(id));
      expect(day.inbox().at(-1) === next || day.inbox().includes(next)).toBe(true);
    }
  });
});

describe('what can never come', () => {
  test('does not keep the day from ending: an answer that is not needed', () => {
    const day = open([{ when: { obligation: 'reply:e3', is: 'met' }, emails: [needy('x1')] }], {
      emails: [needy('e1'), mail('e3')],
    });
    day.step(reply('e1'));
    expect(day.isOver).toBe(true);
  });

  test('does not keep the day from ending: a clash that is gone', () => {
    const day = open([{ when: { obligation: 'clash:m1+m2', is: 'missed' }, emails: [needy('x1')] }], {
      emails: [needy('e1')],
      meetings: [meet('m1', '11:00'), meet('m2', '13:00')],
    });
    day.step(reply('e1'));
    expect(day.isOver).toBe(true);
  });

  test('does not keep the day from ending: a time after the day', () => {
    const day = open([{ at: at('18:00'), emails: [needy('x1')] }], { emails: [needy('e1')] });
    day.step(reply('e1'));
    expect(day.isOver).toBe(true);
  });

  test('does not keep the day from ending: a step beyond the limit', () => {
    const day = open([{ after_step: 41, comment: 'never' }], { emails: [needy('e1')] });
    day.step(reply('e1'));
    expect(day.isOver).toBe(true);
  });

  test('settles once a clash that two events would have brought', () => {
    const day = open(
      [
        { when: { obligation: 'clash:m1+m2', is: 'met' }, meetings: [meet('n1', '14:00')] },
        { when: { obligation: 'reply:e1', is: 'missed' }, meetings: [meet('n2', '14:30')] },
      ],
      { meetings: [meet('m1', '11:00'), meet('m2', '11:30')] },
    );
    day.step({ action_type: 'cancel_meeting', meeting_id: 'm1' });
    const settled = day.status('clash:n1+n2');
    expect(['missed', 'met']).toContain(settled);
    day.step(reply('e1'));
    expect(day.status('clash:n1+n2')).toBe(settled);
  });

  test('does not bring the events that wait for it', () => {
    const day = open(
      [
        { when: { obligation: 'reply:e1', is: 'missed' }, emails: [needy('x1')] },
        {
          when: { obligation: 'reply:x1', is: 'met' },
          emails: [mail('x2', { body: 'Thank you for your answer to x1.' })],
        },
      ],
      { emails: [needy('e1', { reply: { by: at('10:00') } }), needy('e2')] },
    );
    day.step(reply('e1'));
    day.play(IDLE, IDLE);
    expect(day.inbox()).not.toContain('x1');
    expect(day.inbox()).not.toContain('x2');
  });
});

describe('an event is', () => {
  const event: Happening = {
    after_step: 1,
    comment: 'The boiler stopped.',
    emails: [mail('x1')],
    meetings: [meet('n1', '14:00')],
  };

  test('announced: the briefing says so', () => {
    const day = open([{ id: 'boiler', announced: true, ...event }]);
    const { metadata } = day.step(IDLE);
    expect(day.briefing()).toContain(
      'Since then: The boiler stopped.; new mail [x1] from Ana Lumme; invitation [n1] Meeting n1',
    );
    expect(metadata.events).toEqual([{ id: 'boiler', announced: true }]);
    expect(day.step(IDLE).metadata.events).toEqual([]);
    expect(day.briefing()).not.toContain('boiler');
  });

  test('silent: the briefing does not mention it, but shows the result', () => {
    const day = open([{ id: 'boiler', ...event }]);
    const { metadata } = day.step(IDLE);
    expect(day.briefing()).not.toContain('Since then');
    expect(day.briefing()).not.toContain('boiler');
    expect(day.briefing()).toContain('[x1]');
    expect(day.briefing()).toContain('[n1]');
    expect(metadata.events).toEqual([{ id: 'boiler', announced: false }]);
  });

  test('past in a step that is refused', () => {
    const day = open([{ id: 'last', at: at('16:55'), comment: 'late' }]).wait();
    expect(day.step(IDLE).metadata.events).toEqual([]);
  });

  test('numbered as the file lists it, also beside a drift file', () => {
    const world = office({ emails: [needy('e1')], events: [{ after_step: 1, comment: 'mine' }] });
    const day = new OfficeDay(world, { drift: { events: [{ after_step: 1, comment: 'drift' }] } });
    expect(day.step(IDLE).metadata.events).toEqual([
      { id: 'drift-1', announced: false },
      { id: 'event-1', announced: false },
    ]);
  });
});

describe('effects', () => {
  const run = (event: Partial<Happening>, parts: Parameters<typeof office>[0] = {}): OfficeDay => {
    const day = open([{ after_step: 1, announced: true, ...event }], parts);
    day.step(IDLE);
    return day;
  };

  test('shift_all_meetings_hours', () => {
    const moved = run({ shift_all_meetings_hours: 2 }, { meetings: [meet('m1', '11:00')] });
    expect(moved.export().meetings[0]?.start).toBe(at('13:00'));
    expect(moved.news).toBe('the meetings that may move are moved by 2 hours');
    const fixed = run({ shift_all_meetings_hours: 2 }, { meetings: [meet('m1', '11:00', { movable: false })] });
    expect(fixed.export().meetings[0]?.start).toBe(at('11:00'));
  });

  test('set_contact_preference', () => {
    const day = run({ set_contact_preference: { name: 'Ana Lumme', communication_preference: 'call' } });
    expect(day.export().contacts[0]?.communication_preference).toBe('call');
    day.step(reply('e1'));
    expect([day.status('reply:e1'), day.mood('Ana Lumme')]).toEqual(['met', 'neutral']);
    day.step({ ...reply('e2'), channel: 'call' });
    expect(day.mood('Ana Lumme')).toBe('happy');
  });

  test('set_task_deadline', () => {
    const day = run({ set_task_deadline: { task_id: 't1', deadline: at('09:40') } }, { tasks: [job('t1', '16:00')] });
    expect(day.export().tasks[0]?.deadline).toBe(at('09:40'));
    expect(day.news).toBe('[t1] is now due Mon 22 Jun 09:40');
    day.step({ action_type: 'complete_task', task_id: 't1' });
    expect(day.status('task:t1')).toBe('late');
  });

  test('set_task_deadline, of a task in other hands', () => {
    const day = open([{ after_step: 2, set_task_deadline: { task_id: 't1', deadline: at('09:30') } }], {
      tasks: [job('t1', '16:00')],
    });
    day.step({ action_type: 'delegate_task', task_id: 't1', contact_name: 'Bo Tarn' });
    expect(day.status('task:t1')).toBe('in able hands');
    day.step({ action_type: 'archive_email', email_id: 'e9' });
    expect(day.status('task:t1')).toBe('open');
  });

  test('suppress_reply_relationship_for_senders', () => {
    const day = run({ suppress_reply_relationship_for_senders: ['Ana Lumme'] });
    day.step(reply('e1'));
    expect([day.status('reply:e1'), day.mood('Ana Lumme')]).toEqual(['met', 'neutral']);
  });

  test.each([
    ['in the same event', 1],
    ['later', 2],
  ])('suppress_reply_relationship_for_senders, for an email that comes %s', (_, after_step) => {
    const silence = { after_step: 1, suppress_reply_relationship_for_senders: ['Bo Tarn'] };
    const brought = { after_step, emails: [needy('x1', { sender: 'Bo Tarn' })] };
    const day = open(after_step === 1 ? [{ ...silence, ...brought }] : [silence, brought]);
    day.play(IDLE, IDLE);
    expect(day.briefing()).toMatch(/Bo Tarn: .*whatever you answer/);
    day.step(reply('x1'));
    expect([day.status('reply:x1'), day.mood('Bo Tarn')]).toEqual(['met', 'neutral']);
  });

  test('set_contact_mood', () => {
    expect(run({ set_contact_mood: { name: 'Ana Lumme', mood: 'furious' } }).mood('Ana Lumme')).toBe('furious');
    expect(run({ set_contact_mood: { name: 'Ana Lumme', mood: 'ecstatic' } }).mood('Ana Lumme')).toBe('neutral');
  });

  test.each([
    { set_contact_mood: { name: 'Unknown Person', mood: 'angry' } },
    { set_contact_mood: { name: 'Ana Lumme', mood: 'ecstatic' } },
    { set_contact_preference: { name: 'Unknown Person', communication_preference: 'call' as const } },
    { set_task_deadline: { task_id: 'none', deadline: at('10:00') } },
  ])('that change nothing are not announced: %j', (effect) => {
    expect(run(effect).news).toBe('');
  });

  test('a drift file is silent events after steps', () => {
    const changes = [
      { after_step: 0, set_contact_mood: { name: 'Ana Lumme', mood: 'furious' } },
      { after_step: 1, shift_all_meetings_hours: 1 },
      { after_step: 2, set_contact_mood: { name: 'Ana Lumme', mood: 'angry' } },
      { after_step: 3, set_contact_preference: { name: 'Ana Lumme', communication_preference: 'call' as const } },
      { after_step: 3, suppress_reply_relationship_for_senders: ['Bo Tarn'] },
    ];
    const parts = { contacts: CONTACTS, emails: [needy('e1')], meetings: [meet('m1', '11:00')] };
    const one = new OfficeDay(office(parts), { drift: { events: changes } });
    const events = changes.filter(({ after_step }) => after_step > 0);
    const other = new OfficeDay(office({ ...parts, events }));
    const actions = [IDLE, IDLE, { action_type: 'archive_email', email_id: 'none' }, reply('e1'), IDLE];
    for (const action of actions) {
      const [a, b] = [one.step(action), other.step(action)];
      expect(a.reward).toBe(b.reward);
      expect({ ...a.metadata, events: [] }).toEqual({ ...b.metadata, events: [] });
      expect(one.briefing()).toBe(other.briefing());
      expect(one.bytes()).toBe(other.bytes());
    }
  });
});

/** What people are shown of the obligations: states, due times and reasons, and nothing that has not arrived. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lostItems, owedHistory, owedInOrder, owedSummary } from '../../src/analysis/owed-history.ts';
import { Replay, type Scene } from '../../src/analysis/replay.ts';
import { CHANNEL_WEIGHTS } from '../../src/sim/v2/constants.ts';
import { type Owed, owedIn, owedSchema } from '../../src/sim/v2/owed.ts';
import { dayOf } from '../../src/sim/v2/step.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import {
  ANSWER,
  type AskInput,
  aide,
  at,
  BOAT,
  IDLE,
  job,
  meet,
  needy,
  office,
  person,
  RENT,
  storiesIn,
  WHERE,
  wildWorlds,
  worlds,
} from '../support/v2-worlds.ts';

function owedOf({ episode }: OfficeDay): Owed {
  const owed = owedIn(episode);
  if (owed === undefined) throw new Error('a day of rules v2 has obligations');
  return owed;
}

function itemOf(day: OfficeDay, id: string): Owed['items'][number] {
  const item = owedOf(day).items.find((one) => one.id === id);
  if (item === undefined) throw new Error(`${id} is not shown`);
  return item;
}

const stateAndWhy = (day: OfficeDay, id: string): string => {
  const { state, why } = itemOf(day, id);
  return `${state}: ${why}`;
};

const reply = (message_body: string, email_id = 'e1') => ({ action_type: 'reply_email', email_id, message_body });
const CONTACTS = [person('Ana Lumme'), aide('Bo Tarn')];

function letter(asks: AskInput[]): OfficeDay {
  const emails = [needy('e1', { asks, reply: { by: at('10:00') } })];
  return new OfficeDay(office({ contacts: CONTACTS, emails }));
}

describe('an answer', () => {
  test('that is not given is open, then overdue, then missed', () => {
    const day = letter([RENT]);
    expect(itemOf(day, 'reply:e1')).toMatchObject({
      kind: 'reply',
      to: ['Ana Lumme'],
      what: 'Question e1',
      asks: [{ name: 'the rent', state: 'open' }],
      due: at('10:00'),
      state: 'open',
      why: 'no answer yet',
    });
    day.waitUntil('10:05');
    expect(stateAndWhy(day, 'reply:e1')).toBe('overdue: no answer by 10:00; a late one is worth half');
    day.wait();
    expect(stateAndWhy(day, 'reply:e1')).toBe('missed: no answer by 10:00');
    expect(itemOf(day, 'reply:e1').now).toBe(0);
  });

  test('may come in parts, in time and late', () => {
    const day = letter([RENT, WHERE]);
    day.step(reply('The rent is 41,500.'));
    expect(stateAndWhy(day, 'reply:e1')).toBe('open: answered in part; still open: where we meet');
    const late = new OfficeDay(day.world);
    late.step(reply('The rent is 41,500.'));
    late.waitUntil('10:05');
    expect(stateAndWhy(late, 'reply:e1')).toBe(
      'overdue: answered in part by 10:00; still open, for half: where we meet',
    );
    late.step(reply(ANSWER));
    expect(stateAndWhy(late, 'reply:e1')).toBe('late: answered after 10:00: where we meet');
    day.step(reply(ANSWER));
    expect(stateAndWhy(day, 'reply:e1')).toBe('met: answered in time');
    const { now, most } = itemOf(day, 'reply:e1');
    expect(now).toBeCloseTo(most, 9);
  });

  test('in part and never completed is missed, and keeps what was answered', () => {
    const day = letter([RENT, WHERE]);
    day.step(reply('The rent is 41,500.'));
    day.wait();
    expect(stateAndWhy(day, 'reply:e1')).toBe('missed: answered in part; never answered: where we meet');
    expect(itemOf(day, 'reply:e1').now).toBeCloseTo(itemOf(day, 'reply:e1').most / 2, 9);
  });

  test('that is wrong can be corrected, and is missed if it is not', () => {
    const day = letter([RENT]);
    day.step(reply('The rent is 38,000.'));
    expect(stateAndWhy(day, 'reply:e1')).toBe('wrong: answered wrongly: the rent; it can still be corrected');
    const left = new OfficeDay(day.world);
    left.step(reply('The rent is 38,000.'));
    left.wait();
    expect(stateAndWhy(left, 'reply:e1')).toBe('missed: answered wrongly: the rent');
    day.step(reply('The rent is 41,500.'));
    expect(stateAndWhy(day, 'reply:e1')).toBe('corrected: answered, after a wrong answer: the rent');
  });

  test('costs what the right one earns if a choice is wrong', () => {
    const day = letter([BOAT]);
    day.step(reply('No, not the boat.'));
    const { now, most, state } = itemOf(day, 'reply:e1');
    expect([state, now]).toEqual(['wrong', -most]);
  });
});

describe('a task', () => {
  const open = (): OfficeDay =>
    new OfficeDay(
      office({
        contacts: [...CONTACTS, aide('Cy Dell', { skills: ['law'] })],
        tasks: [
          job('t1', '14:00', { owner: 'Bo Tarn' }),
          job('t2', '09:30', { effort: 'high' }),
          job('t3', '12:00', { skill: 'law' }),
        ],
      }),
    );
  const give = (task_id: string, contact_name: string) => ({ action_type: 'delegate_task', task_id, contact_name });

  test('is open, in able hands, and met', () => {
    const day = open();
    expect(itemOf(day, 'task:t1')).toMatchObject({
      to: ['Bo Tarn'],
      what: 'Work t1',
      asks: [],
      due: at('14:00'),
      why: 'not done yet',
    });
    day.step(give('t1', 'Bo Tarn'));
    expect(stateAndWhy(day, 'task:t1')).toMatch(/^in able hands: with Bo Tarn until \d\d:\d\d, in time$/);
    day.waitUntil('14:00');
    expect(stateAndWhy(day, 'task:t1')).toBe('met: done in time by Bo Tarn');
  });

  test('is late with a delegate who finishes after it was due', () => {
    const day = open();
    day.step(give('t2', 'Bo Tarn'));
    expect(stateAndWhy(day, 'task:t2')).toMatch(/^open: with Bo Tarn until \d\d:\d\d, too late for 09:30$/);
    day.waitUntil('09:40');
    expect(stateAndWhy(day, 'task:t2')).toMatch(
      /^overdue: not done by 09:30; done late it is worth half; with Bo Tarn until \d\d:\d\d$/,
    );
    day.waitUntil('16:00');
    expect(stateAndWhy(day, 'task:t2')).toBe('late: done by Bo Tarn, but after 09:30');
  });

  test('does not tell that a delegate will hand it back', () => {
    const day = open();
    day.step(give('t3', 'Bo Tarn'));
    expect(stateAndWhy(day, 'task:t3')).toBe('open: Bo Tarn was asked and has not begun');
    day.wait();
    expect(stateAndWhy(day, 'task:t3')).toBe('missed: not done by 12:00');
  });
});

describe('a clash', () => {
  const open = (): OfficeDay =>
    new OfficeDay(
      office({
        contacts: CONTACTS,
        executive: 'Ruth Bell',
        meetings: [
          meet('m1', '10:00', { attendees: ['Ana Lumme', 'Ruth Bell'], movable: false, cancellable: false }),
          meet('m2', '10:30', { attendees: ['Bo Tarn', 'Ana Lumme'] }),
        ],
      }),
    );
  const move = (meeting_id: string) => ({
    action_type: 'reschedule_meeting',
    meeting_id,
    new_time: at('14:00'),
    reason: '',
  });
  const ID = 'clash:m1+m2';

  test('is open until both meetings have begun, then missed', () => {
    const day = open();
    expect(itemOf(day, ID)).toMatchObject({
      to: ['Ana Lumme', 'Bo Tarn'],
      what: 'Meeting m1 and Meeting m2',
      due: at('10:30'),
      why: 'both are still on; move or cancel one before 10:30',
    });
    day.wait();
    expect(stateAndWhy(day, ID)).toMatch(
      /^missed: neither was moved or cancelled before 10:30; Meeting m\d was missed$/,
    );
  });

  test('is met by moving or cancelling, and then no longer due', () => {
    const day = open();
    day.step(move('m2'));
    expect(stateAndWhy(day, ID)).toBe('met: Meeting m2 was moved');
    expect(itemOf(day, ID).due).toBeNull();
    const other = open();
    other.step({ action_type: 'cancel_meeting', meeting_id: 'm2', reason: 'It clashes with another meeting.' });
    expect(stateAndWhy(other, ID)).toBe('met: Meeting m2 was cancelled');
  });

  test('is spoiled by moving what must not be moved', () => {
    const day = open();
    day.step(move('m1'));
    expect(stateAndWhy(day, ID)).toBe('spoiled: Meeting m1 was moved or cancelled, which it must not be');
  });
});

describe('what has not arrived', () => {
  const events = [
    {
      at: at('10:00'),
      emails: [needy('x1', { subject: 'Quartz' })],
      meetings: [meet('n1', '12:30', { title: 'Onyx' })],
    },
    { when: { obligation: 'reply:e1', is: 'missed' as const }, emails: [needy('x2', { subject: 'Agate' })] },
  ];
  const open = (): OfficeDay =>
    new OfficeDay(office({ contacts: CONTACTS, emails: [needy('e1')], meetings: [meet('m1', '12:00')], events }));

  test('is not named before it arrives, and not at the end if it never came', () => {
    const day = open();
    expect(owedOf(day).items.map(({ id }) => id)).toEqual(['reply:e1']);
    expect(owedOf(day).unseen).toBeNull();
    day.step(reply(ANSWER));
    day.waitUntil('10:00');
    expect(owedOf(day).items.map(({ id }) => id)).toEqual(['reply:e1', 'reply:x1', 'clash:m1+n1']);
    day.wait();
    expect(JSON.stringify(owedOf(day))).not.toMatch(/x2|Agate/);
    expect(owedOf(day).unseen).toEqual({ met: 1, missed: 0 });
  });

  test('is never named in any state of random days', () => {
    assertProperty(
      fc.property(fc.oneof(storiesIn(worlds), storiesIn(wildWorlds)), ({ world, actions }) => {
        const day = new OfficeDay(world);
        for (const action of [IDLE, ...actions]) {
          const { emails, meetings, tasks } = day.export();
          const arrived = new Set([...emails, ...meetings, ...tasks].map(({ id }) => id));
          for (const { id, kind } of owedOf(day).items) {
            const subject = id.slice(kind.length + 1);
            const isThere = arrived.has(subject) || subject.split('+').every((one) => arrived.has(one));
            expect(isThere, id).toBe(true);
          }
          day.step(action);
        }
      }),
      { runs: 40 },
    );
  });
});

describe('in every state of random days', () => {
  test('the data follows its schema, and the points are those of V', () => {
    assertProperty(
      fc.property(storiesIn(worlds), ({ world, actions }) => {
        const day = new OfficeDay(world);
        const { unowed, moodShare } = dayOf(day.c);
        for (const action of [...actions, IDLE]) {
          const owed = owedOf(day);
          expect(owedSchema.parse(owed)).toEqual(owed);
          expect(owed.items.every(({ why }) => why !== '' && !/undefined|NaN/.test(why))).toBe(true);
          const { sums, mood, obligation } = day.episode.s;
          if (owed.items.length === obligation.length) {
            const moods = moodShare.reduce((sum, one, contact) => sum + one * (mood[contact] ?? 0), 0);
            const rest = CHANNEL_WEIGHTS.reduce((sum, weight, channel) => sum + weight * (unowed[channel] ?? 0), 0);
            const worth = CHANNEL_WEIGHTS.reduce((sum, weight, channel) => sum + weight * (sums[channel] ?? 0), 0);
            const points = owed.items.reduce((sum, { now }) => sum + now, 0);
            expect(points / 100 + CHANNEL_WEIGHTS[1] * moods + rest).toBeCloseTo(worth, 9);
          }
          day.step(action);
        }
      }),
      { runs: 40 },
    );
  });
});

describe('the history', () => {
  const ACTIONS = [
    { action_type: 'delegate_task', task_id: 't02', contact_name: 'Luis Ortega' },
    reply('Thank you, Phase 2 has cost 598,000 to date.', 'e03'),
    reply('That was the August figure. With the last invoice it is 625,400.', 'e03'),
  ];

  test('has the step of each change', () => {
    const replay = Replay.create({ task: 'phase2_core' });
    const scenes: Scene[] = [replay.begin(), ...ACTIONS.map((action) => replay.step(action))];
    while (!replay.over) scenes.push(replay.step(IDLE));
    const history = owedHistory(scenes);
    const told = (id: string): string[] => (history.get(id) ?? []).map(({ step, what }) => `${step} ${what}`);
    expect(told('reply:e03')).toEqual(['2 wrong: the cost to date', '3 corrected: the cost to date']);
    expect(told('task:t02').slice(0, 1)).toEqual(['1 in able hands']);
    expect(told('reply:e01')).toEqual([]);
    const items = scenes.at(-1)?.owed?.items ?? [];
    expect(owedSummary(items)).toMatch(/^\d+ missed, 1 corrected, \d+ met$/);
    expect(
      owedInOrder(items)
        .map(({ state }) => state)
        .indexOf('corrected'),
    ).toBeGreaterThan(0);
    expect(owedInOrder(items)).toHaveLength(items.length);
  });

  test('of what was lost names the step and the points', () => {
    const replay = Replay.create({ task: 'phase2_core' });
    const scenes: Scene[] = [replay.begin(), ...ACTIONS.map((action) => replay.step(action))];
    const told = (): string[] => lostItems(scenes).map(({ item, step }) => `${item.id} ${item.state} ${step}`);
    expect(told()).toEqual(['reply:e03 corrected 2']);
    while (!replay.over) scenes.push(replay.step(IDLE));
    const items = scenes.at(-1)?.owed?.items ?? [];
    const lost = lostItems(scenes);
    const ids = items.filter(({ now, most }) => now < most).map(({ id }) => id);
    expect(lost.map(({ item }) => item.id).sort()).toEqual(ids.sort());
    const points = lost.map((one) => one.points);
    expect(points).toEqual(points.toSorted((a, b) => b - a));
    for (const { item, step, isAtEnd } of lost) {
      const stateAt = (at: number): string | undefined =>
        scenes[at]?.owed?.items.find(({ id }) => id === item.id)?.state;
      expect(['wrong', 'overdue', 'missed', 'spoiled', 'late', 'corrected']).toContain(stateAt(step));
      expect(['open', 'in able hands', undefined]).toContain(stateAt(step - 1));
      expect(isAtEnd).toBe(step === scenes.length - 1);
    }
    expect(lost.some(({ isAtEnd }) => isAtEnd)).toBe(true);
    expect(lost.filter(({ isAtEnd }) => !isAtEnd).length).toBeGreaterThan(1);
  });

  test('is empty under rules v1, which have no obligations', () => {
    const replay = Replay.create({ task: 'phase2_core', rules: 'v1' });
    const scene = replay.begin();
    expect(scene.owed).toBeNull();
    expect(owedHistory([scene, replay.step(IDLE)]).size).toBe(0);
    expect(lostItems([scene])).toEqual([]);
  });
});

/** States that are impossible under rules v2: each field, and fields that depend on each other. */
import { describe, expect, test } from 'vitest';
import { stateProblem } from '../../src/sim/rules.ts';
import * as v2 from '../../src/sim/v2/constants.ts';
import {
  AWAITED,
  CONTACT_HARM_BITS,
  EMAIL_HARM_BITS,
  HAPPENED,
  IN_HAND,
  LATE,
  MEETING_HARM_BITS,
  MET,
  MISSED,
  NEVER,
  NOW,
  OPEN,
  OVERDUE_STATUS,
  PENDING,
  SPARED,
  SPOILED,
  WORKS,
} from '../../src/world/day.ts';
import { EpisodeState, HIDDEN, READ, REPLIED } from '../../src/world/state.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { aide, at, IDLE, job, mail, meet, needy, office, person } from '../support/v2-worlds.ts';

const MINUTE = 6e7;
const WORLD = office({
  stress: 20,
  emails: [needy('e1', { priority: 'critical' }), mail('e2', { sender: 'Bo Tarn' })],
  meetings: [meet('m1', '15:00', { attendees: ['Ana Lumme'] }), meet('m2', '15:30')],
  contacts: [person('Ana Lumme'), aide('Bo Tarn')],
  tasks: [job('t1', '16:00'), job('t2', '16:00')],
  events: [
    { id: 'early', after_step: 1, emails: [needy('x1')] },
    { id: 'late', after_step: 9, emails: [needy('x2')] },
    { id: 'noon', at: at('12:00'), meetings: [meet('n1', '15:15')] },
    { id: 'never', at: at('20:00'), emails: [needy('x3')] },
    { id: 'if', when: { obligation: 'task:t1', is: 'met' }, delay_minutes: 30, emails: [mail('x4')] },
  ],
});

/** After two steps: an email has arrived, and Bo works on a task. */
function open(): OfficeDay {
  const day = new OfficeDay(WORLD);
  day.play(IDLE, { action_type: 'delegate_task', task_id: 't2', contact_name: 'Bo Tarn' });
  return day;
}

const day = open();
const { c } = day;
const obligations = c.day?.obligations.map(({ id }) => id) ?? [];
const emails = c.world.emails.map(({ id }) => id);
const meetings = c.world.meetings.map(({ id }) => id);

type Change = (s: EpisodeState) => unknown;

function problemAfter(change: Change, from = day): string | undefined {
  const s = new EpisodeState(c.layout, from.episode.s.region.slice().buffer);
  expect(stateProblem(c, s.region)).toBeUndefined();
  change(s);
  return stateProblem(c, s.region);
}

const owe =
  (id: string, status: number): Change =>
  (s) => {
    const o = obligations.indexOf(id);
    expect(o).toBeGreaterThanOrEqual(0);
    s.obligation[o] = status;
  };

test('the constants of all bits of harm are complete', () => {
  const rude = v2.COUNT_LIMIT << v2.RUDE_SHIFT;
  const { MEETING_MISSED, MEETING_SPOILED, MEETING_NEEDLESS, MEETING_HASTY, MEETING_DECLINED, MEETING_MOVED } = v2;
  const all = [MEETING_MISSED, MEETING_SPOILED, MEETING_NEEDLESS, MEETING_HASTY, MEETING_DECLINED, MEETING_MOVED];
  expect(MEETING_HARM_BITS).toBe([...all, v2.MEETING_LATE].reduce((bits, bit) => bits | bit, 0));
  expect(EMAIL_HARM_BITS).toBe(v2.EMAIL_BURIED | v2.EMAIL_FOBBED_OFF | rude);
  expect(CONTACT_HARM_BITS).toBe(v2.UNASKED_MASK | rude);
});

describe('refused is a state', () => {
  const TIME = 'simulated time does not follow';
  const SUM = 'a sum is not what the ledger says';
  const OWED = 'status of an obligation out of range';
  const EVENT_TIME = 'time of an event out of range';
  const EVENT = 'status of an event out of range';
  const TASK_TIME = 'time of a task out of range';
  const NAMES = { early: 0, late: 1, noon: 2, never: 3, if: 4 } as const;
  const happen =
    (name: keyof typeof NAMES, status: number, time?: number): Change =>
    (s) => {
      s.eventStatus[NAMES[name]] = status;
      if (time !== undefined) s.eventTime[NAMES[name]] = time;
    };

  const cases: readonly (readonly [string, string, Change])[] = [
    ['after less time than its steps take', TIME, (s) => Object.assign(s, { clock: s.clock - 17 * MINUTE })],
    ['after more time than its steps take', TIME, (s) => Object.assign(s, { clock: s.clock + 240 * MINUTE })],
    ['between two minutes', TIME, (s) => Object.assign(s, { clock: s.clock + 1e6 })],
    ['after more steps than it has time', TIME, (s) => Object.assign(s, { stepCount: 20 })],
    ['under other stress than what presses', 'stress', (s) => Object.assign(s, { stress: s.stress + 1 })],
    ['with an unknown status of an obligation', OWED, (s) => s.obligation.set([11])],
    ['with an answer in able hands', OWED, owe('reply:e1', IN_HAND)],
    ['with a spoiled answer', OWED, owe('reply:e1', SPOILED)],
    ['with an awaited answer that was always owed', OWED, owe('reply:e1', AWAITED)],
    ['with a clash that is overdue', OWED, owe('clash:m1+m2', OVERDUE_STATUS)],
    ['with a clash that was settled late', OWED, owe('clash:m1+m2', LATE)],
    ['with a task that is spared', OWED, owe('task:t1', SPARED)],
    ['with a former status that cannot be', OWED, (s) => s.ledgerBefore.set([SPOILED])],
    ['with an answer owed to what has not arrived', 'an obligation came up', owe('reply:x2', OPEN)],
    ['with an awaited answer to what has arrived', 'an obligation came up', owe('reply:x1', AWAITED)],
    ['with a clash of what has not arrived', 'an obligation came up', owe('clash:m1+n1', MET)],
    ['with an answer missed before the day is over', 'is missed though', owe('reply:e1', MISSED)],
    ['with a task missed before the day is over', 'is missed though', owe('task:t1', MISSED)],
    ['with an answer spared to what may still arrive', 'is given up though', owe('reply:x2', SPARED)],
    ['with a clash missed that may still come up', 'is given up though', owe('clash:m1+n1', MISSED)],
    ['with a task that is done but owed', 'a task is done though', (s) => s.taskStatus.set([2])],
    ['with a task that is met but not done', 'a task is done though', owe('task:t1', MET)],
    ['with a task in able hands that has no delegate', 'in work without a contact', owe('task:t1', IN_HAND)],
    ['with an unknown hand', 'hand of a task', (s) => s.taskHand.set([5])],
    ['with a task in work without a delegate', 'in work without a contact', (s) => s.taskHand.set([WORKS])],
    ['with a delegate who should be done', TASK_TIME, (s) => s.taskUntil.set([s.clock], 1)],
    ['with a delegate who takes too long', TASK_TIME, (s) => s.taskUntil.set([s.clock + 46 * MINUTE], 1)],
    ['with a delegate who never is done', TASK_TIME, (s) => s.taskUntil.set([Number.POSITIVE_INFINITY], 1)],
    ['with a delegate who takes no time that is a number', TASK_TIME, (s) => s.taskUntil.set([Number.NaN], 1)],
    ['with a time for a task without a delegate', TASK_TIME, (s) => s.taskUntil.set([1])],
    ['with NaN as the time for a task without a delegate', TASK_TIME, (s) => s.taskUntil.set([Number.NaN])],
    ['with an unknown status of an event', EVENT, (s) => s.eventStatus.set([4])],
    ['with an event that has not come', EVENT, happen('early', PENDING, Number.POSITIVE_INFINITY)],
    ['with an event of this step that was in another', EVENT, happen('early', NOW)],
    ['with an event before its step', EVENT, happen('late', HAPPENED, day.episode.s.clock)],
    ['with an event that came at no time', EVENT_TIME, happen('early', HAPPENED, Number.NaN)],
    ['with an event that came before the day began', EVENT_TIME, happen('early', HAPPENED, 0)],
    ['with an event that came later than now', EVENT_TIME, happen('early', HAPPENED, day.episode.s.clock + 1)],
    ['with a time of an event of a later step', EVENT_TIME, happen('late', PENDING, day.episode.s.clock)],
    ['with another time of an event', EVENT_TIME, happen('noon', PENDING, Number.POSITIVE_INFINITY)],
    ['with an event before its time', EVENT, happen('noon', HAPPENED)],
    [
      'with an event that comes though it cannot',
      'cannot come',
      (s) => {
        happen('never', PENDING)(s);
        owe('reply:x3', AWAITED)(s);
      },
    ],
    ['with an event that is given up', EVENT, happen('noon', NEVER)],
    ['with an event that should have come', EVENT_TIME, happen('if', PENDING, day.episode.s.clock)],
    ['with an event that comes too late', EVENT_TIME, happen('if', PENDING, day.episode.s.clock + 31 * MINUTE)],
    ['with an event before all times', EVENT_TIME, happen('if', PENDING, Number.NEGATIVE_INFINITY)],
    ['with an event at no time', EVENT_TIME, happen('if', PENDING, Number.NaN)],
    [
      'with an email that came without its event',
      'an email arrived without its event',
      (s) => {
        s.emailFlags[emails.indexOf('x4')] = 0;
      },
    ],
    [
      'with an email hidden that has come',
      'came up before',
      (s) => {
        s.emailFlags[emails.indexOf('x1')] = HIDDEN | READ | REPLIED;
      },
    ],
    [
      'with an email unread that has not come',
      'that has not arrived',
      (s) => {
        s.emailFlags[emails.indexOf('x2')] = HIDDEN;
      },
    ],
    ['with an email of the file hidden', 'email flags', (s) => s.emailFlags.set([HIDDEN | READ | REPLIED])],
    ['with a meeting of the file not arrived', 'cancellation', (s) => s.meetingCancelled.set([2])],
    [
      'with an invitation that came without its event',
      'an invitation arrived without its event',
      (s) => {
        s.meetingCancelled[meetings.indexOf('n1')] = 0;
        owe('clash:m1+n1', OPEN)(s);
        owe('clash:m2+n1', OPEN)(s);
      },
    ],
    [
      'with a meeting that was harmed before it arrived',
      'before it arrived',
      (s) => {
        s.meetingHarm[meetings.indexOf('n1')] = 1;
      },
    ],
    ['with an unknown harm of a meeting', 'harm', (s) => s.meetingHarm.set([MEETING_HARM_BITS + 1])],
    ['with an unknown harm of an email', 'harm', (s) => s.emailHarm.set([EMAIL_HARM_BITS + 1])],
    ['with an unknown harm of a contact', 'harm', (s) => s.contactHarm.set([CONTACT_HARM_BITS + 1])],
    ['with an unknown former harm', 'former', (s) => s.ledgerBefore.set([255], s.ledger.length - 1)],
    ['with an unknown former mood', 'former', (s) => s.ledgerBefore.set([5], s.obligation.length)],
    ...[0, 1, 2, 3].flatMap((sum): [string, string, Change][] => [
      [`with a greater sum ${sum}`, SUM, (s) => s.sums.set([(s.sums[sum] ?? 0) + 1e-12], sum)],
      [`with NaN as sum ${sum}`, SUM, (s) => s.sums.set([Number.NaN], sum)],
      [`with a sum ${sum} without end`, SUM, (s) => s.sums.set([Number.POSITIVE_INFINITY], sum)],
      [`with NaN as former sum ${sum}`, 'former sum', (s) => s.sums.set([Number.NaN], 4 + sum)],
      [`with a former sum ${sum} below its limit`, 'former sum', (s) => s.sums.set([sum < 2 ? -1.1 : -0.1], 4 + sum)],
      [`with a former sum ${sum} above its limit`, 'former sum', (s) => s.sums.set([sum === 3 ? 0.6 : 1.1], 4 + sum)],
    ]),
    ['with a better mood than its sum says', SUM, (s) => s.mood.set([4])],
    ['with less harm than its sum says', SUM, (s) => s.contactHarm.set([1])],
  ];

  test.each(cases)('%s', (_what, problem, change) => {
    expect(problemAfter(change)).toContain(problem);
  });

  test('that is over although obligations are open, or on the next day', () => {
    const over = open().wait();
    expect(over.isOver).toBe(true);
    expect(problemAfter((s) => s.obligation.set([OPEN]), over)).toContain('owed though the episode is over');
    expect(problemAfter((s) => Object.assign(s, { active: true }), over)).toContain('the day is over');
    expect(problemAfter((s) => Object.assign(s, { stepOk: false }), over)).toBeUndefined();
  });
});

/**
 * What is owed, for people: each obligation with its state, its worth, and the reason. Pages, reports and `ghostexec play` show
 * it. A policy must not read it, because it names what answers are judged by.
 */
import { z } from 'zod';
import { clip, oneLine } from '../../lib/text.ts';
import { formatClock, formatDay, formatTime } from '../../lib/time.ts';
import {
  ASK_STATES,
  AWAITED,
  CORRECTED,
  type Day,
  IN_HAND,
  KINDS,
  LATE,
  MET,
  MISSED,
  type Obligation,
  OPEN,
  OVERDUE_STATUS,
  SPARED,
  SPOILED,
  STATUSES,
  WORKS,
  WRONG,
} from '../../world/day.ts';
import { deadlineOf } from '../../world/facts.ts';
import { CANCELLED } from '../../world/state.ts';
import type { Episode } from '../episode.ts';
import { CHANNEL_WEIGHTS, MEETING_SPOILED, STATUS_VALUE } from './constants.ts';
import { isHidden } from './explain.ts';
import { dueOf, isMissed } from './react.ts';
import { replyValue } from './value.ts';

/** The maximum number of people to whom one obligation is listed, and the maximum length of a text, in code points. */
const MAX_PEOPLE = 12;
const MAX_TEXT = 160;

export const owedItemSchema = z.strictObject({
  id: z.string().describe('reply:EMAIL, clash:MEETING+MEETING or task:TASK'),
  kind: z.enum(KINDS),
  to: z
    .array(z.string())
    .max(MAX_PEOPLE)
    .describe('Who waits for it: the sender of the email, the attendees of both meetings, the owner of the task'),
  what: z.string().describe('The subject of the email, the titles of the meetings, the description of the task'),
  asks: z
    .array(z.strictObject({ name: z.string(), state: z.enum(ASK_STATES) }))
    .describe('What the email asks for, in the order of the scenario; empty for clashes and tasks'),
  due: z
    .string()
    .nullable()
    .describe(
      'When it is due, in UTC, `YYYY-MM-DDTHH:MM:SS`; null for a clash that was settled before its meetings began',
    ),
  state: z.enum(STATUSES),
  most: z.number().min(0).max(100).describe('Its worth if it is met, in points: hundredths of V'),
  now: z.number().min(-100).max(100).describe('What it is worth now, in points; below 0 for a wrong choice'),
  why: z.string().describe('Why it has this state: one sentence without a capital and a full stop'),
});

export const owedSchema = z
  .strictObject({
    items: z.array(owedItemSchema).describe('Every obligation that has arrived: answers, then clashes, then tasks'),
    unseen: z
      .strictObject({ met: z.int().min(0), missed: z.int().min(0) })
      .nullable()
      .describe(
        'How many obligations never arrived, and count as met or as missed; null before the end of the episode',
      ),
  })
  .describe('What is owed to whom, by when, and why; rules v2. For people: no policy reads it');

/** What is owed in a state of an episode. */
export type Owed = z.output<typeof owedSchema>;
/** One obligation as people see it. */
export type OwedItem = z.output<typeof owedItemSchema>;

/** What is owed now; undefined under rules that have no obligations. Obligations that have not arrived are not named. */
export function owedIn(e: Episode): Owed | undefined {
  const { c, s } = e;
  const { day } = c;
  if (day === undefined) return undefined;
  const items: OwedItem[] = [];
  const unseen = { met: 0, missed: 0 };
  day.obligations.forEach((one, o) => {
    const status = s.obligation[o] ?? AWAITED;
    if (isHidden(s, one)) unseen[status === SPARED ? 'met' : 'missed']++;
    else items.push(describe(e, day, one, o, status));
  });
  return { items, unseen: s.active ? null : unseen };
}

function describe(e: Episode, day: Day, one: Obligation, o: number, status: number): OwedItem {
  const { id, kind, channel, share } = one;
  const { c, s } = e;
  const points = 100 * (CHANNEL_WEIGHTS[channel] ?? 0) * share;
  const value = kind === 'reply' ? replyValue(day, o, s.obligation, s.ask) : (STATUS_VALUE[status] ?? 0);
  const stated = { id, kind, state: STATUSES[status] ?? 'open', most: points, now: points * value };
  if (kind === 'reply') {
    const email = c.world.emails[one.subject];
    const from = day.askStart[o] ?? 0;
    const asks = (email?.asks ?? []).map(({ id: name }, index) => ({
      name: short(name),
      state: ASK_STATES[s.ask[from + index] ?? 0] ?? 'open',
    }));
    const due = dueOf(e, day, o);
    const to = [short(email?.sender ?? '')];
    return {
      ...stated,
      to,
      what: short(email?.subject ?? ''),
      asks,
      due: formatTime(due),
      why: whyReply(status, asks, at(e, due)),
    };
  }
  if (kind === 'task') {
    const task = c.world.tasks[one.subject];
    const due = Math.min(deadlineOf(c, s, one.subject), day.end);
    const why = whyTask(e, one.subject, status, at(e, due));
    return {
      ...stated,
      to: [short(task?.owner ?? '')],
      what: short(task?.description ?? ''),
      asks: [],
      due: formatTime(due),
      why,
    };
  }
  const meetings = [one.subject, one.other].map((meeting) => c.world.meetings[meeting]);
  // One more of each meeting than are listed, in case the executive is among them.
  const people = new Set(meetings.flatMap((meeting) => meeting?.attendees.slice(0, MAX_PEOPLE + 1) ?? []));
  if (c.world.executive !== undefined) people.delete(c.world.executive);
  // From then on both have begun, so nothing can be changed any more.
  const due = Math.max(s.meetingStart[one.subject] ?? 0, s.meetingStart[one.other] ?? 0);
  return {
    ...stated,
    to: [...people].slice(0, MAX_PEOPLE).map(short),
    what: meetings.map((meeting) => short(meeting?.title ?? '')).join(' and '),
    asks: [],
    due: status === OPEN || status === MISSED ? formatTime(due) : null,
    why: whyClash(e, one, status, at(e, due)),
  };
}

function whyReply(status: number, asks: OwedItem['asks'], due: string): string {
  const names = (state: (typeof ASK_STATES)[number]): string =>
    asks.flatMap((ask) => (ask.state === state ? [ask.name] : [])).join(', ');
  const [open, wrong] = [names('open'), names('wrong')];
  const isUntouched = asks.every(({ state }) => state === 'open');
  switch (status) {
    case OPEN:
      return isUntouched ? 'no answer yet' : `answered in part; still open: ${open}`;
    case OVERDUE_STATUS:
      return isUntouched
        ? `no answer by ${due}; a late one is worth half`
        : `answered in part by ${due}; still open, for half: ${open}`;
    case WRONG:
      return `answered wrongly: ${wrong}; it can still be corrected`;
    case MET:
      return 'answered in time';
    case LATE:
      return `answered after ${due}: ${names('answered late')}`;
    case CORRECTED:
      return `answered, after a wrong answer: ${names('corrected')}`;
    default:
      if (wrong !== '') return `answered wrongly: ${wrong}${open === '' ? '' : `; never answered: ${open}`}`;
      return isUntouched ? `no answer by ${due}` : `answered in part; never answered: ${open}`;
  }
}

function whyTask({ c, s }: Episode, task: number, status: number, due: string): string {
  const hand = s.taskHand[task] ?? 0;
  const name = short(c.world.contacts[s.taskDelegate[task] ?? -1]?.name ?? '');
  const until = formatClock(s.taskUntil[task] ?? 0);
  const works = hand === WORKS ? `with ${name} until ${until}` : '';
  switch (status) {
    case IN_HAND:
      return `${works}, in time`;
    case MET:
      return name === '' ? 'done in time' : `done in time by ${name}`;
    case LATE:
      return `done${name === '' ? '' : ` by ${name}`}, but after ${due}`;
    case OPEN:
      if (works !== '') return `${works}, too late for ${due}`;
      return hand === 0 ? 'not done yet' : `${name} was asked and has not begun`;
    case OVERDUE_STATUS:
      return `not done by ${due}; done late it is worth half${works === '' ? '' : `; ${works}`}`;
    default:
      return `not done by ${due}${works === '' ? '' : `; ${works}`}`;
  }
}

function whyClash({ c, s }: Episode, { subject, other }: Obligation, status: number, due: string): string {
  const pair = [subject, other];
  const titled = (isMeant: (meeting: number) => boolean): string | undefined => {
    const meeting = pair.find(isMeant);
    return meeting === undefined ? undefined : short(c.world.meetings[meeting]?.title ?? '');
  };
  const cancelled = titled((meeting) => s.meetingCancelled[meeting] === CANCELLED);
  const moved = titled((meeting) => s.isMoved(meeting));
  const missed = titled((meeting) => isMissed(s, meeting));
  const spoiled = titled((meeting) => ((s.meetingHarm[meeting] ?? 0) & MEETING_SPOILED) !== 0);
  switch (status) {
    case OPEN:
      return `both are still on; move or cancel one before ${due}`;
    case MET:
      if (cancelled !== undefined) return `${cancelled} was cancelled`;
      return moved === undefined ? 'they no longer overlap' : `${moved} was moved`;
    case SPOILED:
      if (spoiled !== undefined) return `${spoiled} was moved or cancelled, which it must not be`;
      return missed === undefined
        ? 'settled in a way that is not allowed'
        : `${missed} was missed for a call or for work`;
    default:
      return `neither was moved or cancelled before ${due}${missed === undefined ? '' : `; ${missed} was missed`}`;
  }
}

/** `11:00`, with the day if it is not the day of the episode's clock. */
function at({ s }: Episode, due: number): string {
  const day = formatDay(due);
  return day === formatDay(s.clock) ? formatClock(due) : `${day} ${formatClock(due)}`;
}

function short(text: string): string {
  return clip(oneLine(clip(text, 4 * MAX_TEXT)), MAX_TEXT);
}

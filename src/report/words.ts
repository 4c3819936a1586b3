/** Describes actions, their results and the reasons for rewards in plain sentences. For reports and for the terminal; pure. */
import { max, mean, min, quantileSorted } from 'simple-statistics';
import type { Scene } from '../analysis/replay.ts';
import { REWARD_PARTS, type RewardPart, rewardParts } from '../analysis/reward-parts.ts';
import { END_TERMS } from '../analysis/terms.ts';
import { confidenceOf } from '../lib/confidence.ts';
import { parsePythonTime } from '../lib/python-time.ts';
import { clip, fixed, oneLine } from '../lib/text.ts';
import { formatClock, formatDay } from '../lib/time.ts';
import type { Breakdown } from '../sim/breakdown.ts';
import type { Attribution } from '../sim/v2/explain.ts';
import type { Grade } from '../sim/v2/grade.ts';
import { isUnreadable, readAction } from '../world/completion/completion.ts';
import type { WorldExport } from '../world/export.ts';

// Statistics, and the formatting of numbers.

/** A summary of a list of numbers. A field is undefined if the list is too short for it. */
export type Spread = ReturnType<typeof spreadOf>;

export function spreadOf(values: readonly number[]) {
  const sorted = Float64Array.from(values).sort();
  const list = Array.from(sorted);
  const has = list.length > 0;
  const at = (share: number): number | undefined => (has ? quantileSorted(list, share) : undefined);
  return {
    count: list.length,
    mean: has ? mean(list) : undefined,
    /** Half the 95 % confidence interval of the mean; undefined with fewer than two values. */
    confidence: confidenceOf(list),
    min: has ? min(list) : undefined,
    lower: at(0.25),
    median: at(0.5),
    upper: at(0.75),
    max: has ? max(list) : undefined,
  };
}

/** `0.35 \u00b1 0.02`: a mean and half its 95 % interval, if it has one. */
export function plusMinus({ mean, confidence }: Spread, digits = 2): string {
  return confidence === undefined ? fixed(mean, digits) : `${fixed(mean, digits)} \u00b1 ${fixed(confidence, digits)}`;
}

export type Bin = { readonly from: number; readonly to: number; readonly count: number };

/**
 * Bins with round bounds, about `wanted` of them. A bin includes its lower bound and excludes its upper bound.
 * Equal values are one bin around their value.
 * @param from The bins begin here or lower.
 */
export function histogram(values: readonly number[], wanted = 20, from = Number.POSITIVE_INFINITY): Bin[] {
  if (values.length === 0) return [];
  const least = Math.min(from, min(values as number[]));
  const most = max(values as number[]);
  if (most - min(values as number[]) < 1e-9) {
    const half = (most - least < 1e-9 ? 0.1 : niceStep((most - least) / wanted)) / 2;
    return [{ from: round(most - half), to: round(most + half), count: values.length }];
  }
  const step = niceStep((most - least) / wanted);
  const first = Math.floor(least / step + 1e-9);
  const bins = Math.max(1, Math.floor(most / step + 1e-9) - first + 1);
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(value / step + 1e-9) - first));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count, bin) => ({
    from: round((first + bin) * step),
    to: round((first + bin + 1) * step),
    count,
  }));
}

/** The smallest number of the form 1, 2 or 5 times a power of ten that is at least `step`; 1 if `step` is not positive. */
function niceStep(step: number): number {
  if (!(step > 1e-9)) return 1;
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5].find((one) => one * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Rounds to enough digits for a drawing, but few enough to be equal on every machine. */
export function round(value: number): number {
  return Number(value.toFixed(6)) || 0;
}

export function percent(share: number | undefined, digits = 1): string {
  return share === undefined || !Number.isFinite(share) ? '\u2013' : `${(share * 100).toFixed(digits)} %`;
}

type Told = {
  /** The action, as in `Archived the newsletter [e05]`. */
  readonly deed: string;
  /** The text that was written or given as a reason, if any. */
  readonly said: string | undefined;
};

const MAX_TITLE = 70;
const MAX_SAID = 600;

/** Describes a policy's answer in a sentence without its full stop. Without a world it only names ids. */
export function describeAction(answer: unknown, ok: boolean, world?: WorldExport): Told {
  const action = readAction(answer);
  if (isUnreadable(action)) {
    const text = typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? String(answer));
    return { deed: 'Answered something that is not an action', said: shortened(text, MAX_SAID) };
  }
  const { action_type = 'do_nothing', email_id, message_body, meeting_id, new_time, reason } = action;
  const { task_id, contact_name, channel } = action;
  const by = channel === undefined ? '' : ` by ${channel}`;
  const who = shortened(contact_name ?? 'no one', MAX_TITLE);
  const verb = (done: string, tried: string): string => (ok ? done : `Tried to ${tried}`);
  const told = (deed: string, text = ''): Told => ({ deed, said: shortened(text, MAX_SAID) || undefined });
  const [email, meeting, task] = [
    emailName(email_id ?? '', world),
    meetingName(meeting_id ?? '', world),
    taskName(task_id ?? '', world),
  ];
  switch (action_type) {
    case 'do_nothing':
      return told('Let the time pass');
    case 'reply_email':
      return told(`${verb('Replied to', 'reply to')} ${email}${by}`, message_body);
    case 'archive_email':
      return told(`${verb('Archived', 'archive')} ${email}`);
    case 'reschedule_meeting':
      return told(`${verb('Moved', 'move')} ${meeting} to ${momentName(new_time ?? '')}`, reason);
    case 'cancel_meeting':
      return told(`${verb('Cancelled', 'cancel')} ${meeting}`, reason);
    case 'complete_task':
      return told(`${verb('Worked on', 'work on')} ${task}`);
    case 'delegate_task':
      return told(`${verb('Handed', 'hand')} ${task} to ${who}`);
    case 'send_message':
      return told(`${verb('Wrote to', 'write to')} ${who}${by}`, message_body);
  }
}

/** What has arrived since the scene before. */
export function arrivals(before: Scene, after: Scene): string[] {
  const news = <T extends { id: string }>(old: readonly T[], now: readonly T[]): T[] => {
    const known = new Set(old.map(({ id }) => id));
    return now.filter(({ id }) => !known.has(id));
  };
  return [
    ...news(before.world.emails, after.world.emails).map(
      ({ id, sender, subject }) => `New mail [${id}] from ${sender}: ${shortened(subject, MAX_TITLE)}`,
    ),
    ...news(before.world.meetings, after.world.meetings).map(
      ({ id, title, start }) => `New meeting [${id}] at ${momentName(start)}: ${shortened(title, MAX_TITLE)}`,
    ),
  ];
}

/** The reasons for a reward: its attribution, or without one the parts that are not 0. */
export function describeReasons(
  attribution: readonly Attribution[],
  breakdown: Readonly<Breakdown> | null,
  world?: WorldExport,
): { channel: string; text: string; amount: number }[] {
  if (attribution.length > 0) {
    return attribution.map(({ channel, obligation, amount, reason }) => ({
      channel,
      text: obligationText(obligation, reason, world),
      amount,
    }));
  }
  if (breakdown === null) return [];
  const parts = rewardParts(breakdown);
  return REWARD_PARTS.filter((part) => parts[part] !== 0).map((part) => ({
    channel: part,
    text: PART_WORDS[part],
    amount: parts[part],
  }));
}

const PART_WORDS: Readonly<Record<RewardPart, string>> = {
  conflict: 'clashes and critical mail',
  relationship: 'moods and answers',
  task: 'tasks',
  shaping: 'shaping',
  damage: 'damage done',
  completion: 'the day ended well',
  invalid: 'the action was invalid',
  idle: 'nothing was advanced',
};

function obligationText(obligation: string, reason: string, world?: WorldExport): string {
  const at = obligation.indexOf(':');
  const [kind, id] = at < 0 ? [obligation, ''] : [obligation.slice(0, at), obligation.slice(at + 1)];
  switch (kind) {
    case 'reply': {
      const sender = world?.emails.find((email) => email.id === id)?.sender;
      if (id === 'not arrived') return `an answer to a mail that has not arrived: ${reason}`;
      return `the answer to ${sender === undefined ? '' : `${sender} `}[${id}]: ${reason}`;
    }
    case 'clash':
      if (id === 'not arrived') return `a clash that has not arrived: ${reason}`;
      return `the clash of ${id
        .split('+')
        .map((one) => `[${one}]`)
        .join(' and ')}: ${reason}`;
    case 'task':
      return `the task ${taskName(id, world, 40)}: ${reason}`;
    case 'mood':
      return `the mood of ${id}: ${reason}`;
    case 'meeting':
      return `the meeting ${meetingName(id, world, 40)}: ${reason}`;
    case 'email':
      return `the mail ${emailName(id, world, 40)}: ${reason}`;
    case 'contact':
      return `${id}: ${reason}`;
    default:
      return reason;
  }
}

/** Describes how an episode ended. */
export function describeEnd(reason: string | null): string {
  if (reason === null) return 'The episode ended';
  return END_TERMS[reason] ?? `The episode ended: ${shortened(reason, 120)}`;
}

/** Describes a grade of rules v2 in sentences. */
export function describeGrade(grade: Omit<Grade, 'grade'>): string[] {
  const { met, late, missed, conflict, relationship, task, collateral, value, floor, oracle } = grade;
  const share = (part: number): string => `${Math.round(part * 100)} %`;
  return [
    `Of ${met + late + missed} obligations ${met} were met in time, ${late} late or with a correction, and ${missed} not or not in full.`,
    `Clashes and critical answers reached ${share(conflict)}, relationships ${share(relationship)}, tasks ${share(task)}; damage cost ${share(collateral)}.`,
    `V, what the day was worth, is ${value.toFixed(3)}; doing nothing is worth ${floor.toFixed(3)}, and the best known plan ${oracle.toFixed(3)}.`,
  ];
}

/** `09:20`; the text itself if it is not a readable time. */
export function clockOf(time: string): string {
  const parsed = parsePythonTime(time);
  return parsed === undefined ? shortened(time, 30) : formatClock(parsed.utc);
}

/** `Tue 15 Sep 14:00`. */
export function momentName(time: string): string {
  const parsed = parsePythonTime(time);
  if (parsed === undefined) return `\u201c${shortened(time, 40)}\u201d`;
  return `${formatDay(parsed.utc)} ${formatClock(parsed.utc)}`;
}

function emailName(id: string, world?: WorldExport, limit = MAX_TITLE): string {
  const email = world?.emails.find((one) => one.id === id);
  if (email === undefined) return bracket(id);
  return `${email.sender}\u2019s \u201c${shortened(email.subject, limit)}\u201d ${bracket(id)}`;
}

function meetingName(id: string, world?: WorldExport, limit = MAX_TITLE): string {
  const meeting = world?.meetings.find((one) => one.id === id);
  return meeting === undefined ? bracket(id) : `\u201c${shortened(meeting.title, limit)}\u201d ${bracket(id)}`;
}

function taskName(id: string, world?: WorldExport, limit = MAX_TITLE): string {
  const task = world?.tasks.find((one) => one.id === id);
  return task === undefined ? bracket(id) : `\u201c${shortened(task.description, limit)}\u201d ${bracket(id)}`;
}

function bracket(id: string): string {
  return `[${shortened(id, 40)}]`;
}

function shortened(text: string, limit: number): string {
  return clip(oneLine(clip(text, limit * 4)), limit);
}

/** What rules v2 add to a compiled scenario: obligations, events and reactions, all of them data. */
import type { CompiledDriftEvent } from './drift-event.ts';

/** What can become of an obligation. `EpisodeState.obligation` holds indices into this list. */
export const STATUSES = [
  'awaited',
  'open',
  'in able hands',
  'overdue',
  'met',
  'late',
  'missed',
  'spoiled',
  'spared',
] as const;
export const AWAITED = 0;
export const OPEN = 1;
export const IN_HAND = 2;
export const OVERDUE_STATUS = 3;
export const MET = 4;
export const LATE = 5;
export const MISSED = 6;
export const SPOILED = 7;
/** It never came up: what would have brought it did not happen. */
export const SPARED = 8;

/** What the delegate of a task does. `EpisodeState.taskHand` holds indices into this list; the last three hand it back. */
export const HANDS = ['nothing', 'works', 'lacks the skill', 'has no room', 'is off work'] as const;
export const WORKS = 1;
export const LACKS_SKILL = 2;
export const NO_ROOM = 3;
export const OFF_WORK = 4;

/** `EpisodeState.eventStatus` holds indices into this list; `now` is an event of the last step, `never` one that cannot come. */
export const EVENT_STATUSES = ['pending', 'happened', 'now', 'never'] as const;
export const PENDING = 0;
export const HAPPENED = 1;
export const NOW = 2;
export const NEVER = 3;

/** All bits that the harm to a meeting, an email and a contact can have; each bit is a number of rules v2. */
export const MEETING_HARM_BITS = 0x3f;
export const EMAIL_HARM_BITS = 0x0f;
export const CONTACT_HARM_BITS = 0x0f;

/** Channels of the reward, in the order of `EpisodeState.sums`. */
export const REWARD_CHANNELS = ['conflict', 'relationship', 'task'] as const;
export type RewardChannel = (typeof REWARD_CHANNELS)[number];

export const KINDS = ['reply', 'clash', 'task'] as const;

export type Obligation = {
  /** `reply:EMAIL`, `clash:MEETING+MEETING` or `task:TASK`. */
  readonly id: string;
  readonly kind: (typeof KINDS)[number];
  /** Index into REWARD_CHANNELS. */
  readonly channel: number;
  /** Share of its channel, in [0, 1]. */
  readonly share: number;
  /** Index of the email, meeting or task. */
  readonly subject: number;
  /** Clashes: index of the other meeting. */
  readonly other: number;
  /** Replies: when the answer is due, an instant in microseconds; NaN where that counts from its arrival. */
  readonly due: number;
  /** Replies: microseconds from arrival until the answer is due, where `due` is NaN. */
  readonly span: number;
};

export type DayEvent = {
  readonly id: string;
  readonly announced: boolean;
  /** What the briefing says when it happens, if it is announced. */
  readonly text: string;
  /** An instant in microseconds, or NaN. */
  readonly at: number;
  /** The step at whose beginning it happens, or 0. */
  readonly afterStep: number;
  /** The obligation it waits for, or -1, and what must become of that. */
  readonly obligation: number;
  readonly outcome: 'met' | 'missed' | 'spoiled';
  /** Microseconds from the outcome to the event. */
  readonly delay: number;
  readonly emails: readonly number[];
  readonly meetings: readonly number[];
  readonly effects: CompiledDriftEvent;
  /** Obligations that it brings. */
  readonly brings: readonly number[];
};

export type Day = {
  /** An instant in microseconds. */
  readonly end: number;
  readonly obligations: readonly Obligation[];
  /** Of each obligation, for each of the STATUSES: what it is worth then, as a part of its channel, and how much it presses. */
  readonly stakes: Float64Array;
  /** The obligations of each channel, in their order. */
  readonly members: readonly Int32Array[];
  /** They come in the order of KINDS: number of the first clash, and of the first task. */
  readonly firstClash: number;
  readonly firstTask: number;
  /** Subject of each obligation once more, side by side: every step reads them. */
  readonly subjects: Int32Array;
  /** Other, due and span of each, side by side too; nothing is due later than the day ends. */
  readonly others: Int32Array;
  readonly dues: Float64Array;
  readonly spans: Float64Array;
  /** 1 for each obligation for whose outcome an event waits. */
  readonly awaited: Uint8Array;
  readonly events: readonly DayEvent[];
  /** Obligation of each email and task, or -1. */
  readonly replyOf: Int32Array;
  readonly taskOf: Int32Array;
  /** The replies owed to each contact. */
  readonly repliesTo: readonly (readonly number[])[];
  /** The obligations of each meeting's clashes. */
  readonly clashesOf: readonly (readonly number[])[];
  /** Share of the relationship channel that one rung of a contact's mood is worth. */
  readonly moodShare: Float64Array;
  /** Priority of each meeting: an index into PRIORITIES. */
  readonly meetingPriority: Uint8Array;
  /** The contacts who attend each meeting, once each. */
  readonly attendees: readonly (readonly number[])[];
  /** Event that brings each email and meeting, or -1. */
  readonly emailEvent: Int32Array;
  readonly meetingEvent: Int32Array;
  /** The email with which people react, or -1: to silence on an email, to what was done to a meeting, to a task they cannot take. */
  readonly chaser: Int32Array;
  readonly complaint: Int32Array;
  readonly handBack: Int32Array;
  readonly movable: readonly boolean[];
  readonly cancellable: readonly boolean[];
  /** Microseconds that a task takes the executive, and a delegate. */
  readonly takes: Float64Array;
  readonly takesDelegate: Float64Array;
  readonly loadLimit: Uint8Array;
  /** Microseconds. */
  readonly response: Float64Array;
  /** Microseconds after midnight; 0 and a whole day where nothing is stated. */
  readonly worksFrom: Float64Array;
  readonly worksTo: Float64Array;
  /** Skill that each task takes, by number, or -1, and the contact who owns it, or -1. */
  readonly skillNeeded: Int32Array;
  readonly owner: Int32Array;
  /** Those of these skills that each contact has. */
  readonly skills: readonly ReadonlySet<number>[];
  /** V of an episode in which nothing is done. */
  readonly floor: number;
  /** V of the best plan known; undefined where none was stored. */
  readonly oracle: number | undefined;
  /** 1 for each channel in which nothing is owed at all: it counts as met. */
  readonly unowed: Float64Array;
};

/** Whether a contact can do a task: anybody can where no skill is needed, its owner in any case. */
export function isAble(
  { skillNeeded, owner, skills }: Pick<Day, 'skillNeeded' | 'owner' | 'skills'>,
  task: number,
  contact: number,
): boolean {
  const skill = skillNeeded[task] ?? -1;
  return skill < 0 || owner[task] === contact || (skills[contact]?.has(skill) ?? false);
}

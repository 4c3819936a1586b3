/** The data that rules v2 add to a compiled scenario: obligations, events and reactions. */

import type { Denial } from './asks.ts';

/** One drift event with its names resolved. Names that refer to nothing are omitted. */
export type CompiledDriftEvent = {
  readonly shiftHours: number | undefined;
  readonly preference: { readonly contact: number; readonly value: number } | undefined;
  readonly deadline: { readonly task: number; readonly entry: number } | undefined;
  /** The emails of each sender that falls silent. Events that name the same sender share the list. */
  readonly suppressedEmails: readonly (readonly number[])[];
  readonly mood: { readonly contact: number; readonly value: number } | undefined;
};

/** The statuses of an obligation. `EpisodeState.obligation` holds indices into this list. */
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
  'wrong',
  'corrected',
] as const;
export const AWAITED = 0;
export const OPEN = 1;
export const IN_HAND = 2;
export const OVERDUE_STATUS = 3;
export const MET = 4;
export const LATE = 5;
export const MISSED = 6;
export const SPOILED = 7;
/** The obligation never came up, because the event that would have brought it did not happen. */
export const SPARED = 8;
/** A reply whose last word on one of its asks was wrong. It can still be corrected. */
export const WRONG = 9;
/** A reply that is complete, after one of its asks was answered wrongly. */
export const CORRECTED = 10;

/** The states of one ask of an email. `EpisodeState.ask` holds indices into this list. */
export const ASK_STATES = ['open', 'answered', 'answered late', 'wrong', 'corrected'] as const;
export const ASK_OPEN = 0;
export const ASK_ANSWERED = 1;
export const ASK_LATE = 2;
export const ASK_WRONG = 3;
export const ASK_CORRECTED = 4;

/**
 * The state of a delegate's work on a task. `EpisodeState.taskHand` holds indices into this list. With the last three, the
 * delegate hands the task back.
 */
export const HANDS = ['nothing', 'works', 'lacks the skill', 'has no room', 'is off work'] as const;
export const WORKS = 1;
export const LACKS_SKILL = 2;
export const NO_ROOM = 3;
export const OFF_WORK = 4;

/**
 * `EpisodeState.eventStatus` holds indices into this list. `now`: the event happened in the last step. `never`: it cannot
 * happen any more.
 */
export const EVENT_STATUSES = ['pending', 'happened', 'now', 'never'] as const;
export const PENDING = 0;
export const HAPPENED = 1;
export const NOW = 2;
export const NEVER = 3;

/** All bits of the harm to a meeting, an email and a contact. sim/v2/constants.ts defines each bit. */
export const MEETING_HARM_BITS = 0x7f;
export const EMAIL_HARM_BITS = 0x0f;
export const CONTACT_HARM_BITS = 0x0f;

/** Channels of the reward, in the order of `EpisodeState.sums`. */
export const REWARD_CHANNELS = ['conflict', 'relationship', 'task'] as const;

export const KINDS = ['reply', 'clash', 'task'] as const;

/** One obligation of a day: a reply, a clash or a task. */
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
  /** For clashes: index of the other meeting. */
  readonly other: number;
  /** For replies: when the answer is due, an instant in microseconds; NaN if that depends on the arrival. */
  readonly due: number;
  /** For replies with NaN as `due`: time from arrival until the answer is due, in microseconds. */
  readonly span: number;
};

/** A fact that a person must not learn. */
export type DeniedFact = {
  /** The person's name, who need not be a contact. */
  readonly person: string;
  readonly fact: Denial;
  /** The email that says so, or -1 if the contact does. */
  readonly email: number;
};

/** One event of a day. */
export type DayEvent = {
  readonly id: string;
  readonly announced: boolean;
  /** The text in the briefing when the event happens, if it is announced. */
  readonly text: string;
  /** An instant in microseconds, or NaN. */
  readonly at: number;
  /** The step at whose end the event happens, or 0. */
  readonly afterStep: number;
  /** The obligation that the event waits for, or -1, and the outcome that it waits for. */
  readonly obligation: number;
  readonly outcome: 'met' | 'missed' | 'spoiled';
  /** Time from the outcome to the event, in microseconds. */
  readonly delay: number;
  readonly emails: readonly number[];
  readonly meetings: readonly number[];
  readonly effects: CompiledDriftEvent;
  /** The obligations that the event brings. */
  readonly brings: readonly number[];
};

/** The data of rules v2 for one scenario. */
export type Day = {
  /** An instant in microseconds. */
  readonly end: number;
  readonly obligations: readonly Obligation[];
  /** For each obligation and each of the STATUSES: its value, as a part of its channel, and its pressure. */
  readonly stakes: Float64Array;
  /** The obligations of each channel, ascending. */
  readonly members: readonly Int32Array[];
  /** Obligations are sorted by KINDS: number of the first clash, and of the first task. */
  readonly firstClash: number;
  readonly firstTask: number;
  /** The subject of each obligation in one array, since every step reads them. */
  readonly subjects: Int32Array;
  /** `share` of each obligation. */
  readonly shares: Float64Array;
  /** `other`, `due` and `span` of each obligation, also in arrays. No due time is after the end of the day. */
  readonly others: Int32Array;
  readonly dues: Float64Array;
  readonly spans: Float64Array;
  /** 1 for each obligation whose outcome an event waits for. */
  readonly awaited: Uint8Array;
  readonly events: readonly DayEvent[];
  /** The obligation of each email and task, or -1. */
  readonly replyOf: Int32Array;
  readonly taskOf: Int32Array;
  /** The replies that each contact waits for. */
  readonly repliesTo: readonly (readonly number[])[];
  /**
   * The asks of the replies, in one list: those of reply `o` are from `askStart[o]` up to, not including, `askStart[o + 1]`.
   */
  readonly askStart: Int32Array;
  /** 1 for each ask that is a choice, and for each that is an apology. */
  readonly isChoice: Uint8Array;
  readonly isApology: Uint8Array;
  readonly denied: readonly DeniedFact[];
  /** The obligations of each meeting's clashes. */
  readonly clashesOf: readonly (readonly number[])[];
  /** The value of one level of a contact's mood, as a share of the relationship channel. */
  readonly moodShare: Float64Array;
  /** The priority of each meeting: an index into PRIORITIES. */
  readonly meetingPriority: Uint8Array;
  /** The contacts who attend each meeting, without repetition. */
  readonly attendees: readonly (readonly number[])[];
  /** The event that brings each email and meeting, or -1. */
  readonly emailEvent: Int32Array;
  readonly meetingEvent: Int32Array;
  /**
   * The email with which a contact reacts, or -1: to an email without an answer, to harm to a meeting, to a task that the
   * contact cannot take.
   */
  readonly chaser: Int32Array;
  readonly complaint: Int32Array;
  readonly handBack: Int32Array;
  readonly movable: readonly boolean[];
  readonly cancellable: readonly boolean[];
  /** Duration of a task for the executive, and for a delegate, in microseconds. */
  readonly takes: Float64Array;
  readonly takesDelegate: Float64Array;
  readonly loadLimit: Uint8Array;
  /** Microseconds. */
  readonly response: Float64Array;
  /** Microseconds after midnight; 0 and a whole day if the scenario states nothing. */
  readonly worksFrom: Float64Array;
  readonly worksTo: Float64Array;
  /** The skill that each task needs, by number, or -1, and the contact who owns it, or -1. */
  readonly skillNeeded: Int32Array;
  readonly owner: Int32Array;
  /** The skills of each contact, as far as tasks need them. */
  readonly skills: readonly ReadonlySet<number>[];
  /** V of an episode in which nothing is done. */
  readonly floor: number;
  /** V of the best known plan; undefined if none is stored. */
  readonly oracle: number | undefined;
  /** 1 for each channel without obligations, which counts as met. */
  readonly unowed: Float64Array;
};

/** Whether a contact can do a task. Every contact can if no skill is needed; its owner always can. */
export function isAble(
  { skillNeeded, owner, skills }: Pick<Day, 'skillNeeded' | 'owner' | 'skills'>,
  task: number,
  contact: number,
): boolean {
  const skill = skillNeeded[task] ?? -1;
  return skill < 0 || owner[task] === contact || (skills[contact]?.has(skill) ?? false);
}

/** One episode: a state over a compiled scenario, and the texts about its last step. */

import { clip, oneLine } from '../lib/text.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { ReadAction } from '../world/completion/completion.ts';
import { countOverlappingPairs } from '../world/facts.ts';
import { EpisodeState } from '../world/state.ts';
import type { Breakdown, RewardMode } from './breakdown.ts';

// The interface of a ruleset.

/** Plays steps. A ruleset owns the scratch memory of a step, so one instance serves any number of episodes. */
export type Ruleset = {
  /** The parts of the last step's reward; valid until the next step. */
  readonly breakdown: Readonly<Breakdown>;
  /** Resets an episode to the beginning of its day. */
  reset(e: Episode): void;
  /** Plays one action and returns the reward. Never throws because of an action. */
  step(e: Episode, action: ReadAction): number;
};

/** Bits of `Episode.changed`: the sections of the observation. */
export const INBOX = 1;
export const CALENDAR = 2;
export const PEOPLE = 4;
export const TASKS = 8;
export const EVERYTHING = INBOX | CALENDAR | PEOPLE | TASKS;

/** The note of a step after the end of the episode. */
export const EPISODE_OVER = 'the episode is over; reset it to begin another one';
/** The maximum length of a note, in code points. */
export const MAX_NOTE = 240;
/** The maximum length of the news, in code points. */
export const MAX_NEWS = 400;
/** Matches texts of printable ASCII. */
const USUAL = /^[ -~]*$/;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/** Value of a count that must be taken from the state before it is used. */
export const UNCOUNTED = -1;

/** What rules v1 remember of an episode besides its state, from which all of it can be computed. */
class EpisodeFieldsV1 {
  /** No deadline passes before this instant, in microseconds. */
  quietUntil = Number.NEGATIVE_INFINITY;
  /** Number of critical emails without a reply; UNCOUNTED until the first step after a load. */
  criticalUnreplied = UNCOUNTED;
  /** Number of tasks past their deadline; UNCOUNTED until the first step after a load. */
  pastDeadline = UNCOUNTED;

  /** To be called when another state was put in place. */
  forget(): void {
    this.quietUntil = Number.NEGATIVE_INFINITY;
    this.criticalUnreplied = UNCOUNTED;
    this.pastDeadline = UNCOUNTED;
  }

  copyFrom({ quietUntil, criticalUnreplied, pastDeadline }: EpisodeFieldsV1): void {
    this.quietUntil = quietUntil;
    this.criticalUnreplied = criticalUnreplied;
    this.pastDeadline = pastDeadline;
  }
}

/** The same of rules v2. */
class EpisodeFieldsV2 {
  /** Nothing happens by itself before this instant, in microseconds, unless an action causes it. */
  quietUntil = Number.NEGATIVE_INFINITY;
  /** Whether harm was done that the sums of the ledger do not contain yet. */
  harmed = true;

  /** To be called when another state was put in place. */
  forget(): void {
    this.quietUntil = Number.NEGATIVE_INFINITY;
    this.harmed = true;
  }

  copyFrom({ quietUntil, harmed }: EpisodeFieldsV2): void {
    this.quietUntil = quietUntil;
    this.harmed = harmed;
  }
}

/** An episode in progress: its compiled scenario `c`, its mutable state `s`, and data that is derived from the state. */
export class Episode {
  readonly c: CompiledScenario;
  readonly s: EpisodeState;
  readonly rewardMode: RewardMode;
  private lastNote = '';
  /** Whether the note has been cleaned, which happens on first access. */
  private noteIsClean = true;
  private lastNews = '';
  /** INBOX | CALENDAR | PEOPLE | TASKS: the sections that have changed since the episode was last observed. */
  changed = EVERYTHING;

  /** What each ruleset remembers of the episode. */
  readonly v1 = new EpisodeFieldsV1();
  readonly v2 = new EpisodeFieldsV2();

  /** Number of pairs of meetings that overlap. It is kept because counting the pairs is the only slow query. */
  pairs: number;

  constructor(c: CompiledScenario, s: EpisodeState, rewardMode: RewardMode) {
    this.c = c;
    this.s = s;
    this.rewardMode = rewardMode;
    this.pairs = countOverlappingPairs(c, s);
  }

  /** An episode with its own memory. A ruleset must reset it first. */
  static of(c: CompiledScenario, rewardMode: RewardMode): Episode {
    return new Episode(c, new EpisodeState(c.layout, new ArrayBuffer(c.layout.byteLength)), rewardMode);
  }

  /**
   * The effect of the last action, or the reason why it failed: one line of well-formed text, at most MAX_NOTE code points.
   * Empty after a reset.
   */
  get note(): string {
    if (!this.noteIsClean) {
      this.lastNote = cleanNote(this.lastNote);
      this.noteIsClean = true;
    }
    return this.lastNote;
  }
  set note(text: string) {
    this.lastNote = text;
    this.noteIsClean = false;
  }

  /** Sets the note to a result of `cleanNote`. */
  setNote(cleanNote: string): void {
    this.lastNote = cleanNote;
    this.noteIsClean = true;
  }

  /** Appends to the note, as far as there is room. */
  appendNote(text: string | undefined): void {
    if (text !== undefined) this.note = `${clip(this.note, MAX_NOTE - 2 - text.length)}; ${text}`;
  }

  /**
   * What happened without the executive in the last step: one line, like the note, at most MAX_NEWS code points. Rules v2 only.
   */
  get news(): string {
    return this.lastNews;
  }
  set news(text: string) {
    this.lastNews = text === '' ? '' : cleanLine(text, MAX_NEWS);
  }

  /** Appends to the news. */
  addNews({ text, isClean }: NewsItem): void {
    const { lastNews } = this;
    if (lastNews.length >= MAX_NEWS) return;
    const news = lastNews === '' ? text : `${lastNews}; ${text}`;
    this.lastNews = isClean && news.length <= MAX_NEWS ? news : cleanLine(news, MAX_NEWS);
  }

  /**
   * Must be called after a meeting was moved or cancelled.
   * @param pairs The number of overlapping pairs now, if the caller knows it.
   */
  calendarChanged(pairs = countOverlappingPairs(this.c, this.s)): void {
    this.pairs = pairs;
    this.changed |= CALENDAR;
  }

  /** Replaces this state by the bytes of `region`, with its note and news. */
  load(region: Uint8Array, note: string, news = ''): void {
    this.s.region.set(region);
    this.note = note;
    this.news = news;
    this.changed = EVERYTHING;
    this.v1.forget();
    this.v2.forget();
    this.pairs = countOverlappingPairs(this.c, this.s);
  }

  /** Continues from the state of another episode of the same scenario. */
  copyFrom(other: Episode): void {
    this.s.region.set(other.s.region);
    this.lastNote = other.note;
    this.noteIsClean = true;
    this.lastNews = other.news;
    this.changed = EVERYTHING;
    this.v1.copyFrom(other.v1);
    this.v2.copyFrom(other.v2);
    this.pairs = other.pairs;
  }
}

/** One item of the news. */
type NewsItem = {
  readonly text: string;
  /** Whether the text can be joined to others as it is, unless the whole becomes too long. */
  readonly isClean: boolean;
};

/** Makes an item of the news, and checks once whether its text is clean. */
export function newsItem(text: string): NewsItem {
  return { text, isClean: !CONTROL.test(text) && text.isWellFormed() };
}

/** Cleans a note, so that `setNote` accepts it. */
export function cleanNote(text: string): string {
  return cleanLine(text, MAX_NOTE);
}

/** One line of well-formed text, at most `limit` code points. */
function cleanLine(text: string, limit: number): string {
  if (USUAL.test(text)) return cut(text, limit);
  return clip(CONTROL.test(text) ? oneLine(text) : text, limit).toWellFormed();
}

/** The same result as `clip`, for ASCII. It is small enough to be inlined into a step, which then takes 5 % less time. */
function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 3)}...`;
}

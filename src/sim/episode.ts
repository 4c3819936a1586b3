/** One episode: a state over a compiled scenario, and what the last step said about it. */
import { clip, oneLine } from '../lib/text.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { countOverlappingPairs } from '../world/overlaps.ts';
import { EpisodeState } from '../world/state.ts';
import type { RewardMode } from './breakdown.ts';

/** Sections of the briefing that must be written again before it is next read; bits of `Episode.changed`. */
export const INBOX = 1;
export const CALENDAR = 2;
export const PEOPLE = 4;
export const TASKS = 8;
export const EVERYTHING = INBOX | CALENDAR | PEOPLE | TASKS;

/** The note of a step after the end. */
export const EPISODE_OVER = 'the episode is over; reset it to begin another one';
export const MAX_NOTE = 240;
export const MAX_NEWS = 400;
export const UNCOUNTED = -1;
/** Nothing but printable ASCII. */
const USUAL = /^[ -~]*$/;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

export class Episode {
  readonly c: CompiledScenario;
  readonly s: EpisodeState;
  readonly rewardMode: RewardMode;
  private lastNote = '';
  /** Whether the note is as it may be read; it is looked at when it is first read. */
  private noteIsClean = true;
  private lastNews = '';
  /** INBOX | CALENDAR | PEOPLE | TASKS: what has changed since the briefing was last rendered. */
  changed = EVERYTHING;

  /** Nothing happens by itself before this instant, in microseconds, unless an action brings it about. */
  quietUntil = Number.NEGATIVE_INFINITY;
  /** Rules v1: critical emails without a reply, and tasks past their deadline; UNCOUNTED until these rules count them. */
  criticalUnreplied = UNCOUNTED;
  pastDeadline = UNCOUNTED;
  /** Whether harm was done since rules v2 last summed it up. */
  harmed = true;

  /** Pairs of meetings that overlap: kept, because counting them is the one slow question. */
  pairs: number;

  constructor(c: CompiledScenario, s: EpisodeState, rewardMode: RewardMode) {
    this.c = c;
    this.s = s;
    this.rewardMode = rewardMode;
    this.pairs = countOverlappingPairs(c, s);
  }

  /** An episode with memory of its own, to be reset by a ruleset. */
  static of(c: CompiledScenario, rewardMode: RewardMode): Episode {
    return new Episode(c, new EpisodeState(c.layout, new ArrayBuffer(c.layout.byteLength)), rewardMode);
  }

  /** What the last action did, or why it failed: one line of well-formed text, at most MAX_NOTE code points. Empty after a reset. */
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

  /** Sets a note that `cleanNote` has made. */
  say(cleanNote: string): void {
    this.lastNote = cleanNote;
    this.noteIsClean = true;
  }

  /** Adds to the note, of which as much is left as there is room for. */
  remark(text: string | undefined): void {
    if (text !== undefined) this.note = `${clip(this.note, MAX_NOTE - 2 - text.length)}; ${text}`;
  }

  /** What happened by itself since the step before: one line like the note, at most MAX_NEWS code points; rules v2 only. */
  get news(): string {
    return this.lastNews;
  }
  set news(text: string) {
    this.lastNews = text === '' ? '' : cleanLine(text, MAX_NEWS);
  }

  /** Adds to the news. */
  tell({ text, isClean }: NewsItem): void {
    const { lastNews } = this;
    if (lastNews.length >= MAX_NEWS) return;
    const news = lastNews === '' ? text : `${lastNews}; ${text}`;
    this.lastNews = isClean && news.length <= MAX_NEWS ? news : cleanLine(news, MAX_NEWS);
  }

  /**
   * To be called after any meeting was moved or cancelled.
   * @param pairs Pairs of meetings that overlap now, where the caller knows.
   */
  calendarChanged(pairs = countOverlappingPairs(this.c, this.s)): void {
    this.pairs = pairs;
    this.changed |= CALENDAR;
  }

  /**
   * Puts another state in place of this one: the bytes of `region`, and the note and the news that went with them.
   * @param changed Sections that read differently in the two; what is to be rendered besides is rendered still.
   */
  load(region: Uint8Array, note: string, news = '', changed = EVERYTHING): void {
    this.s.region.set(region);
    this.resume(note, news, changed);
  }

  /** The same for a state that was put in place already. */
  resume(note: string, news: string, changed: number): void {
    this.note = note;
    this.news = news;
    this.changed |= changed;
    this.harmed = true;
    this.quietUntil = Number.NEGATIVE_INFINITY;
    this.criticalUnreplied = UNCOUNTED;
    this.pastDeadline = UNCOUNTED;
    if ((changed & CALENDAR) !== 0) this.pairs = countOverlappingPairs(this.c, this.s);
  }

  /** Goes on where another episode of the same scenario stands. */
  copyFrom(other: Episode): void {
    this.s.region.set(other.s.region);
    this.lastNote = other.note;
    this.noteIsClean = true;
    this.lastNews = other.news;
    this.changed = other.changed;
    this.harmed = other.harmed;
    this.quietUntil = other.quietUntil;
    this.criticalUnreplied = other.criticalUnreplied;
    this.pastDeadline = other.pastDeadline;
    this.pairs = other.pairs;
  }
}

/** One of the things that the news tell. */
export type NewsItem = {
  readonly text: string;
  /** Whether it needs no change beside other text, unless the whole is too long. */
  readonly isClean: boolean;
};

export function newsItem(text: string): NewsItem {
  return { text, isClean: !CONTROL.test(text) && text.isWellFormed() };
}

/** A note as it may be read. */
export function cleanNote(text: string): string {
  return cleanLine(text, MAX_NOTE);
}

/** One line of well-formed text, at most `limit` code points. */
function cleanLine(text: string, limit: number): string {
  if (USUAL.test(text)) return cut(text, limit);
  return clip(CONTROL.test(text) ? oneLine(text) : text, limit).toWellFormed();
}

/** What `clip` returns for ASCII. */
function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 3)}...`;
}

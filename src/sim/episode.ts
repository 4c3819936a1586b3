/** One episode: a state over a compiled scenario, and what the last step said about it. */
import { clip, oneLine } from '../lib/text.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { countOverlappingPairs } from '../world/facts.ts';
import type { EpisodeState } from '../world/state.ts';
import type { RewardMode } from './breakdown.ts';

/** Sections of the briefing that must be written again before it is next read; bits of `Episode.changed`. */
export const INBOX = 1;
export const CALENDAR = 2;
export const PEOPLE = 4;
export const TASKS = 8;
export const EVERYTHING = INBOX | CALENDAR | PEOPLE | TASKS;

export const MAX_NOTE = 240;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

export class Episode {
  readonly c: CompiledScenario;
  readonly s: EpisodeState;
  readonly rewardMode: RewardMode;
  private lastNote = '';
  /** INBOX | CALENDAR | PEOPLE | TASKS: what has changed since the briefing was last rendered. */
  changed = EVERYTHING;

  /** Pairs of meetings that overlap: kept, because counting them is the one slow question. */
  pairs: number;

  constructor(c: CompiledScenario, s: EpisodeState, rewardMode: RewardMode) {
    this.c = c;
    this.s = s;
    this.rewardMode = rewardMode;
    this.pairs = countOverlappingPairs(c, s);
  }

  /** What the last action did, or why it failed: one line of well-formed text, at most MAX_NOTE code points. Empty after a reset. */
  get note(): string {
    return this.lastNote;
  }
  set note(text: string) {
    this.lastNote = clip(CONTROL.test(text) ? oneLine(text) : text, MAX_NOTE).toWellFormed();
  }

  /** To be called after any meeting was moved or cancelled. */
  calendarChanged(): void {
    this.pairs = countOverlappingPairs(this.c, this.s);
    this.changed |= CALENDAR;
  }

  /** Puts another state in place of this one: the bytes of `region`, and the note that went with them. */
  load(region: Uint8Array, note: string): void {
    this.s.region.set(region);
    this.note = note;
    this.changed = EVERYTHING;
    this.pairs = countOverlappingPairs(this.c, this.s);
  }
}

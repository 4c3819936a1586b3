/**
 * The JSON objects in what a model has written, last first, since a model thinks before it answers. Whatever the text, the
 * search costs a bounded number of visits to its characters and of calls of JSON.parse; a search that would cost more is
 * given up.
 */
import { messageOf } from '../lib/errors.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const LESS = 0x3c;
const BACKQUOTE = 0x60;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** So many characters at the end show that objects are nested, in tags or a fence too, before any others are looked at. */
const TAIL = 12;

/** A search spends this; it is given up before it spends more than there is. */
export class SearchBudget {
  /** Characters looked at, each as often as that was done: by any pass, by JSON.parse, and steps from object to object. */
  visits = 0;
  /** Texts given to JSON.parse. */
  parses = 0;
  private readonly mostVisits: number;
  private readonly mostParses: number;

  constructor(mostVisits: number, mostParses: number) {
    this.mostVisits = mostVisits;
    this.mostParses = mostParses;
  }

  /** @throws SearchGivenUp */
  visit(characters: number): void {
    if (this.visits + characters > this.mostVisits) {
      throw new SearchGivenUp(`it would look at more than ${this.mostVisits} characters, each time counted`);
    }
    this.visits += characters;
  }

  /** @throws SearchGivenUp */
  parse(characters: number): void {
    if (this.parses === this.mostParses) throw new SearchGivenUp(`more than ${this.mostParses} objects would be tried`);
    this.visit(characters);
    this.parses++;
  }
}

/** Thrown where a search would cost more than its budget; the message says what of. */
export class SearchGivenUp extends Error {
  override readonly name = 'SearchGivenUp';
}

/** A part of a text, from one index to before another. */
export type Region = { readonly from: number; readonly to: number };
/** A value, or what JSON.parse says of the text that is none. */
type Parsed = { readonly value?: Record<string, unknown>; readonly complaint?: string };
/** Objects as they may stand in a region: where each begins and ends, and by which one before it it is covered, or -1. */
type Spans = { readonly starts: number[]; readonly ends: number[]; readonly covers: number[] };

export class ObjectSearch {
  private readonly text: string;
  private readonly budget: SearchBudget;
  /** By where it begins; no Map, since there is rarely more than one. */
  private readonly parsed: { readonly from: number; readonly parsed: Parsed }[] = [];
  private readonly firstOpen: number;
  private known: Survey | undefined;

  constructor(text: string, budget: SearchBudget) {
    this.text = text;
    this.budget = budget;
    this.firstOpen = this.find('{', 0);
  }

  /** Whether there is a `{` at all. */
  get hasBrace(): boolean {
    return this.firstOpen >= 0;
  }

  /**
   * The object from the first `{` to the only `}`, which is what nearly every completion has: no other can be in the text, in a
   * string of this one either, since what begins in there ends in there. Undefined where it is none, or there are more `}`.
   */
  lone(): Record<string, unknown> | undefined {
    const open = this.firstOpen;
    if (this.endsNested() || this.text.charCodeAt(open + 1) === OPEN) return undefined;
    const close = this.find('}', open + 1);
    const isLone = close >= 0 && this.find('}', close + 1) < 0;
    return isLone ? this.objectAt(open, close + 1) : undefined;
  }

  /** The object that the whole text is, if it is one. */
  whole(): Record<string, unknown> | undefined {
    const { starts, ends } = this.survey;
    return starts[0] === 0 && ends[0] === this.text.length - 1 ? this.objectAt(0, this.text.length) : undefined;
  }

  /** Where marks may begin, such as `<action>` or a fence: every `<` and every backquote, ascending. */
  get markStarts(): readonly number[] {
    return this.survey.markStarts;
  }

  /** Whether these very characters stand there. */
  holdsAt(at: number, mark: string): boolean {
    let same = 0;
    while (same < mark.length && this.text.charCodeAt(at + same) === mark.charCodeAt(same)) same++;
    this.budget.visit(Math.min(same + 1, mark.length));
    return same === mark.length;
  }

  /**
   * Gives the outermost objects that begin and end in the region to `take`, last first, until it returns something.
   * If an outer one is not JSON, those inside it count as outermost.
   */
  lastFirst<T>({ from, to }: Region, take: (object: Record<string, unknown>) => T | undefined): T | undefined {
    const spans = this.spansIn(from, to);
    const search = (first: number, end: number): T | undefined => {
      for (let behind = end; behind > first; ) {
        // Objects that overlap stand or fall with the first of them.
        const head = this.coverOf(spans, first, behind - 1);
        const last = spans.ends[head] ?? 0;
        const object = this.objectAt(spans.starts[head] ?? 0, last + 1);
        const next = object === undefined ? head + 1 : indexFrom(spans.starts, last);
        const found = search(next, behind) ?? (object === undefined ? undefined : take(object));
        if (found !== undefined) return found;
        behind = head;
      }
      return undefined;
    };
    return search(0, spans.starts.length);
  }

  /** What is wrong with the text from its first brace on. */
  complaint(): string {
    const open = this.firstOpen;
    const close = this.survey.closing[open + 1] ?? -1;
    return close < 0 ? 'a { is never closed' : (this.parse(open, close + 1).complaint ?? 'not an object');
  }

  private objectAt(from: number, to: number): Record<string, unknown> | undefined {
    return this.parse(from, to).value;
  }

  private get survey(): Survey {
    if (this.known === undefined) {
      this.budget.visit(this.text.length);
      this.known = surveyOf(this.text);
    }
    return this.known;
  }

  private endsNested(): boolean {
    const { length } = this.text;
    const tail = Math.min(TAIL, length >> 5);
    this.budget.visit(tail);
    let closing = 0;
    for (let at = length - tail; at < length; at++) if (this.text.charCodeAt(at) === CLOSE) closing++;
    return closing > 1;
  }

  private find(character: string, from: number): number {
    const at = this.text.indexOf(character, from);
    this.budget.visit((at < 0 ? this.text.length : at + 1) - from);
    return at;
  }

  /** No two objects that are tried begin at the same place and end at different ones. */
  private parse(from: number, to: number): Parsed {
    for (const one of this.parsed) if (one.from === from) return one.parsed;
    this.budget.parse(to - from);
    const parsed = parseObject(this.text.slice(from, to));
    this.parsed.push({ from, parsed });
    return parsed;
  }

  private spansIn(from: number, to: number): Spans {
    const { starts, ends } = this.survey;
    const spans: Spans = { starts: [], ends: [], covers: [] };
    const open: number[] = [];
    for (let i = indexFrom(starts, from); (starts[i] ?? to) < to; i++) {
      this.budget.visit(1);
      const [start = 0, end = 0] = [starts[i], ends[i]];
      if (end >= to) continue;
      while (open.length > 0 && (spans.ends[open.at(-1) ?? 0] ?? 0) < start) open.pop();
      spans.covers.push(open.at(-1) ?? -1);
      open.push(spans.starts.length);
      spans.starts.push(start);
      spans.ends.push(end);
    }
    return spans;
  }

  /** The first of those, from `first` on, that overlap one another up to `at`. */
  private coverOf({ covers }: Spans, first: number, at: number): number {
    let head = at;
    for (let cover = at; cover >= first; cover = covers[head] ?? -1) {
      this.budget.visit(1);
      head = cover;
    }
    return head;
  }
}

/** What one pass over a text finds out. */
type Survey = {
  /** For each place the `}` that ends what is open there, for a reader who begins there and passes over strings; or -1. */
  readonly closing: Int32Array;
  /** Where objects may begin, ascending, and where they would end. Braces of prose and of formulas are none. */
  readonly starts: number[];
  readonly ends: number[];
  /** Every `<` and every backquote, ascending. */
  readonly markStarts: number[];
};

/**
 * Goes from the end to the beginning: what a reader comes to from a place on, within a string or outside, follows from what one
 * comes to who begins a place or two later.
 */
function surveyOf(text: string): Survey {
  const closing = new Int32Array(text.length + 2).fill(-1);
  const starts: number[] = [];
  const ends: number[] = [];
  const markStarts: number[] = [];
  // For readers who are in a string at the next place, and at the one after that.
  let [within, withinNext] = [-1, -1];
  /** What follows, white space aside. */
  let following = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    const unit = text.charCodeAt(at);
    const end = closing[at + 1] ?? -1;
    let [outside, inside] = [end, within];
    if (unit === QUOTE) [outside, inside] = [within, end];
    else if (unit === BACKSLASH) inside = withinNext;
    else if (unit === CLOSE) outside = at;
    else if (unit === OPEN) {
      outside = end < 0 ? -1 : (closing[end + 1] ?? -1);
      if (end >= 0 && (following === QUOTE || following === CLOSE)) {
        starts.push(at);
        ends.push(end);
      }
    } else if (unit === LESS || unit === BACKQUOTE) markStarts.push(at);
    closing[at] = outside;
    withinNext = within;
    within = inside;
    if (unit !== SPACE && unit !== LINE_FEED && unit !== RETURN && unit !== TAB) following = unit;
  }
  return { closing, starts: starts.reverse(), ends: ends.reverse(), markStarts: markStarts.reverse() };
}

/** Index of the first of these ascending numbers that is not below `least`. */
function indexFrom(ascending: readonly number[], least: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

function parseObject(text: string): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { value: value as Record<string, unknown> }
      : {};
  } catch (error) {
    return { complaint: messageOf(error) };
  }
}

/**
 * Finds the JSON objects in the text of a model, last first, since a model thinks before it answers. For any text, the search
 * is limited in the number of visits to characters and of calls of JSON.parse. A search that would exceed these limits is given
 * up.
 */
import { messageOf } from '../../lib/errors.ts';
import { LenientReader } from './lenient-json.ts';
import {
  ACTION,
  AFTER_THOUGHTS,
  indexFrom,
  isSpace,
  MARKS,
  MOST_OF_A_MARK,
  type Survey,
  surveyOf,
  THOUGHTS,
  TOOL_CALLS,
} from './marks.ts';

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BRACKET = 0x5b;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const CLOSING_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const LESS = 0x3c;
const GREATER = 0x3e;
const EQUALS = 0x3d;
const BACKQUOTE = 0x60;

/** The first two characters of each mark, as one number. */
const BEGINNINGS: ReadonlySet<number> = new Set(Array.from(MARKS, (mark) => beginning(mark, 0)));
/** Objects longer than this number of UTF-16 units are read as JSON, or not at all. */
const MAX_LENIENT = 65_536;
/** The maximum length of the first key of an action. */
const MAX_KEY = 20;

/** The budget of a search. The search is given up before it exceeds the budget. */
export class SearchBudget {
  /** Visits of characters so far, by any pass and by JSON.parse, plus steps from object to object. */
  visits = 0;
  /** Texts passed to JSON.parse so far. */
  parses = 0;
  private readonly mostVisits: number;
  private readonly mostParses: number;

  constructor(mostVisits: number, mostParses: number) {
    this.mostVisits = mostVisits;
    this.mostParses = mostParses;
  }

  /** @throws SearchGivenUp */
  visit(characters: number): void {
    this.need(characters);
    this.visits += characters;
  }

  /**
   * Checks that this number of visits is left, without spending them.
   * @throws SearchGivenUp
   */
  need(characters: number): void {
    if (this.visits + characters <= this.mostVisits) return;
    throw new SearchGivenUp(`it would look at more than ${this.mostVisits} characters, each time counted`);
  }

  /** @throws SearchGivenUp */
  parse(characters: number): void {
    if (this.parses === this.mostParses) throw new SearchGivenUp(`more than ${this.mostParses} objects would be tried`);
    this.visit(characters);
    this.parses++;
  }
}

/** Thrown if a search would exceed its budget. The message names the exhausted part. */
export class SearchGivenUp extends Error {
  override readonly name = 'SearchGivenUp';
}

/** A part of a text: from an index up to, but not including, another. */
export type Region = { readonly from: number; readonly to: number };
/** A mark in the text, such as `<action>`, a fence or `[TOOL_CALLS]`. */
export type Mark = { readonly name: string; readonly at: number; readonly end: number };
/** An object, and its place in the text. */
export type FoundObject = { readonly object: Record<string, unknown>; readonly from: number; readonly to: number };
/** A value, or the message of JSON.parse if the text is not JSON. */
type Parsed = { readonly value?: Record<string, unknown>; readonly complaint?: string };
/** Possible objects of a region: where each begins and ends, and the index of the preceding one that contains it, or -1. */
type Spans = { readonly starts: number[]; readonly ends: number[]; readonly covers: number[] };

/** The search for objects in one text. */
export class ObjectSearch {
  private readonly text: string;
  /** Counts the visits of all code that reads the text. */
  readonly budget: SearchBudget;
  /** Results of earlier calls. A list, since there is rarely more than one. */
  private readonly parsed: { readonly from: number; readonly to: number; readonly parsed: Parsed }[] = [];
  private knownOpen: number | undefined;
  private known: Survey | undefined;
  private knownMarks: Mark[] | undefined;

  constructor(text: string, budget: SearchBudget) {
    this.text = text;
    this.budget = budget;
  }

  /**
   * The object that is the whole text; or the object from the first `{` to the only `}`, which is the case in nearly every
   * completion. No other object is possible then, not even inside a string of this one, since it would need another `}`.
   * Undefined if there is none, or if the text around it needs a closer look.
   */
  lone(): Record<string, unknown> | undefined {
    const { text, firstOpen: open } = this;
    if (open < 0 || text.charCodeAt(open + 1) === OPEN) return undefined;
    const close = text.lastIndexOf('}');
    const end = close + 1;
    this.budget.visit(text.length - Math.max(close, open));
    if (open === 0 && end === text.length) return this.whole();
    if (close < open || this.endsNested(close) || this.find('}', open + 1) !== close) return undefined;
    if (open > 0 && (text.charCodeAt(0) === BRACKET || !this.isPlain(0, this.tagBefore(open), true))) return undefined;
    if (end < text.length && (this.find('{', end) >= 0 || !this.isPlain(this.tagAfter(end), text.length, false))) {
      return undefined;
    }
    return this.objectAt(open, end);
  }

  /** Where the `<action>` begins that ends at this index; the index itself if there is none. */
  private tagBefore(at: number): number {
    const from = at - ACTION[0].length;
    this.budget.visit(Math.min(at, ACTION[0].length));
    return this.text.startsWith(ACTION[0], from) && from >= 0 ? from : at;
  }

  /** Where the `</action>` ends that begins at this index; the index itself if there is none. */
  private tagAfter(at: number): number {
    this.budget.visit(Math.min(this.text.length - at, ACTION[1].length));
    return this.text.startsWith(ACTION[1], at) ? at + ACTION[1].length : at;
  }

  /** Reads the text as one object, if it is one. Mistakes are repaired if the object is closed at the end of the text. */
  private whole(): Record<string, unknown> | undefined {
    const { length } = this.text;
    this.budget.parse(length);
    let parsed = parseObject(this.text);
    if (parsed.complaint !== undefined && length <= MAX_LENIENT && this.survey.closing[1] === length - 1) {
      parsed = this.mend(0, length) ?? parsed;
    }
    this.parsed.push({ from: 0, to: length, parsed });
    return parsed.value;
  }

  /**
   * Whether the only marks are `<action>`, which do not matter around a single object, and, with `mayThink`, those of closed
   * thoughts.
   */
  private isPlain(from: number, to: number, mayThink: boolean): boolean {
    if (from === to) return true;
    const part = this.text.slice(from, to);
    let isThinking = false;
    let behind = 0;
    for (let at = part.indexOf('<'); at >= 0; at = part.indexOf('<', behind)) {
      this.budget.visit(at + 1 - behind);
      behind = at + 1;
      const name = this.markAt(from + at)?.name;
      if (name === undefined || name === ACTION[0] || name === ACTION[1]) continue;
      isThinking = THOUGHTS.has(name);
      if (!mayThink || (!isThinking && !AFTER_THOUGHTS.has(name))) return false;
    }
    this.budget.visit(part.length - behind);
    if (isThinking) return false;
    const list = part.indexOf('[');
    const call = list < 0 ? -1 : part.indexOf(TOOL_CALLS, list);
    this.budget.visit(call < 0 ? part.length : call + TOOL_CALLS.length);
    return call < 0;
  }

  /** Every mark of the text, ascending. Marks that begin with the same backquotes overlap. */
  get marks(): readonly Mark[] {
    if (this.knownMarks === undefined) {
      this.knownMarks = [];
      for (const at of this.survey.markStarts) {
        const mark = this.markAt(at);
        if (mark !== undefined) this.knownMarks.push(mark);
      }
    }
    return this.knownMarks;
  }

  /** Whether the character is inside a readable object, for example in one of its strings. */
  isInObject(at: number): boolean {
    const { starts, ends } = this.survey;
    for (let i = indexFrom(starts, at) - 1; i >= 0; i--) {
      this.budget.visit(1);
      const end = ends[i] ?? 0;
      if (end > at && this.objectAt(starts[i] ?? 0, end + 1) !== undefined) return true;
    }
    return false;
  }

  /** Reads a text from a string as an object; undefined if it is not one. */
  read(text: string): Record<string, unknown> | undefined {
    return new ObjectSearch(text, this.budget).objectAt(0, text.length);
  }

  /** Where objects begin in the region that have one of these keys first and are never closed; ascending. */
  unclosedIn({ from, to }: Region, keys: ReadonlySet<string>): number[] {
    const { unclosed } = this.survey;
    const found: number[] = [];
    for (let i = indexFrom(unclosed, from); (unclosed[i] ?? to) < to; i++) {
      const open = unclosed[i] ?? 0;
      if (this.beginsWith(open, to, keys)) found.push(open);
    }
    return found;
  }

  /** Whether the first key is one of these, or may become one where the text ends. */
  private beginsWith(open: number, to: number, keys: ReadonlySet<string>): boolean {
    const { text } = this;
    let from = open + 1;
    while (from < to && isSpace(text.charCodeAt(from))) from++;
    const mark = text.charCodeAt(from);
    let end = from + 1;
    while (end < to && end - from <= MAX_KEY && text.charCodeAt(end) !== mark) end++;
    this.budget.visit(Math.min(end, to) - open);
    const key = text.slice(from + 1, end);
    if (end < to) return keys.has(key);
    for (const known of keys) if (known.startsWith(key)) return true;
    return false;
  }

  /** Whether the object that begins here is the value of a key or an entry of a list. */
  isNested(at: number): boolean {
    const before = this.lastBefore(at);
    const unit = this.text.charCodeAt(before);
    if (unit === BRACKET) return true;
    const further = this.text.charCodeAt(this.lastBefore(before));
    return unit === COLON ? further === QUOTE || further === APOSTROPHE : unit === COMMA && further === CLOSE;
  }

  /** Index of the last character before this one that is not white space, or -1. */
  private lastBefore(at: number): number {
    let before = at - 1;
    while (before >= 0 && isSpace(this.text.charCodeAt(before))) before--;
    this.budget.visit(at - 1 - before);
    return before;
  }

  private markAt(at: number): Mark | undefined {
    const { text } = this;
    let end = at + 1;
    if (!BEGINNINGS.has(beginning(text, at))) {
      this.budget.visit(1);
      return undefined;
    }
    if (text.charCodeAt(at) === BACKQUOTE) while (end < at + 3 && text.charCodeAt(end) === BACKQUOTE) end++;
    else {
      while (end < text.length && end - at < MOST_OF_A_MARK) {
        const unit = text.charCodeAt(end);
        if (unit === LESS || unit === BRACKET || unit === BACKQUOTE) break;
        end++;
        if (unit === GREATER || unit === EQUALS || unit === CLOSING_BRACKET) break;
      }
    }
    this.budget.visit(end - at);
    const name = text.slice(at, end);
    return MARKS.has(name) ? { name, at, end } : undefined;
  }

  /**
   * Calls `take` with the outermost objects in the region, last first, until it returns a value. If an outer object is not
   * JSON, the objects inside it count as outermost.
   */
  lastFirst<T>({ from, to }: Region, take: (found: FoundObject) => T | undefined): T | undefined {
    const spans = this.spansIn(from, to);
    const search = (first: number, end: number): T | undefined => {
      for (let behind = end; behind > first; ) {
        // The first of several overlapping objects decides about all of them.
        const head = this.coverOf(spans, first, behind - 1);
        const [start = 0, last = 0] = [spans.starts[head], spans.ends[head]];
        const object = this.objectAt(start, last + 1);
        const next = object === undefined ? head + 1 : indexFrom(spans.starts, last);
        const found =
          search(next, behind) ?? (object === undefined ? undefined : take({ object, from: start, to: last + 1 }));
        if (found !== undefined) return found;
        behind = head;
      }
      return undefined;
    };
    return search(0, spans.starts.length);
  }

  /** What is wrong with the text from its first brace on; undefined if it has no brace. */
  complaint(): string | undefined {
    const open = this.firstOpen;
    if (open < 0) return undefined;
    const close = this.survey.closing[open + 1] ?? -1;
    return close < 0 ? 'a { is never closed' : (this.parse(open, close + 1).complaint ?? 'not an object');
  }

  private objectAt(from: number, to: number): Record<string, unknown> | undefined {
    return this.parse(from, to).value;
  }

  private get firstOpen(): number {
    this.knownOpen ??= this.find('{', 0);
    return this.knownOpen;
  }

  private get survey(): Survey {
    if (this.known === undefined) {
      this.budget.visit(this.text.length);
      this.known = surveyOf(this.text);
    }
    return this.known;
  }

  /** Whether the last `}` closes an object whose last value is an object. */
  private endsNested(close: number): boolean {
    let before = this.lastBefore(close);
    if (this.text.charCodeAt(before) === COMMA) before = this.lastBefore(before);
    return this.text.charCodeAt(before) === CLOSE;
  }

  private find(character: string, from: number): number {
    const at = this.text.indexOf(character, from);
    this.budget.visit((at < 0 ? this.text.length : at + 1) - from);
    return at;
  }

  private parse(from: number, to: number): Parsed {
    for (const one of this.parsed) if (one.from === from && one.to === to) return one.parsed;
    this.budget.parse(to - from);
    let parsed = parseObject(this.text.slice(from, to));
    if (parsed.complaint !== undefined && to - from <= MAX_LENIENT) parsed = this.mend(from, to) ?? parsed;
    this.parsed.push({ from, to, parsed });
    return parsed;
  }

  /** Reads the same object with mistakes that leave its meaning clear. */
  private mend(from: number, to: number): Parsed | undefined {
    this.budget.need(to - from);
    const reader = new LenientReader(this.text, from, to);
    try {
      const value = reader.value() as Record<string, unknown>;
      return reader.atEnd ? { value } : undefined;
    } catch {
      return undefined;
    } finally {
      this.budget.visit(Math.min(reader.at, to) - from);
    }
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

  /** The first of the objects, from `first` on, that overlap each other up to `at`. */
  private coverOf({ covers }: Spans, first: number, at: number): number {
    let head = at;
    for (let cover = at; cover >= first; cover = covers[head] ?? -1) {
      this.budget.visit(1);
      head = cover;
    }
    return head;
  }
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

function beginning(text: string, at: number): number {
  return text.charCodeAt(at) * 0x1_0000 + text.charCodeAt(at + 1);
}

/** Where objects may begin and end in a text, and where marks may begin: one pass over it, from its end. */
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const LESS = 0x3c;
const BACKQUOTE = 0x60;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** What one pass over a text finds out. */
export type Survey = {
  /** For each place the `}` that ends what is open there, for a reader who begins there and passes over strings; or -1. */
  readonly closing: Int32Array;
  /** Where objects may begin, ascending, and where they would end. Braces of prose and of formulas are none. */
  readonly starts: number[];
  readonly ends: number[];
  /** Where objects begin that are never closed, ascending. */
  readonly unclosed: number[];
  /** Every `<`, `[` and backquote, ascending. */
  readonly markStarts: number[];
};

/**
 * Goes from the end to the beginning: what a reader comes to from a place on, within a string or outside, follows from what one
 * comes to who begins a place or two later.
 */
export function surveyOf(text: string): Survey {
  const closing = new Int32Array(text.length + 2).fill(-1);
  const starts: number[] = [];
  const ends: number[] = [];
  const unclosed: number[] = [];
  const markStarts: number[] = [];
  // For readers who are in a string at the next place, and at the one after that: in one that a " ends, or a '.
  let [within, withinNext] = [-1, -1];
  let [single, singleNext] = [-1, -1];
  /** What follows, white space aside. */
  let following = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    const unit = text.charCodeAt(at);
    const end = closing[at + 1] ?? -1;
    let outside = end;
    let inside = within;
    let insideSingle = single;
    if (unit === QUOTE) {
      outside = within;
      inside = end;
    } else if (unit === APOSTROPHE) {
      outside = single;
      insideSingle = end;
    } else if (unit === BACKSLASH) {
      inside = withinNext;
      insideSingle = singleNext;
    } else if (unit === CLOSE) outside = at;
    else if (unit === OPEN) {
      outside = end < 0 ? -1 : (closing[end + 1] ?? -1);
      const opensString = following === QUOTE || following === APOSTROPHE;
      if (end >= 0 && (opensString || following === CLOSE)) {
        starts.push(at);
        ends.push(end);
      } else if (end < 0 && (opensString || following === 0)) unclosed.push(at);
    } else if (unit === LESS || unit === BACKQUOTE || unit === BRACKET) markStarts.push(at);
    closing[at] = outside;
    withinNext = within;
    within = inside;
    singleNext = single;
    single = insideSingle;
    if (!isSpace(unit)) following = unit;
  }
  for (const list of [starts, ends, unclosed, markStarts]) list.reverse();
  return { closing, starts, ends, unclosed, markStarts };
}

export function isSpace(unit: number): boolean {
  return unit === SPACE || unit === LINE_FEED || unit === RETURN || unit === TAB;
}

/** Index of the first of these ascending numbers that is not below `least`. */
export function indexFrom(ascending: readonly number[], least: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

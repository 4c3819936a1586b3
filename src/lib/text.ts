const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Decodes UTF-8, without a byte order mark.
 * @throws TypeError if the bytes are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/**
 * Parses the JSON text of a file. A leading byte order mark, which some editors write, is ignored.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
}

/** `text` on one line: runs of white space and control characters become single spaces. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** Characters that Python's `str` treats as white space: not U+FEFF, which JavaScript's `trim` removes. */
const PYTHON_SPACE =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

/** `text` without the white space at both ends that Python's `str.strip` removes. */
export function pythonStrip(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && PYTHON_SPACE.includes(text.charAt(from))) from++;
  while (to > from && PYTHON_SPACE.includes(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

/** At most `limit` code points of `text`. If it is cut, the last three are `...`. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // A code point has at most two units. Anything after these units is cut anyway, and may be megabytes long.
  const points = Array.from(text.slice(0, 2 * limit + 1));
  return points.length <= limit ? text : `${points.slice(0, Math.max(0, limit - 3)).join('')}${'...'.slice(0, limit)}`;
}

/**
 * A value as a message quotes it: JSON on one line, at most `limit` code points. Only the necessary part of the value is read.
 */
export function quote(value: unknown, limit = 60): string {
  if (typeof value === 'string') return clip(JSON.stringify(oneLine(clip(value, limit * 2))), limit);
  // JSON writes numbers that are not finite as null.
  if (typeof value === 'number') return clip(String(value), limit);
  let text: string | undefined;
  try {
    text = JSON.stringify(value, beginning(limit));
  } catch {
    text = typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);
  }
  return clip(oneLine(clip(text ?? String(value), limit * 8)), limit);
}

/** A replacer for JSON.stringify that omits everything after `limit` values, each of which takes at least one character. */
function beginning(limit: number): (key: string, value: unknown) => unknown {
  let room = limit;
  return (_key, value) => {
    if (value === undefined || room <= 0) return undefined;
    room--;
    if (typeof value === 'string') return clip(value, limit * 2);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.length > limit ? value.slice(0, limit) : value;
    return firstFields(value, limit);
  };
}

/** The same object, or an object of its first fields if it has more. */
function firstFields(object: object, most: number): object {
  const keys: string[] = [];
  for (const key in object) {
    if (keys.length > most) break;
    if (Object.hasOwn(object, key)) keys.push(key);
  }
  if (keys.length <= most) return object;
  return Object.fromEntries(keys.map((key) => [key, object[key as keyof object]]));
}

const SURROGATE_PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;

/** Number of Unicode code points in `text`. */
export function codePointLength(text: string): number {
  return text.length - (text.match(SURROGATE_PAIR)?.length ?? 0);
}

/** Compares by code point. JavaScript compares by UTF-16 unit, which differs above U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  let at = 0;
  while (at < shared && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === shared) return a.length - b.length;
  // If the preceding unit begins a surrogate pair in either text, the texts differ in the middle of a code point.
  const before = at === 0 ? 0 : a.charCodeAt(at - 1);
  const splits = before >= 0xd800 && before <= 0xdbff && (isTrail(a.charCodeAt(at)) || isTrail(b.charCodeAt(at)));
  const from = splits ? at - 1 : at;
  return (a.codePointAt(from) ?? 0) - (b.codePointAt(from) ?? 0);
}

function isTrail(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** `1 email`, `2 emails`; `2 replies` with `many`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

/** `1,234,567`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

const MINUS = '\u2212';
/** Stands for a missing number. */
export const NONE = '\u2013';

/** A number with `digits` decimals: `0.35`, `−0.10`; NONE for a missing one. */
export function fixed(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const text = value.toFixed(digits);
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace('-', MINUS);
}

/** The same with its sign, including a plus, unless it rounds to 0: `+0.35`, `−0.10`, `0.00`. */
export function signed(value: number | null | undefined, digits = 2): string {
  const text = fixed(value, digits);
  return Number((value ?? 0).toFixed(digits)) > 0 ? `+${text}` : text;
}

/**
 * Text as a sequence of tokens in which each meaning has one spelling: 640,000 and 640k are `640000`, half past nine and 9:30
 * are `9:30`, the 24th of October and Oct 24 are `24oct`. Lexical and deterministic; every pattern runs in linear time.
 */
export type Token = {
  /**
   * A lower-case word; a number without separators; a time as HH:MM, or H:MM if am or pm is open; `@H` for a number that may be
   * an hour ("at 10"); a date as `24oct`.
   */
  readonly text: string;
  readonly kind: 'word' | 'number' | 'spelled' | 'ordinal' | 'clock' | 'date';
  /** The characters between the preceding token and this one. */
  readonly gap: string;
};

const MONTHS = 'january february march april may june july august september october november december'.split(' ');
export const MONTH_KEYS = MONTHS.map((name) => name.slice(0, 3));
const MONTH_OF: ReadonlyMap<string, string> = new Map([
  ...MONTHS.flatMap((name) => [name, name.slice(0, 3)].map((form) => [form, name.slice(0, 3)] as const)),
  ['sept', 'sep'],
]);

/** Words whose spellings are unified. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ...MONTH_OF,
  ...Object.entries({ mon: 'monday', tue: 'tuesday', tues: 'tuesday', wed: 'wednesday', weds: 'wednesday' }),
  ...Object.entries({ thu: 'thursday', thur: 'thursday', thurs: 'thursday', fri: 'friday' }),
  ...Object.entries({ pct: 'percent', okay: 'ok', cannot: 'cant' }),
]);
const SYMBOLS: ReadonlyMap<string, string> = new Map(Object.entries({ '%': 'percent', '&': 'and' }));

/** Powers of ten of the words that may follow a number. */
const MAGNITUDES: ReadonlyMap<string, number> = new Map(
  Object.entries({ k: 3, thousand: 3, grand: 3, m: 6, mn: 6, mio: 6, million: 6, bn: 9, billion: 9 }),
);

const BELOW_TWENTY =
  `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
  seventeen eighteen nineteen`.split(/\s+/);
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const SMALL: ReadonlyMap<string, number> = new Map([
  ...BELOW_TWENTY.map((word, value) => [word, value] as const),
  ...TENS.map((word, i) => [word, 20 + 10 * i] as const),
]);
const SCALES: ReadonlyMap<string, number> = new Map(Object.entries({ thousand: 1_000, million: 1_000_000 }));

const NOON: ReadonlyMap<string, string> = new Map(
  Object.entries({ noon: '12:00', midday: '12:00', midnight: '00:00' }),
);
const MONEY: ReadonlySet<string> = new Set(['eur', 'euro', 'euros', 'gbp', 'pounds', 'usd', 'dollars']);
/** Words before a time of day; "9.30" after one of them is a time. */
const BEFORE_TIME: ReadonlySet<string> = new Set(
  'at by before until till from after around since the to between towards'.split(' '),
);
/** Words before a number that may be an hour, and words after the number that do not make it a quantity. */
export const BEFORE_HOUR: ReadonlySet<string> = new Set('at by before until till from after around'.split(' '));
const AFTER_HOUR: ReadonlySet<string> = new Set(
  `and as at because but for he i if in is it on or our sharp she so that the then there they this to today tomorrow tonight
  until we when with you your latest`.split(/\s+/),
);
const RANGE: ReadonlySet<string> = new Set(['to', 'until', 'till', 'through', 'thru']);

const END = '(?![\\p{L}\\p{N}])';
const UNIT = '(?= ?(?:%|percent|per cent|k|m|mn|mio|million|bn|billion)(?![\\p{L}\\p{N}]))';
const GAP = /[^\p{L}\p{N}%&]+/uy;
const WORD = /[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/uy;
const DATE_TIME = new RegExp(`(\\d{4})-(\\d\\d)-(\\d\\d)(?:[t ](\\d\\d):(\\d\\d)(?::\\d\\d)?z?)?${END}`, 'uy');
const HALF_DAY = new RegExp(`(\\d{1,2})(?:[:.h](\\d\\d))? ?([ap])\\.? ?m${END}`, 'uy');
const CLOCK = new RegExp(`(\\d{1,2})[:h](\\d\\d)(?::\\d\\d)?(?: ?(?:h|hrs))?${END}`, 'uy');
const DOTTED = new RegExp(`(\\d{1,2})\\.(\\d\\d)${END}(?![.,:]\\d)(?!${UNIT.slice(3)}`, 'uy');
const GROUPED =
  /([1-9]\d{0,2})((?:,\d{3})+|(?:'\d{3})+|(?:\.\d{3}){2,}|\.000|(?: \d{3}){2,}|(?: \d00))(?:\.(\d+))?(?![\d])/uy;
const DECIMAL = /(\d+)\.(\d+)/uy;
const COMMA = new RegExp(`(\\d+),(\\d{1,2})${UNIT}`, 'uy');
const PLAIN = /(\d+)/uy;
const ORDINAL = new RegExp(`(?:st|nd|rd|th)${END}`, 'uy');
const MAGNITUDE = new RegExp(`(?:(m)|[ -]?(k|mn|mio|bn|thousand|grand|million|billion))${END}`, 'uy');

/** The tokens of `text`, in order. */
export function normalise(text: string): Token[] {
  return [spelledNumbers, clocks, dates, ranges, spellings].reduce((tokens, pass) => pass(tokens), scan(plain(text)));
}

/** Cached readings of times and small numbers, of which there are a few thousand; phrases may contain them a million times. */
const READINGS = new Map<string, readonly string[]>();

/** The tokens with the same meaning as `text`: 18:30 may be written 6:30, and 3 may be a day of a month. */
export function readings(text: string): readonly string[] {
  const known = READINGS.get(text);
  if (known !== undefined) return known;
  const found = findReadings(text);
  // All other texts have only themselves as a reading, and their number is unlimited, so they are not cached.
  if (found.length > 1) READINGS.set(text, found);
  return found;
}

function findReadings(text: string): string[] {
  const clock = /^(\d{1,2}):(\d\d)$/.exec(text);
  const bare = /^@?(\d{1,2})$/.exec(text);
  const found = [text];
  if (clock !== null || text.startsWith('@')) {
    const hour = Number(clock?.[1] ?? bare?.[1]);
    const minute = clock?.[2] ?? '00';
    const open = hour < 13 && clock?.[1]?.length !== 2;
    const hours = open ? [hour, hour % 12, (hour % 12) + 12] : [hour];
    for (const one of hours) {
      found.push(`${String(one).padStart(2, '0')}:${minute}`);
      const twelve = one % 12 || 12;
      if (twelve < 10) found.push(`${twelve}:${minute}`);
      if (minute === '00') found.push(`@${one}`, `@${twelve}`);
    }
  }
  if (bare !== null) {
    const number = bare[1] ?? '';
    found.push(number, `@${number}`, ...MONTH_KEYS.map((month) => number + month));
  }
  return [...new Set(found)];
}

/** Folds compatibility forms, accents, invisible characters and runs of white space, and converts to lower case. */
function plain(text: string): string {
  if (!/[^ -~\t\r\n]|`/.test(text)) return text.toLowerCase().replace(/\s+/g, ' ');
  return (
    text
      .replace(/[\u2018\u2019\u02bc`\u00b4]/g, "'")
      .replace(/(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))/g, ',')
      // Marks are removed first, since sorting a long run of them takes quadratic time.
      .replace(/[\p{M}\p{Cf}]+/gu, '')
      .normalize('NFKD')
      .replace(/\p{M}+/gu, '')
      .normalize('NFKC')
      .toLowerCase()
      .replace(/\s+/g, ' ')
  );
}

function match(form: RegExp, line: string, at: number): RegExpExecArray | null {
  form.lastIndex = at;
  return form.exec(line);
}

function scan(line: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ; ) {
    const gap = match(GAP, line, at)?.[0] ?? '';
    at += gap.length;
    const first = line.charAt(at);
    if (first === '') return tokens;
    const symbol = SYMBOLS.get(first);
    if (symbol !== undefined) {
      tokens.push({ text: symbol, kind: 'word', gap });
      at += 1;
    } else if (first >= '0' && first <= '9') {
      at = numeral(line, at, gap, tokens);
    } else {
      const word = match(WORD, line, at)?.[0] ?? first;
      const text = word.endsWith("'s") ? word.slice(0, -2) : word;
      tokens.push({ text: text.replaceAll("'", ''), kind: 'word', gap });
      at += word.length;
    }
  }
}

/** Reads the numeral that begins with a digit at `at`, and appends its tokens. Returns where it ends. */
function numeral(line: string, at: number, gap: string, tokens: Token[]): number {
  const dated = match(DATE_TIME, line, at);
  const month = MONTH_KEYS[Number(dated?.[2]) - 1];
  if (dated !== null && month !== undefined) {
    tokens.push({ text: `${Number(dated[3])}${month}`, kind: 'date', gap });
    const time = clockText(dated[4], dated[5]);
    if (time !== undefined) tokens.push({ text: time, kind: 'clock', gap: ' ' });
    return at + dated[0].length;
  }
  const half = match(HALF_DAY, line, at);
  const clock = half ?? match(CLOCK, line, at) ?? dotted(line, at, gap, tokens.at(-1)?.text);
  const time = clockText(clock?.[1], clock?.[2] ?? '00', half?.[3]);
  if (clock !== null && time !== undefined) {
    tokens.push({ text: time, kind: 'clock', gap });
    return at + clock[0].length;
  }
  const number = [GROUPED, COMMA, DECIMAL, PLAIN].reduce<RegExpExecArray | null>(
    (found, form) => found ?? match(form, line, at),
    null,
  );
  const grouped = number !== null && number[2] !== undefined && /\D/.test(number[2].charAt(0));
  const whole = (number?.[1] ?? '') + (grouped ? (number[2] ?? '').replace(/\D/g, '') : '');
  const fraction = (grouped ? number[3] : number?.[2]) ?? '';
  const end = at + (number?.[0].length ?? 1);
  const ordinal = match(ORDINAL, line, end);
  const magnitude = ordinal === null ? match(MAGNITUDE, line, end) : null;
  const power = MAGNITUDES.get(magnitude?.[1] ?? magnitude?.[2] ?? '') ?? 0;
  tokens.push({ text: shifted(whole, fraction, power), kind: ordinal === null ? 'number' : 'ordinal', gap });
  return end + (ordinal?.[0] ?? magnitude?.[0] ?? '').length;
}

/** A time with a dot: "09.30", and "9.30" after a word like "at"; not an amount of money. */
function dotted(line: string, at: number, gap: string, before: string | undefined): RegExpExecArray | null {
  const found = match(DOTTED, line, at);
  if (found === null || /\p{Sc}$/u.test(gap.slice(-2))) return null;
  return found[1]?.length === 2 || (before !== undefined && BEFORE_TIME.has(before)) ? found : null;
}

/** HH:MM, or H:MM if a single digit leaves am or pm open. */
function clockText(hours: string | undefined, minutes: string | undefined, half?: string): string | undefined {
  let hour = Number(hours);
  if (hours === undefined || minutes === undefined || !(hour < 24) || !(Number(minutes) < 60)) return undefined;
  if (half !== undefined && hour <= 12) hour = (hour % 12) + (half === 'p' ? 12 : 0);
  else if (hours.length === 1 && hour > 0) return `${hour}:${minutes}`;
  return `${String(hour).padStart(2, '0')}:${minutes}`;
}

/** `whole.fraction` times ten to the `power`, without zeros at the end of the fraction. */
function shifted(whole: string, fraction: string, power: number): string {
  let end = fraction.length;
  while (end > power && fraction[end - 1] === '0') end--;
  const digits = whole + fraction.slice(0, power).padEnd(power, '0');
  let start = 0;
  while (power > 0 && start < digits.length - 1 && digits[start] === '0') start++;
  return digits.slice(start) + (end > power ? `.${fraction.slice(power, end)}` : '');
}

/**
 * Rewrites tokens from left to right.
 * @param rule Appends the tokens that replace a token to `out`. Returns the number of further tokens that it has used.
 */
function rewrite(tokens: readonly Token[], rule: (token: Token, at: number, out: Token[]) => number): Token[] {
  const out: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token !== undefined) at += rule(token, at, out);
  }
  return out;
}

/** "twenty-four" is 24, "three hundred and forty" is 340, "eleven thousand nine hundred" is 11900. */
function spelledNumbers(tokens: readonly Token[]): Token[] {
  return rewrite(tokens, (token, at, out) => {
    const read = readSpelled(tokens, at);
    out.push(read === undefined ? token : { text: String(read.value), kind: 'spelled', gap: token.gap });
    return read === undefined ? 0 : read.next - at - 1;
  });
}

/** The word at `at` if only a space or a hyphen precedes it, otherwise an empty string. */
function joined(tokens: readonly Token[], at: number): string {
  const token = tokens[at];
  return token !== undefined && (token.gap === ' ' || token.gap === '-') ? token.text : '';
}

type Read = { readonly value: number; readonly next: number };

function readSpelled(tokens: readonly Token[], start: number): Read | undefined {
  let part = readHundreds(tokens, start);
  let total = 0;
  let next = start;
  for (let limit = Number.POSITIVE_INFINITY; part !== undefined; ) {
    const scale = SCALES.get(joined(tokens, part.next)) ?? 1;
    if (scale >= limit) break;
    total += part.value * scale;
    next = part.next + (scale > 1 ? 1 : 0);
    if (scale === 1) break;
    limit = scale;
    part =
      joined(tokens, next) === ''
        ? undefined
        : (readHundreds(tokens, next) ?? (joined(tokens, next) === 'and' ? readHundreds(tokens, next + 1) : undefined));
  }
  return next === start ? undefined : { value: total, next };
}

function readHundreds(tokens: readonly Token[], start: number): Read | undefined {
  const article = tokens[start]?.text === 'a' && joined(tokens, start + 1) === 'hundred';
  const head = article ? { value: 1, next: start + 1 } : readTens(tokens, start);
  if (head === undefined || head.value === 0 || joined(tokens, head.next) !== 'hundred') return head;
  const after = head.next + 1;
  const word = joined(tokens, after);
  const rest = word === '' ? undefined : readTens(tokens, word === 'and' ? after + 1 : after);
  return { value: head.value * 100 + (rest?.value ?? 0), next: rest?.next ?? after };
}

function readTens(tokens: readonly Token[], start: number): Read | undefined {
  const value = SMALL.get(tokens[start]?.text ?? '');
  if (value === undefined) return undefined;
  const unit = value >= 20 ? (SMALL.get(joined(tokens, start + 1)) ?? 0) : 0;
  return unit > 0 && unit < 10 ? { value: value + unit, next: start + 2 } : { value, next: start + 1 };
}

/** Reads "half past nine", "nine thirty", "nine o'clock", "nine pm", "12 noon", and hours that stand alone. */
function clocks(tokens: readonly Token[]): Token[] {
  return rewrite(tokens, (token, at, out) => {
    const { text, gap } = token;
    const one = tokens[at + 1];
    const two = tokens[at + 2];
    const previous = out.at(-1);
    const put = (clock: string, used: number): number => {
      out.push({ text: clock, kind: 'clock', gap });
      return used;
    };
    if (NOON.has(text)) {
      if (gap === ' ' && previous !== undefined && ['12', '@12', '12:00', '00:00'].includes(previous.text)) out.pop();
      return put(NOON.get(text) ?? text, 0);
    }
    if ((text === 'half' || text === 'quarter') && one?.text === 'past' && isHour(two)) {
      return put(`${two.text}:${text === 'half' ? '30' : '15'}`, 2);
    }
    if (text === 'quarter' && one?.text === 'to' && isHour(two)) {
      return put(`${Number(two.text) - 1 || 12}:45`, 2);
    }
    if (isHour(token)) {
      if (one?.text === 'oclock') return put(`${text}:00`, 1);
      if (one?.text === 'am' || one?.text === 'pm') return put(clockText(text, '00', one.text.charAt(0)) ?? text, 1);
      if (token.kind === 'spelled' && one?.kind === 'spelled' && /^[1-5][05]$/.test(one.text)) {
        return put(`${text}:${one.text}`, 1);
      }
    }
    const isBare = isNumber(token) && previous !== undefined && isBareHour(token, previous, one);
    out.push(isBare ? { ...token, text: `@${text}` } : token);
    return 0;
  });
}

export function isNumber(token: Token | undefined): token is Token {
  return token !== undefined && (token.kind === 'number' || token.kind === 'spelled' || token.kind === 'ordinal');
}

function isHour(token: Token | undefined): token is Token {
  return isNumber(token) && /^(?:[1-9]|1[0-2])$/.test(token.text);
}

function isBareHour(token: Token, before: Token, after: Token | undefined): boolean {
  if (token.kind === 'ordinal' || !/^(?:[1-9]|1\d|2[0-3])$/.test(token.text) || !BEFORE_HOUR.has(before.text))
    return false;
  return after === undefined || after.gap !== ' ' || AFTER_HOUR.has(after.text);
}

function dayOf(token: Token | undefined): string | undefined {
  if (!isNumber(token)) return undefined;
  const day = /^@?(\d{1,2})$/.exec(token.text)?.[1];
  return day !== undefined && Number(day) >= 1 && Number(day) <= 31 ? String(Number(day)) : undefined;
}

/** Reads "24 October", "24th of October" and "October 24" as `24oct`. */
function dates(tokens: readonly Token[]): Token[] {
  return rewrite(tokens, (token, at, out) => {
    const { gap } = token;
    const day = dayOf(token);
    const of = tokens[at + 1]?.text === 'of' ? 1 : 0;
    const name = tokens[at + 1 + of]?.text ?? '';
    // "All 24 may go": a plain number before "may" is not a date.
    const month = name === 'may' && of === 0 && token.kind !== 'ordinal' ? undefined : MONTH_OF.get(name);
    const next = dayOf(tokens[at + 1]);
    const lead = MONTH_OF.get(token.text);
    if (day !== undefined && month !== undefined) {
      out.push({ text: day + month, kind: 'date', gap });
      return 1 + of;
    }
    const isLed = lead !== undefined && next !== undefined;
    out.push(isLed ? { text: next + lead, kind: 'date', gap } : token);
    return isLed ? 1 : 0;
  });
}

/** Between two numbers, times or dates, a dash and words like "until" become "to". Both ends of a range get a month. */
function ranges(tokens: readonly Token[]): Token[] {
  return rewrite(tokens, (token, at, out) => {
    const before = out.at(-1);
    if (before === undefined || token.kind === 'word' || (before.kind === 'word' && before.text !== 'to')) {
      const joins = RANGE.has(token.text) || (token.text === 'and' && out.at(-2)?.text === 'between');
      const inside = joins && before !== undefined && before.kind !== 'word' && tokens[at + 1]?.kind !== 'word';
      out.push(inside && at + 1 < tokens.length ? { ...token, text: 'to' } : token);
      return 0;
    }
    const dashed = before.kind !== 'word' && /^ ?[-\u2010-\u2015] ?$/.test(token.gap);
    if (dashed) out.push({ text: 'to', kind: 'word', gap: '' });
    const from = out.at(-1)?.text === 'to' ? out.at(-2) : undefined;
    const first = dayOf(from);
    const last = dayOf(token);
    if (from !== undefined && first !== undefined && token.kind === 'date') {
      out.splice(-2, 1, { ...from, text: first + token.text.slice(-3), kind: 'date' });
      out.push(token);
    } else if (from?.kind === 'date' && last !== undefined && Number(last) > Number.parseInt(from.text, 10)) {
      out.push({ ...token, text: last + from.text.slice(-3), kind: 'date' });
    } else out.push(token);
    return 0;
  });
}

/** Unifies the spelling of words, joins "per cent", and drops names of money next to a number. */
function spellings(tokens: readonly Token[]): Token[] {
  return rewrite(tokens, (token, at, out) => {
    const before = out.at(-1);
    if (token.kind !== 'word') out.push(token);
    else if (MONEY.has(token.text) && (isNumber(before) || isNumber(tokens[at + 1]))) return 0;
    else if (token.text === 'cent' && before?.text === 'per') out.splice(-1, 1, { ...before, text: 'percent' });
    else out.push({ ...token, text: SPELLINGS.get(token.text) ?? token.text });
    return 0;
  });
}

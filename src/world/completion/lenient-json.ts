/**
 * Reads JSON with the mistakes that models make if the meaning is clear: raw line breaks and tabs in strings, single quotes,
 * trailing commas, and Python's None, True and False. One pass, from left to right.
 */
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const MAX_DEPTH = 64;
/** The maximum length of a number or literal. */
const MAX_WORD = 32;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const LITERALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['True', true],
  ['False', false],
  ['None', null],
]);

/** Thrown if the text is not what the reader expects. */
export class LenientError extends Error {
  override readonly name = 'LenientError';
}

/** Reads values from a text, one after the other. */
export class LenientReader {
  /** Index of the next character. */
  at: number;
  private readonly text: string;
  private readonly end: number;

  constructor(text: string, from = 0, to = text.length) {
    this.text = text;
    this.at = from;
    this.end = to;
  }

  get atEnd(): boolean {
    return this.at >= this.end;
  }

  /** Skips white space and then this character. Returns false if another character follows. */
  takes(character: string): boolean {
    this.skip();
    if (this.next() !== character) return false;
    this.at++;
    return true;
  }

  /** Skips white space and reads a word of letters, digits, points and underscores; empty if there is none. */
  word(): string {
    this.skip();
    const from = this.at;
    while (isWordUnit(this.unit())) this.at++;
    return this.text.slice(from, this.at);
  }

  /** @throws LenientError */
  value(depth = 0): unknown {
    if (depth > MAX_DEPTH) throw new LenientError('nested too deeply');
    if (this.takes('{')) return this.object(depth);
    if (this.takes('[')) return this.list(depth);
    const unit = this.unit();
    return unit === QUOTE || unit === APOSTROPHE ? this.string() : this.scalar();
  }

  private object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    while (!this.takes('}')) {
      this.skip();
      const key = this.string();
      if (!this.takes(':')) this.fail('expected a :');
      setField(object, key, this.value(depth + 1));
      if (this.takes(',')) continue;
      if (!this.takes('}')) this.fail('expected a , or a }');
      break;
    }
    return object;
  }

  private list(depth: number): unknown[] {
    const list: unknown[] = [];
    while (!this.takes(']')) {
      list.push(this.value(depth + 1));
      if (this.takes(',')) continue;
      if (!this.takes(']')) this.fail('expected a , or a ]');
      break;
    }
    return list;
  }

  private string(): string {
    const mark = this.unit();
    if (mark !== QUOTE && mark !== APOSTROPHE) this.fail('expected a string');
    let read = '';
    let from = ++this.at;
    for (; ; this.at++) {
      const unit = this.unit();
      if (unit < 0) this.fail('a string is never closed');
      if (unit === mark) break;
      if (unit !== BACKSLASH) continue;
      read += this.text.slice(from, this.at++) + this.escape();
      from = this.at + 1;
    }
    return read + this.text.slice(from, this.at++);
  }

  /** Reads an escape sequence after its backslash. Afterwards `at` is at its last character. */
  private escape(): string {
    const kind = this.next();
    const digits = kind === 'u' ? 4 : kind === 'x' ? 2 : 0;
    if (digits === 0) return ESCAPES[kind] ?? this.fail('an escape that is none');
    const code = this.text.slice(this.at + 1, Math.min(this.at + 1 + digits, this.end));
    if (code.length < digits || !/^[\da-fA-F]+$/.test(code)) this.fail('an escape that is none');
    this.at += digits;
    return String.fromCharCode(Number.parseInt(code, 16));
  }

  private scalar(): unknown {
    const from = this.at;
    while (this.at - from <= MAX_WORD && (isWordUnit(this.unit()) || this.next() === '-' || this.next() === '+'))
      this.at++;
    const word = this.text.slice(from, this.at);
    if (LITERALS.has(word)) return LITERALS.get(word);
    if (!/^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?$/.test(word)) this.fail('expected a value');
    return Number(word);
  }

  private skip(): void {
    for (let unit = this.unit(); unit === 0x20 || (unit >= 0x09 && unit <= 0x0d); unit = this.unit()) this.at++;
  }

  private next(): string {
    return this.at < this.end ? this.text.charAt(this.at) : '';
  }

  /** The code of the next character, or -1 at the end. */
  private unit(): number {
    return this.at < this.end ? this.text.charCodeAt(this.at) : -1;
  }

  private fail(what: string): never {
    throw new LenientError(`${what} at position ${this.at}`);
  }
}

/** Sets a field whose name comes from outside. An assignment to `__proto__` would set the prototype. */
export function setField(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function isWordUnit(unit: number): boolean {
  const isDigit = unit >= 0x30 && unit <= 0x39;
  const isLetter = (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a;
  return isDigit || isLetter || unit === 0x5f || unit === 0x2e;
}

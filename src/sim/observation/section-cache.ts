/** Sections of observations that a thread keeps, so that a section in the same state is the same object. */
import type { EpisodeState } from '../../world/state.ts';

/** The maximum size of what a thread keeps, about in bytes. */
const MAX_KEPT = 2 ** 25;
/** Bytes that an entry by numbers counts as besides its key, and a section besides its text. */
const ENTRY = 200;
const SECTION = 300;

/** The bytes that are kept, how many they may be, and how often everything was forgotten. */
const memory = { used: 0, limit: MAX_KEPT, generation: 0 };

/** The bytes of sections that a thread may keep: a sixteenth of its heap limit, and at most 32 MiB. */
export function sectionLimit(heapLimit: number): number {
  return Math.min(MAX_KEPT, Math.floor(heapLimit / 16));
}

/** Adapts what this thread keeps to its heap. @param heapLimit in bytes */
export function limitSections(heapLimit: number): void {
  memory.limit = sectionLimit(heapLimit);
}

/** How often all sections of the thread were forgotten. */
export function sectionGeneration(): number {
  return memory.generation;
}

let nextId = 1;

function take(bytes: number): void {
  memory.used += bytes;
  if (memory.used < memory.limit) return;
  memory.used = 0;
  memory.generation++;
}

export const ALWAYS = Number.NEGATIVE_INFINITY;
const NEVER = Number.POSITIVE_INFINITY;

/** The longest period around an instant without a change: from one instant on, and before another one. */
export class Period {
  from = ALWAYS;
  until = NEVER;
  private readonly now: number;

  constructor(now: number) {
    this.now = now;
  }

  changesAt(instant: number): void {
    if (instant <= this.now) this.from = Math.max(this.from, instant);
    else this.until = Math.min(this.until, instant);
  }
}

/** A list of whole numbers with its hash. One object serves all look-ups. */
class Key {
  hash = 0;
  length = 0;
  private numbers = new Int32Array(256);

  clear(): this {
    this.hash = 0;
    this.length = 0;
    return this;
  }

  /** Adds the last 32 bits of a whole number. */
  add(number: number): this {
    if (this.length === this.numbers.length) this.grow();
    this.numbers[this.length++] = number;
    this.hash = Math.imul(this.hash ^ number, 0x9e3779b1);
    return this;
  }

  /** Adds these bits of bytes, four bytes in each number as far as they go. */
  addBytes(part: Uint8Array, bits = 0xff): this {
    const mask = Math.imul(bits, 0x01010101);
    const whole = part.length - (part.length % 4);
    for (let i = 0; i < whole; i += 4) {
      const four = (part[i] ?? 0) | ((part[i + 1] ?? 0) << 8) | ((part[i + 2] ?? 0) << 16) | ((part[i + 3] ?? 0) << 24);
      this.add(four & mask);
    }
    for (let i = whole; i < part.length; i++) this.add((part[i] ?? 0) & bits);
    return this;
  }

  /** Adds a part of a state word by word. */
  addWords({ region, words }: EpisodeState, part: Float64Array | Int32Array): this {
    const first = (part.byteOffset - region.byteOffset) / 4;
    const end = first + part.byteLength / 4;
    for (let at = first; at < end; at++) this.add(words[at] ?? 0);
    return this;
  }

  copy(): Int32Array {
    return this.numbers.slice(0, this.length);
  }

  equals(numbers: Int32Array): boolean {
    if (numbers.length !== this.length) return false;
    for (let i = 0; i < numbers.length; i++) if (numbers[i] !== this.numbers[i]) return false;
    return true;
  }

  private grow(): void {
    const larger = new Int32Array(2 * this.numbers.length);
    larger.set(this.numbers);
    this.numbers = larger;
  }
}

/** Values by lists of whole numbers. */
export class ByNumbers<T> {
  /** The list that `find` and `add` are about. */
  readonly key = new Key();
  size = 0;
  private readonly known = new Map<number, { readonly numbers: Int32Array; readonly value: T }[]>();

  find(): T | undefined {
    const { key } = this;
    const entries = this.known.get(key.hash);
    if (entries === undefined) return undefined;
    for (const { numbers, value } of entries) if (key.equals(numbers)) return value;
    return undefined;
  }

  add(value: T): T {
    const { key, known } = this;
    const entry = { numbers: key.copy(), value };
    const entries = known.get(key.hash);
    if (entries === undefined) known.set(key.hash, [entry]);
    else entries.push(entry);
    this.size++;
    return value;
  }

  clear(): void {
    this.known.clear();
    this.size = 0;
  }
}

/** The same, of what is forgotten if the thread keeps too much. */
export class KeptByNumbers<T> extends ByNumbers<T> {
  private generation = memory.generation;

  override find(): T | undefined {
    if (this.generation !== memory.generation) {
      this.clear();
      this.generation = memory.generation;
    }
    return super.find();
  }

  /** @param bytes The approximate size of the value. */
  override add(value: T, bytes = 0): T {
    take(4 * this.key.length + ENTRY + bytes);
    return super.add(value);
  }
}

/** The text of a section, and the same in UTF-8. */
export type SectionText = { readonly text: string; readonly utf8: Uint8Array };

/** A section of an observation. Its text and its bytes are made on first use. */
export class Section<T> implements SectionText {
  readonly content: T;
  /** A number that no other section of the thread has. */
  readonly id = nextId++;
  private readonly period: Period;
  private readonly write: () => string;
  private written: string | undefined;
  private encoded: Buffer | undefined;
  private escaped: string | undefined;
  private escapedBytes: Buffer | undefined;

  constructor(content: T, period: Period, write: () => string) {
    this.content = content;
    this.period = period;
    this.write = write;
  }

  /** Whether the section is the same at this time if nothing else has changed. */
  covers(clock: number): boolean {
    return this.period.from <= clock && clock < this.period.until;
  }

  get text(): string {
    if (this.written === undefined) {
      this.written = this.write();
      take(this.written.length);
    }
    return this.written;
  }

  /** The text in UTF-8. */
  get utf8(): Buffer {
    if (this.encoded === undefined) {
      this.encoded = Buffer.from(this.text);
      take(this.encoded.length);
    }
    return this.encoded;
  }

  /** The text, escaped for a JSON string. */
  get json(): string {
    if (this.escaped === undefined) {
      // A copy: V8 would copy a slice again for each text that contains it.
      this.escaped = Buffer.from(JSON.stringify(this.text).slice(1, -1)).toString();
      take(this.escaped.length);
    }
    return this.escaped;
  }

  /** The same in UTF-8. */
  get jsonBytes(): Buffer {
    if (this.escapedBytes === undefined) {
      this.escapedBytes = Buffer.from(this.json);
      take(this.escapedBytes.length);
    }
    return this.escapedBytes;
  }
}

/** Sections of one kind by the part of the state that they show. There is a section for each period. */
export class SectionCache<T> {
  private readonly known = new KeptByNumbers<Section<T>[]>();
  private readonly write: (content: T) => string;

  constructor(write: (content: T) => string) {
    this.write = write;
  }

  /** The part of the state that `find` and `add` are about. */
  get key(): Key {
    return this.known.key;
  }

  find(clock: number): Section<T> | undefined {
    return this.known.find()?.find((section) => section.covers(clock));
  }

  /** Freezes the content. */
  add(content: T, period: Period): Section<T> {
    freeze(content);
    const section = new Section(content, period, () => this.write(content));
    const sections = this.known.find() ?? this.known.add([]);
    sections.push(section);
    take(SECTION);
    return section;
  }
}

/** Freezes a value and all values in it. */
function freeze(value: unknown): void {
  if (Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value as object)) freeze(part);
}

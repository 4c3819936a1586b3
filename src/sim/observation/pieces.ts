/**
 * Builds texts from parts in UTF-8 that are encoded once and cached. They lie in a memory of WebAssembly, where a small program
 * (assembly/sections.ts) selects and copies them several times faster than JavaScript does.
 */
import { MONTHS, WEEKDAYS } from '../../lib/time.ts';
import { PROGRAM } from './program.ts';

/** An address in the memory. The text at address 0 is empty. */
export type Address = number;

/** The exports of assembly/sections.ts. */
type Program = {
  open(...rooms: Address[]): void;
  begin(): void;
  add(piece: Address): void;
  measure(): number;
  gather(to: Address, limit: Address): Address;
  copy(from: Address, length: number, to: Address, limit: Address): Address;
  head(
    scene: Address,
    time: Address,
    steps: number,
    left: number,
    stress: number,
    end: Address,
    action: Address,
  ): number;
  inbox(scene: Address): void;
  calendar(scene: Address, pairs: number): void;
  people(scene: Address): number;
  tasks(scene: Address): number;
};

/** The memory and the offset of another text. */
export type TextPlace = { readonly memory: ArrayBufferLike; readonly offset: number };

const PAGE = 65_536;
/** Memory for texts that are used once: by JavaScript, then by the program. */
const SCRATCH = 16;
const SCRATCH_END = 65_536;
const NUMBER_SCRATCH = SCRATCH_END;
const NUMBER_SCRATCH_END = NUMBER_SCRATCH + 65_536;
/** The text under construction. A longer text is cut. */
const TEXT = NUMBER_SCRATCH_END;
const MAX_TEXT_BYTES = 256 * 1_024;
/** A copy of a part of another text. */
const TAKEN = TEXT + MAX_TEXT_BYTES + 64;
/** The addresses of the texts to copy; as many as a text can have bytes. */
const LIST = TAKEN + MAX_TEXT_BYTES + 64;
const LIST_END = LIST + 4 * MAX_TEXT_BYTES;
/**
 * The texts of whole numbers and of the minutes of a day, by value, and of weekdays and months; and the memory of an instant.
 */
const NUMBERS = LIST_END;
const KNOWN_NUMBERS = 1_024;
const CLOCKS = NUMBERS + 4 * KNOWN_NUMBERS;
const MINUTES = 1_440;
const DAY_NAMES = CLOCKS + 4 * MINUTES;
const INSTANT = DAY_NAMES + 4 * 20;
/** The cached texts. */
const KEPT = INSTANT + 8;
/** `isFull` is true once this number of bytes is cached. */
const FULL = 64 * 1_024 * 1_024;
/** The copy reads and writes up to this number of bytes after a text. */
const MARGIN = 32;

const encoder = new TextEncoder();

/** The cache of texts in the memory of WebAssembly, and the text under construction. */
export class Pieces {
  /** The program that selects and copies. SectionWriter calls its sections. */
  readonly program: Program;
  /** False once a text that is not ASCII was cached. */
  onlyAscii = true;
  private readonly memory = new WebAssembly.Memory({ initial: Math.ceil(KEPT / PAGE) + 16 });
  /** All of the memory. The views are replaced when the memory has grown. */
  private buffer: ArrayBuffer;
  private bytes: Uint8Array;
  private buffered: Buffer;
  private words: Int32Array;
  private doubles: Float64Array;
  private keptEnd = KEPT;
  private scratchEnd = SCRATCH;
  /** The bounds of the text that was copied so far. */
  private textBegin = TEXT;
  private textEnd = TEXT;

  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(PROGRAM, 'base64')), {
      env: { memory: this.memory },
    });
    // A copy, because access to the exports of a module is a slow dictionary lookup.
    this.program = { ...(exports as Program) };
    this.program.open(LIST, LIST_END, NUMBERS, CLOCKS, DAY_NAMES, INSTANT, NUMBER_SCRATCH, NUMBER_SCRATCH_END);
    this.buffer = this.memory.buffer;
    this.bytes = new Uint8Array(this.buffer);
    this.buffered = Buffer.from(this.buffer);
    this.words = new Int32Array(this.buffer);
    this.doubles = new Float64Array(this.buffer);
    this.clear();
  }

  /** Number of cached bytes. */
  get keptBytes(): number {
    return this.keptEnd - KEPT;
  }

  /** Whether the cache should be cleared. */
  get isFull(): boolean {
    return this.keptBytes > FULL;
  }

  /** Discards everything that was cached. */
  clear(): void {
    this.keptEnd = KEPT;
    for (let value = 0; value < KNOWN_NUMBERS; value++) this.set(NUMBERS, value, this.keep(String(value)));
    for (let minute = 0; minute < MINUTES; minute++) this.set(CLOCKS, minute, this.keep(clockText(minute)));
    const names = [...WEEKDAYS.map((day) => `${day} `), ...MONTHS.map((month) => ` ${month} `)];
    for (const [place, name] of names.entries()) this.set(DAY_NAMES, place, this.keep(name));
  }

  /** Caches a text and returns its address; 0 for an empty text. */
  keep(text: string): Address {
    const encoded = encoder.encode(text);
    if (encoded.length !== text.length) this.onlyAscii = false;
    return this.keepBytes(encoded);
  }

  /** Joins several texts to one. */
  join(parts: readonly Address[]): Address {
    const { bytes, words } = this;
    const texts = parts.map((part) => bytes.subarray(part + 4, part + 4 + (part === 0 ? 0 : (words[part >> 2] ?? 0))));
    return this.keepBytes(Buffer.concat(texts));
  }

  /** Stores a list of addresses or other whole numbers. */
  list(values: ArrayLike<number>): Address {
    const at = this.room(4 * values.length);
    this.words.set(values, at >> 2);
    return at;
  }

  /** Stores a list of doubles. */
  numbers(values: ArrayLike<number>): Address {
    const at = this.room(8 * values.length);
    this.doubles.set(values, at >> 3);
    return at;
  }

  /** Reserves this number of bytes, filled with zeros. */
  room(bytes: number): Address {
    const at = (this.keptEnd + 7) & ~7;
    const end = at + bytes;
    if (end + MARGIN > this.bytes.length) {
      this.memory.grow(Math.ceil((end + MARGIN - this.bytes.length) / PAGE) + Math.ceil(this.bytes.length / PAGE / 4));
      this.buffer = this.memory.buffer;
      this.bytes = new Uint8Array(this.buffer);
      this.buffered = Buffer.from(this.buffer);
      this.words = new Int32Array(this.buffer);
      this.doubles = new Float64Array(this.buffer);
    }
    this.bytes.fill(0, at, end);
    this.keptEnd = end;
    return at;
  }

  /** An entry of a list. */
  get(list: Address, index: number): number {
    return this.words[(list >> 2) + index] ?? 0;
  }

  /** Writes an entry of a list. */
  set(list: Address, index: number, value: number): void {
    this.words[(list >> 2) + index] = value;
  }

  /** Copies bytes to an address. */
  put(bytes: Uint8Array, at: Address): void {
    this.bytes.set(bytes, at);
  }

  /** The instant at which the section that was chosen last will read differently. */
  get until(): number {
    return this.doubles[INSTANT >> 3] ?? 0;
  }

  /** Begins a text. */
  begin(): void {
    this.scratchEnd = SCRATCH;
    this.program.begin();
    this.alignTo(0);
  }

  /**
   * Aligns the text to 8 bytes like `offset`, its destination. Must be called before anything is copied. Copies to shared
   * memory are faster with equal alignment.
   */
  alignTo(offset: number): void {
    this.textBegin = this.textEnd = TEXT + (offset & 7);
  }

  /** Adds a text of at most a few thousand characters to the list of texts to copy. Returns its length in bytes. */
  addText(text: string): number {
    const at = this.scratchEnd;
    if (at + 4 + text.length * 3 + MARGIN > SCRATCH_END) throw new RangeError('there is no room for more short texts');
    // For a text that is a slice of another one, this takes a third of the time of a loop over its characters.
    const length = this.buffered.write(text, at + 4, SCRATCH_END - at - 4, 'utf8');
    if (length === 0) return 0;
    this.words[at >> 2] = length;
    this.scratchEnd = (at + 4 + length + 3) & ~3;
    this.program.add(at);
    return length;
  }

  /** Copies the listed texts to the end of the text. Returns the new length in bytes. */
  append(): number {
    this.textEnd = this.program.gather(this.textEnd, this.textBegin + MAX_TEXT_BYTES);
    return this.textEnd - this.textBegin;
  }

  /** Copies a part of another text, at most MAX_TEXT_BYTES, to the end of this one. Returns the new length in bytes. */
  appendPart({ memory, offset }: TextPlace, from: number, to: number): number {
    // Both source and target are multiples of 8: see `alignTo`.
    const start = from & ~7;
    if (to > from) {
      // Twice as fast as `subarray`.
      this.bytes.set(new Uint8Array(memory, offset + start, to - start), TAKEN);
      const limit = this.textBegin + MAX_TEXT_BYTES;
      this.textEnd = this.program.copy(TAKEN + from - start, to - from, this.textEnd, limit);
    }
    return this.textEnd - this.textBegin;
  }

  /** The text, as a view that is valid until the next `begin`. */
  get text(): Uint8Array {
    return new Uint8Array(this.buffer, this.textBegin, this.textEnd - this.textBegin);
  }

  private keepBytes(encoded: Uint8Array): Address {
    if (encoded.length === 0) return 0;
    const at = this.room(4 + encoded.length);
    this.words[at >> 2] = encoded.length;
    this.bytes.set(encoded, at + 4);
    return at;
  }
}

function clockText(minute: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/**
 * Texts put together from pieces of UTF-8 that are encoded once. All of it lies in a memory of WebAssembly, where a small
 * program (assembly/sections.ts) chooses and copies pieces several times sooner than JavaScript does.
 */
import { MONTHS, WEEKDAYS } from '../../lib/time.ts';
import { PROGRAM } from './program.ts';

/** Where something lies in the memory; 0 is a piece without text. */
export type Address = number;

/** What assembly/sections.ts exports. */
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

/** Where another text lies. */
export type TextPlace = { readonly memory: ArrayBufferLike; readonly offset: number };

const PAGE = 65_536;
/** Pieces that are for one text only: those of JavaScript, then those of the program. */
const SCRATCH = 16;
const SCRATCH_END = 65_536;
const NUMBER_SCRATCH = SCRATCH_END;
const NUMBER_SCRATCH_END = NUMBER_SCRATCH + 65_536;
/** The text. What is longer is cut. */
const TEXT = NUMBER_SCRATCH_END;
const MAX_TEXT_BYTES = 256 * 1_024;
/** A part of another text. */
const TAKEN = TEXT + MAX_TEXT_BYTES + 64;
/** Addresses of the pieces that are to be copied, as many as a text can have bytes. */
const LIST = TAKEN + MAX_TEXT_BYTES + 64;
const LIST_END = LIST + 4 * MAX_TEXT_BYTES;
/** Pieces of whole numbers and of the minutes of a day, by their value, of weekdays and months; room for an instant. */
const NUMBERS = LIST_END;
const KNOWN_NUMBERS = 1_024;
const CLOCKS = NUMBERS + 4 * KNOWN_NUMBERS;
const MINUTES = 1_440;
const DAY_NAMES = CLOCKS + 4 * MINUTES;
const INSTANT = DAY_NAMES + 4 * 20;
/** What is kept. */
const KEPT = INSTANT + 8;
/** `isFull` when so many bytes are kept. */
const FULL = 64 * 1_024 * 1_024;
/** Read or written behind a piece or text, by the copy. */
const MARGIN = 32;

const encoder = new TextEncoder();

export class Pieces {
  /** What chooses and copies; its sections are asked by SectionWriter. */
  readonly program: Program;
  /** False once a text that is not ASCII was kept. */
  onlyAscii = true;
  private readonly memory = new WebAssembly.Memory({ initial: Math.ceil(KEPT / PAGE) + 16 });
  /** All of the memory; new views when it has grown. */
  private buffer: ArrayBuffer;
  private bytes: Uint8Array;
  private buffered: Buffer;
  private words: Int32Array;
  private doubles: Float64Array;
  private keptEnd = KEPT;
  private scratchEnd = SCRATCH;
  /** The text as it was copied so far. */
  private textBegin = TEXT;
  private textEnd = TEXT;

  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(PROGRAM, 'base64')), {
      env: { memory: this.memory },
    });
    // A copy, because what a module exports is read from a dictionary.
    this.program = { ...(exports as Program) };
    this.program.open(LIST, LIST_END, NUMBERS, CLOCKS, DAY_NAMES, INSTANT, NUMBER_SCRATCH, NUMBER_SCRATCH_END);
    this.buffer = this.memory.buffer;
    this.bytes = new Uint8Array(this.buffer);
    this.buffered = Buffer.from(this.buffer);
    this.words = new Int32Array(this.buffer);
    this.doubles = new Float64Array(this.buffer);
    this.clear();
  }

  /** How many bytes are kept. */
  get keptBytes(): number {
    return this.keptEnd - KEPT;
  }

  /** Whether it is time to `clear`. */
  get isFull(): boolean {
    return this.keptBytes > FULL;
  }

  /** Forgets everything that was kept. */
  clear(): void {
    this.keptEnd = KEPT;
    for (let value = 0; value < KNOWN_NUMBERS; value++) this.set(NUMBERS, value, this.keep(String(value)));
    for (let minute = 0; minute < MINUTES; minute++) this.set(CLOCKS, minute, this.keep(clockText(minute)));
    const names = [...WEEKDAYS.map((day) => `${day} `), ...MONTHS.map((month) => ` ${month} `)];
    for (const [place, name] of names.entries()) this.set(DAY_NAMES, place, this.keep(name));
  }

  /** A piece that is kept; 0 for an empty text. */
  keep(text: string): Address {
    const encoded = encoder.encode(text);
    if (encoded.length !== text.length) this.onlyAscii = false;
    return this.keepBytes(encoded);
  }

  /** Several pieces as one. */
  join(parts: readonly Address[]): Address {
    const { bytes, words } = this;
    const texts = parts.map((part) => bytes.subarray(part + 4, part + 4 + (part === 0 ? 0 : (words[part >> 2] ?? 0))));
    return this.keepBytes(Buffer.concat(texts));
  }

  /** A list of pieces or other whole numbers, which is kept. */
  list(values: ArrayLike<number>): Address {
    const at = this.room(4 * values.length);
    this.words.set(values, at >> 2);
    return at;
  }

  /** A list of doubles, which is kept. */
  numbers(values: ArrayLike<number>): Address {
    const at = this.room(8 * values.length);
    this.doubles.set(values, at >> 3);
    return at;
  }

  /** So many bytes, kept for what is put there: zeros at first. */
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

  /** Puts bytes in their place. */
  put(bytes: Uint8Array, at: Address): void {
    this.bytes.set(bytes, at);
  }

  /** When the section that was chosen last will read differently: an instant. */
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
   * Before anything is copied: the text is aligned to 8 bytes as this offset is, to which it will go. Memory that threads
   * share wants it.
   */
  alignTo(offset: number): void {
    this.textBegin = this.textEnd = TEXT + (offset & 7);
  }

  /** Adds a text of at most some thousand characters to the pieces that are to be copied. Returns its length in bytes. */
  addText(text: string): number {
    const at = this.scratchEnd;
    if (at + 4 + text.length * 3 + MARGIN > SCRATCH_END) throw new RangeError('there is no room for more short texts');
    // For a text that is a slice of another one, a third of the time of a loop over its characters.
    const length = this.buffered.write(text, at + 4, SCRATCH_END - at - 4, 'utf8');
    if (length === 0) return 0;
    this.words[at >> 2] = length;
    this.scratchEnd = (at + 4 + length + 3) & ~3;
    this.program.add(at);
    return length;
  }

  /** Copies the pieces that were chosen, behind the text. Returns how many bytes it has then. */
  append(): number {
    this.textEnd = this.program.gather(this.textEnd, this.textBegin + MAX_TEXT_BYTES);
    return this.textEnd - this.textBegin;
  }

  /** Copies a part of another text of at most MAX_TEXT_BYTES, behind this one. Returns how many bytes it has then. */
  appendPart({ memory, offset }: TextPlace, from: number, to: number): number {
    // From a multiple of 8 to another: see `alignTo`.
    const start = from & ~7;
    if (to > from) {
      // Twice as quick as `subarray`.
      this.bytes.set(new Uint8Array(memory, offset + start, to - start), TAKEN);
      const limit = this.textBegin + MAX_TEXT_BYTES;
      this.textEnd = this.program.copy(TAKEN + from - start, to - from, this.textEnd, limit);
    }
    return this.textEnd - this.textBegin;
  }

  /** The text, as a view that holds until the next one begins. */
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

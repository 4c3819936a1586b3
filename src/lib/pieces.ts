/**
 * Texts put together from pieces of UTF-8 that are encoded once. A few lines of WebAssembly copy them (gather.wat): for
 * pieces of some dozen bytes a call of `TypedArray.set` costs more than the copy.
 */
import { GATHER } from './gather-code.ts';

/** Where a piece lies in the memory. */
export type Piece = number;

type Gather = (list: number, end: number, to: number, limit: number) => number;

const PAGE = 65_536;
/** Pieces that are for one text only. */
const SCRATCH = 16;
const SCRATCH_END = 65_536;
/** The text. What is longer is cut. */
const TEXT = SCRATCH_END;
const MAX_TEXT_BYTES = 256 * 1_024;
/** A text from which parts are taken. */
const TAKEN = TEXT + MAX_TEXT_BYTES + 64;
/** Addresses of the pieces of the text. No piece is empty, so that more of them would be more text than there may be. */
const LIST = TAKEN + MAX_TEXT_BYTES + 64;
const LIST_END = LIST + 4 * MAX_TEXT_BYTES;
/** `isFull` when so many bytes of pieces are kept. */
const FULL = 64 * 1_024 * 1_024;
/** Read or written behind a piece or text, by the copy. */
const MARGIN = 32;
/** Whole numbers below this, and minutes of a day, are pieces that are kept. */
const NUMBERS = 1_024;
const MINUTES = 1_440;

const encoder = new TextEncoder();
const program = new WebAssembly.Module(Buffer.from(GATHER, 'base64'));

export class Pieces {
  /** All of the memory; new views when it has grown. */
  private bytes: Uint8Array;
  private words: Int32Array;
  private readonly memory = new WebAssembly.Memory({ initial: Math.ceil(LIST_END / PAGE) });
  private readonly gather: Gather;
  /** Bytes of what has been added so far. */
  length = 0;
  /** False once a text that is not ASCII was kept. */
  onlyAscii = true;
  private keptEnd = LIST_END;
  private scratchEnd = SCRATCH;
  private listEnd = LIST;
  /** The part of the text taken that was added last. */
  private runStart = 0;
  private runEnd = -1;
  private readonly numbers = new Int32Array(NUMBERS);
  private readonly clocks = new Int32Array(MINUTES);

  constructor() {
    const { exports } = new WebAssembly.Instance(program, { pieces: { memory: this.memory } });
    this.gather = exports.gather as Gather;
    this.bytes = new Uint8Array(this.memory.buffer);
    this.words = new Int32Array(this.memory.buffer);
  }

  /** Whether it is time to `clear`. */
  get isFull(): boolean {
    return this.keptEnd - LIST_END > FULL;
  }

  /** Forgets every piece. */
  clear(): void {
    this.keptEnd = LIST_END;
    this.numbers.fill(0);
    this.clocks.fill(0);
  }

  /** A piece that is kept; 0 for an empty text, which `add` passes over. */
  keep(text: string): Piece {
    const encoded = encoder.encode(text);
    if (encoded.length !== text.length) this.onlyAscii = false;
    return this.keepBytes(encoded);
  }

  /** Several pieces as one. */
  join(parts: readonly Piece[]): Piece {
    const { bytes, words } = this;
    const texts = parts.map((part) => bytes.subarray(part + 4, part + 4 + (part === 0 ? 0 : (words[part >> 2] ?? 0))));
    return this.keepBytes(Buffer.concat(texts));
  }

  private keepBytes(encoded: Uint8Array): Piece {
    if (encoded.length === 0) return 0;
    const at = this.keptEnd;
    const end = align(at + 4 + encoded.length);
    if (end + MARGIN > this.bytes.length) {
      this.memory.grow(Math.ceil((end + MARGIN - this.bytes.length) / PAGE) + Math.ceil(this.bytes.length / PAGE / 4));
      this.bytes = new Uint8Array(this.memory.buffer);
      this.words = new Int32Array(this.memory.buffer);
    }
    this.words[at >> 2] = encoded.length;
    this.bytes.set(encoded, at + 4);
    this.keptEnd = end;
    return at;
  }

  /** Begins a text. */
  begin(): void {
    this.listEnd = LIST;
    this.scratchEnd = SCRATCH;
    this.length = 0;
    this.runEnd = -1;
  }

  /** Takes a part of a text of at most MAX_TEXT_BYTES, for `addTaken`. */
  take(text: Uint8Array, from: number, to: number): void {
    // From a multiple of 8, as copies of memory that threads share want it.
    const start = from & ~7;
    this.bytes.set(new Uint8Array(text.buffer, text.byteOffset + start, to - start), TAKEN + start);
  }

  /** Adds a part of the text taken: in ascending order, each right behind another or with four bytes before it to spare. */
  addTaken(from: number, to: number): void {
    if (to === from) return;
    this.length += to - from;
    // The length of a piece stands before it: here, over the end of a part that is not used, or not apart from this one.
    if (from === this.runEnd) from = this.runStart;
    else {
      this.runStart = from;
      this.push(TAKEN + from - 4);
    }
    this.runEnd = to;
    const { bytes } = this;
    const length = to - from;
    const at = TAKEN + from - 4;
    bytes[at] = length;
    bytes[at + 1] = length >> 8;
    bytes[at + 2] = length >> 16;
    bytes[at + 3] = length >> 24;
  }

  /** Adds a piece to the text. */
  add(piece: Piece): void {
    if (piece === 0) return;
    this.length += this.words[piece >> 2] ?? 0;
    this.push(piece);
  }

  /** Adds a text of at most some thousand characters. Returns its length in bytes. */
  text(text: string): number {
    const at = this.scratchEnd;
    if (at + 4 + text.length * 3 + MARGIN > SCRATCH_END) throw new RangeError('there is no room for more short texts');
    const { bytes } = this;
    let length = 0;
    for (; length < text.length; length++) {
      const unit = text.charCodeAt(length);
      if (unit >= 0x80) break;
      bytes[at + 4 + length] = unit;
    }
    if (length < text.length) length = encoder.encodeInto(text, bytes.subarray(at + 4, SCRATCH_END)).written;
    if (length === 0) return 0;
    this.words[at >> 2] = length;
    this.scratchEnd = align(at + 4 + length);
    this.add(at);
    return length;
  }

  /** Adds a number, in decimal. */
  number(value: number): void {
    const known = this.numbers[value];
    if (known === undefined) this.text(String(value));
    else this.add(known === 0 ? this.learn(this.numbers, value, String(value)) : known);
  }

  /** Adds a time of the day: `09:20`. @param minute 0..1439 */
  clock(minute: number): void {
    const known = this.clocks[minute] ?? 0;
    this.add(known === 0 ? this.learn(this.clocks, minute, clockText(minute)) : known);
  }

  /**
   * Ends the text, and returns it: a view that holds until the next one is ended.
   * @param offset Where it will be copied to; the view is aligned to 8 bytes in the same way.
   */
  end(offset = 0): Uint8Array {
    const begin = TEXT + (offset & 7);
    const end = this.gather(LIST, this.listEnd, begin, begin + MAX_TEXT_BYTES);
    // Twice as quick as `subarray`.
    return new Uint8Array(this.bytes.buffer, begin, end - begin);
  }

  private push(piece: Piece): void {
    if (this.listEnd === LIST_END) return;
    this.words[this.listEnd >> 2] = piece;
    this.listEnd += 4;
  }

  private learn(table: Int32Array, key: number, text: string): Piece {
    const piece = this.keep(text);
    table[key] = piece;
    return piece;
  }
}

function align(address: number): number {
  return (address + 3) & ~3;
}

function clockText(minute: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

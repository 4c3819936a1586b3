/** Plain msgpack: written without extensions, and decoded only after its structure has been checked. */
import { isUtf8 } from 'node:buffer';
import { addExtension, Packr } from 'msgpackr';
import { GhostexecError, messageOf } from './errors.ts';

/** 64-bit integers are read as numbers, as in JSON: beyond 2^53 they lose digits. */
const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

/** The maximum number of containers within each other. */
export const MAX_DEPTH = 64;
/**
 * An empty map takes one byte and becomes an object of many bytes. Bytes may therefore contain this number of values, plus one
 * for every 8 bytes.
 */
const FREE_VALUES = 1_000_000;
const BYTES_PER_VALUE = 8;
/** Texts shorter than this are checked inline, which is faster than a call. */
const SHORT_TEXT = 64;

/** The bytes are not exactly one msgpack value, or the value is refused. */
export class MsgpackError extends GhostexecError {
  override readonly name = 'MsgpackError';
  constructor(why: string) {
    super('INVALID_MSGPACK', `the bytes cannot be read as msgpack: ${why}`);
  }
}

let latest = packr.pack(null);

/** Encodes a value as msgpack without extensions, so that any msgpack reader can decode it. */
export function packPlain(value: unknown): Buffer {
  latest = packr.pack(value);
  return latest;
}

/**
 * Lets msgpackr write over bytes that are not needed any more: to touch new memory costs as much as to pack. Must be called in
 * the turn in which `packPlain` returned them, before anything else is packed. Other bytes are left alone.
 */
export function freePacked(bytes: Uint8Array): void {
  if (bytes.buffer !== latest.buffer || bytes.byteOffset < latest.byteOffset) return;
  // Msgpackr packs all values into one buffer, one behind the other. The declared type lacks the setter.
  (packr as { position?: number }).position = latest.byteOffset;
}

/** A number that `packPlain` writes as a double even if it is whole, so that typed readers see a float. */
export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A text that `packPlain` writes from its parts: a head, and texts whose bytes in UTF-8 are known. */
export class TextParts {
  readonly head: string;
  readonly rest: readonly { readonly utf8: Uint8Array }[];

  constructor(head: string, rest: TextParts['rest']) {
    this.head = head;
    this.rest = rest;
  }
}

const DOUBLE = 0xcb;
/** The first byte of a text whose length takes four bytes. */
const LONG_TEXT = 0xdb;
type Room = { readonly target: Buffer; readonly targetView: DataView; readonly position: number };
type Allocate = (size: number) => Room;

function writeDouble({ value }: Double, allocate: Allocate): void {
  const { target, targetView, position } = allocate(9);
  target[position] = DOUBLE;
  targetView.setFloat64(position + 1, value);
}

function writeParts({ head, rest }: TextParts, allocate: Allocate): void {
  let length = Buffer.byteLength(head);
  for (const { utf8 } of rest) length += utf8.length;
  const { target, targetView, position } = allocate(5 + length);
  target[position] = LONG_TEXT;
  targetView.setUint32(position + 1, length);
  let at = position + 5;
  at += target.write(head, at);
  for (const { utf8 } of rest) {
    target.set(utf8, at);
    at += utf8.length;
  }
}

// A `pack` that fills allocated room itself, as those of msgpackr do, writes no extension. The declared type lacks `allocate`.
addExtension({ Class: Double, type: 1, pack: writeDouble as unknown as () => Buffer });
addExtension({ Class: TextParts, type: 2, pack: writeParts as unknown as () => Buffer });

/** An integer as `packPlain` writes it as an integer: msgpackr packs numbers of more than 32 bits as doubles. */
export function packableInteger(value: number): number | bigint {
  return value < 2 ** 32 ? value : BigInt(value);
}

/**
 * Decodes untrusted bytes. A decoder trusts the lengths in headers and allocates accordingly, so the bytes are checked first:
 * all declared data is there, nothing nests deeper than MAX_DEPTH, texts are UTF-8, there are no extension types, and there is
 * exactly one value.
 * @param binaryWithin Binary is accepted within at most this number of containers. JSON has no binary and represents it by
 * lists that are many times larger, so requests may contain it only where it is expected.
 * @throws MsgpackError
 */
export function unpackSafely(bytes: Uint8Array, binaryWithin: number = MAX_DEPTH): unknown {
  checkStructure(bytes, binaryWithin);
  try {
    return packr.unpack(bytes);
  } catch (error) {
    throw new MsgpackError(messageOf(error));
  }
}

/**
 * Decodes consecutive values in trusted bytes, which are not checked.
 * @param take Called with each value and the index of the next one. Decoding ends with the bytes, or when `take` returns false.
 */
export function unpackEach(bytes: Uint8Array, from: number, take: (value: unknown, end: number) => boolean): void {
  packr.unpackMultiple(bytes.subarray(from), (value: unknown, _begin = 0, end = 0) => take(value, from + end));
}

const TEXT = 1;
const BINARY = 2;
const LIST = 3;
const MAP = 4;
const NUMBER = 5;

type Announced = readonly [kind: number, width: number] | undefined;
const announced = (kind: number, ...widths: readonly number[]): Announced[] => widths.map((width) => [kind, width]);
const refused = (headers: number): Announced[] => new Array<undefined>(headers).fill(undefined);

/** For the headers 0xc4 to 0xdf: what they announce, and the size of the length field, or of the number itself, in bytes. */
const KINDS: readonly Announced[] = [
  ...announced(BINARY, 1, 2, 4),
  ...refused(3),
  ...announced(NUMBER, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8),
  ...refused(5),
  ...announced(TEXT, 1, 2, 4),
  ...announced(LIST, 2, 4),
  ...announced(MAP, 2, 4),
];

function checkStructure(bytes: Uint8Array, binaryWithin: number): void {
  const end = bytes.length;
  const most = FREE_VALUES + Math.floor(end / BYTES_PER_VALUE);
  /** The number of values still expected in the innermost open container, and in those around it. */
  let left = 1;
  const around = new Float64Array(MAX_DEPTH + 1);
  let depth = 0;
  let at = 0;
  let values = 0;
  while (true) {
    while (left === 0) {
      if (depth === 0) {
        if (at === end) return;
        throw new MsgpackError(`expected one value, got ${end - at} more bytes after the first ${at}`);
      }
      left = around[depth--] ?? 0;
    }
    left--;
    if (at >= end) throw new MsgpackError(`they end after ${end}, where another value was expected`);
    if (++values > most) throw new MsgpackError(`expected at most ${most} values in ${end} bytes`);
    const head = bytes[at++] ?? 0;
    if (head < 0x80 || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) continue;
    let kind: number;
    let length: number;
    if (head < 0xc0) {
      kind = head < 0x90 ? MAP : head < 0xa0 ? LIST : TEXT;
      length = head & (kind === TEXT ? 0x1f : 0x0f);
    } else {
      const [announcedKind, width] = KINDS[head - 0xc4] ?? refuseHeader(head, at - 1);
      kind = announcedKind;
      if (kind === NUMBER) length = width;
      else {
        if (at + width > end) throw new MsgpackError(`they end within the length of a value at ${at - 1}`);
        length = 0;
        for (const stop = at + width; at < stop; at++) length = length * 256 + (bytes[at] ?? 0);
      }
    }
    const least = kind === MAP ? 2 * length : length;
    if (least > end - at) {
      throw new MsgpackError(
        `a value before byte ${at} declares a length of ${length}, and ${end - at} bytes are left`,
      );
    }
    if (kind === LIST || kind === MAP) {
      if (depth === MAX_DEPTH) throw new MsgpackError(`expected at most ${MAX_DEPTH} containers within each other`);
      around[++depth] = left;
      left = least;
      continue;
    }
    if (kind === BINARY && depth > binaryWithin) {
      throw new MsgpackError(`the value before byte ${at} is binary, where a value that JSON has was expected`);
    }
    if (kind === TEXT && !isText(bytes, at, at + length)) throw new MsgpackError(`the text at byte ${at} is not UTF-8`);
    at += length;
  }
}

function refuseHeader(head: number, at: number): never {
  throw new MsgpackError(`byte ${at} is 0x${head.toString(16)}: extension types are not read`);
}

function isText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < SHORT_TEXT) {
    let all = 0;
    for (let at = start; at < end; at++) all |= bytes[at] ?? 0;
    if (all < 0x80) return true;
  }
  return isUtf8(bytes.subarray(start, end));
}

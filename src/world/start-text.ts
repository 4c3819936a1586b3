/**
 * Stores the text of a moved meeting's start in the bytes of a state: its length, then the text. Nearly every text is ASCII and
 * has at most MAX_TIME_TEXT characters, one byte each. Other texts are packed: a number above PACKED, then as many half bytes.
 */
import { MAX_TIME_TEXT } from '../lib/time.ts';

/** Size of a stored text in bytes. */
export const START_TEXT = 1 + MAX_TIME_TEXT;

const PACKED = 64;
const MAX_HALVES = MAX_TIME_TEXT * 2;
/** Characters that take half a byte. Any other character takes ESCAPE and then four half bytes. */
const SHORT = '0123456789-:+.T';
const ESCAPE = 15;
const NOT_ASCII = /[^\0-\x7f]/;

/** Whether a text can be stored. All accepted times can, except those with digits beyond microseconds. */
export function fitsStartText(text: string): boolean {
  return isPlain(text) || halvesOf(text).length <= MAX_HALVES;
}

/**
 * Stores a text.
 * @param text A text for which `fitsStartText` is true.
 */
export function writeStartText(bytes: Uint8Array, at: number, text: string): void {
  if (isPlain(text)) {
    bytes[at] = text.length;
    for (let i = 0; i < text.length; i++) bytes[at + 1 + i] = text.charCodeAt(i);
    return;
  }
  const halves = halvesOf(text);
  bytes[at] = PACKED + halves.length;
  for (let i = 0; i < halves.length; i += 2) bytes[at + 1 + i / 2] = ((halves[i] ?? 0) << 4) | (halves[i + 1] ?? 0);
}

/** Reads a stored text. Returns an empty text if there is none, or if the bytes are not from `writeStartText`. */
export function readStartText(bytes: Uint8Array, at: number): string {
  const length = bytes[at] ?? 0;
  if (length > PACKED) return unpacked(bytes, at + 1, length - PACKED);
  let text = '';
  for (let i = at + 1; length <= MAX_TIME_TEXT && i <= at + length; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

function isPlain(text: string): boolean {
  return text.length <= MAX_TIME_TEXT && !NOT_ASCII.test(text);
}

/** For a text that is too long in any case, only the first half bytes, but more than fit. */
function halvesOf(text: string): number[] {
  const halves: number[] = [];
  for (let i = 0; i < text.length && halves.length <= MAX_HALVES; i++) {
    const short = SHORT.indexOf(text.charAt(i));
    const unit = text.charCodeAt(i);
    if (short >= 0) halves.push(short);
    else halves.push(ESCAPE, unit >> 12, (unit >> 8) & 15, (unit >> 4) & 15, unit & 15);
  }
  return halves;
}

function unpacked(bytes: Uint8Array, from: number, count: number): string {
  if (count > MAX_HALVES) return '';
  const half = (i: number): number => ((bytes[from + (i >> 1)] ?? 0) >> (i % 2 === 0 ? 4 : 0)) & 15;
  let text = '';
  let i = 0;
  while (i < count) {
    if (half(i) === ESCAPE) {
      text += String.fromCharCode((half(i + 1) << 12) | (half(i + 2) << 8) | (half(i + 3) << 4) | half(i + 4));
      i += 5;
    } else text += SHORT.charAt(half(i++));
  }
  return i === count && text.isWellFormed() ? text : '';
}

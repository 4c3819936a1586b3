/** Briefings as JSON strings. Most sections are the same in consecutive briefings, and an unchanged section is not escaped again. */
import { type BriefingSlot, SECTIONS } from '../sim/briefing/slot.ts';
import { textJson } from './record-json.ts';
import type { TextBuffer } from './text-buffer.ts';

/** The bytes of a section, and the same text escaped for a JSON string. */
type Section = { plain: Buffer; escaped: Buffer };

const NOTHING: Section = { plain: Buffer.alloc(0), escaped: Buffer.alloc(0) };

/** Writes the briefings of consecutive steps as JSON, and keeps the escaped sections of the last one. */
export class BriefingJson {
  private readonly known: Section[] = [];

  /** Appends the briefing in the slot, quotes included. */
  write(slot: BriefingSlot, out: TextBuffer): void {
    const { buffer, byteOffset } = slot.bytes;
    const bytes = Buffer.from(buffer, byteOffset, slot.bytes.length);
    const { start, length } = slot;
    // A truncated briefing ends in the middle of a section.
    if (!slot.whole) {
      out.text(textJson(bytes.toString('utf8', start, start + length)));
      return;
    }
    out.text(textJson(bytes.toString('utf8', start, slot.boundary(0))).slice(0, -1));
    for (let part = 0; part < SECTIONS.length; part++) {
      out.append(this.section(part, bytes, slot.boundary(part), slot.boundary(part + 1)));
    }
    out.text('"');
  }

  private section(part: number, bytes: Buffer, from: number, to: number): Buffer {
    const { plain, escaped } = this.known[part] ?? NOTHING;
    if (plain.length === to - from && bytes.compare(plain, 0, plain.length, from, to) === 0) return escaped;
    const fresh = Buffer.from(textJson(bytes.toString('utf8', from, to)).slice(1, -1));
    this.known[part] = { plain: Buffer.from(bytes.subarray(from, to)), escaped: fresh };
    return fresh;
  }
}

/** Compares two states of a scenario and finds the parts of the briefing that they share. */
import { EpisodeState, type StateLayout } from '../../world/state.ts';
import { CALENDAR, INBOX, PEOPLE, TASKS } from '../episode.ts';

const WORD = 4;

/**
 * A range of a region, in 32-bit words, and the sections that show it. Only some bytes of the first and the last word may
 * belong to it.
 */
type Part = {
  readonly sections: number;
  readonly first: number;
  readonly last: number;
  readonly firstMask: number;
  readonly lastMask: number;
};

/**
 * Finds the sections that may read differently in two states of the same scenario. It ignores the clock: BriefingSlot knows
 * whether the calendar and the tasks change with time.
 */
export class ChangeFinder {
  private readonly parts: readonly Part[];

  constructor(layout: StateLayout) {
    const s = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
    const sections: [number, ArrayBufferView][] = [
      [INBOX, s.emailFlags],
      [CALENDAR, s.meetingStart],
      [CALENDAR, s.meetingCancelled],
      [PEOPLE, s.mood],
      [PEOPLE, s.preference],
      [PEOPLE | TASKS, s.taskStatus],
      [PEOPLE | TASKS, s.taskDelegate],
      [TASKS, s.taskDeadline],
      [TASKS, s.taskHand],
      [TASKS, s.taskUntil],
    ];
    this.parts = sections.flatMap(([shown, bytes]) => (bytes.byteLength === 0 ? [] : partOf(s.region, bytes, shown)));
  }

  /**
   * @param memory Contains one of the states, from its word `start` on.
   * @param words The other state.
   */
  find(memory: Int32Array, start: number, words: Int32Array): number {
    const { parts } = this;
    let changed = 0;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      if (part === undefined) break;
      const { first, last } = part;
      let differing = ((memory[start + first] ?? 0) ^ (words[first] ?? 0)) & part.firstMask;
      for (let at = first + 1; at < last; at++) differing |= (memory[start + at] ?? 0) ^ (words[at] ?? 0);
      differing |= ((memory[start + last] ?? 0) ^ (words[last] ?? 0)) & part.lastMask;
      if (differing !== 0) changed |= part.sections;
    }
    return changed;
  }
}

function partOf({ byteOffset, length }: Uint8Array, bytes: ArrayBufferView, sections: number): Part {
  const from = bytes.byteOffset - byteOffset;
  const counted = new Uint8Array(length).fill(0xff, from, from + bytes.byteLength);
  const masks = new Int32Array(counted.buffer);
  const first = Math.floor(from / WORD);
  const last = Math.floor((from + bytes.byteLength - 1) / WORD);
  return { sections, first, last, firstMask: masks[first] ?? 0, lastMask: masks[last] ?? 0 };
}

/** The sections of the briefing that each byte of the state belongs to. */
import { expect, test } from 'vitest';
import { CALENDAR, INBOX, PEOPLE, TASKS } from '../../src/sim/episode.ts';
import { ChangeFinder } from '../../src/sim/observation/slot.ts';
import { EpisodeState, layoutState } from '../../src/world/state.ts';

const COUNTS = { emails: 7, meetings: 3, contacts: 5, tasks: 2 };

test.each([
  ['rules v1', layoutState(COUNTS)],
  ['rules v2', layoutState(COUNTS, { obligations: 3, events: 2 })],
])('every byte that a section tells of changes it, and no other byte does: %s', (_rules, layout) => {
  const finder = new ChangeFinder(layout);
  const s = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
  const told: [number, ArrayBufferView][] = [
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
  const start = 3;
  const memory = new Int32Array(start + s.words.length).fill(-1);
  memory.fill(0, start);
  expect(finder.find(memory, start, s.words)).toBe(0);
  for (let at = 0; at < layout.byteLength; at++) {
    const sections = told.find(([, { byteOffset, byteLength }]) => at >= byteOffset && at < byteOffset + byteLength);
    for (let bit = 0; bit < 8; bit++) {
      s.region[at] = 1 << bit;
      expect(finder.find(memory, start, s.words), `byte ${at}, bit ${bit}`).toBe(sections?.[0] ?? 0);
    }
    s.region[at] = 0;
  }
});

/** The mutable state of an episode: its fields do not overlap, and its region contains the whole state. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_TIME_TEXT } from '../../src/lib/time.ts';
import { EpisodeState, layoutState, type StateLayout } from '../../src/world/state.ts';
import { times } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';
import { list } from '../support/worlds.ts';

const layouts = fc
  .record({
    emails: fc.nat(5),
    meetings: fc.nat(5),
    contacts: fc.nat(5),
    tasks: fc.nat(5),
  })
  .map(layoutState);

/** All readable values of a state. */
type Values = Record<string, unknown>;

function read(state: EpisodeState, { meetings }: StateLayout): Values {
  return {
    clock: state.clock,
    stress: state.stress,
    stepCount: state.stepCount,
    active: state.active,
    limitReached: state.limitReached,
    stepOk: state.stepOk,
    meetingStart: [...state.meetingStart],
    taskDeadline: [...state.taskDeadline],
    taskDelegate: [...state.taskDelegate],
    emailFlags: [...state.emailFlags],
    meetingCancelled: [...state.meetingCancelled],
    mood: [...state.mood],
    preference: [...state.preference],
    taskStatus: [...state.taskStatus],
    movedStartText: list(meetings, (meeting) => state.movedStartText(meeting)),
  };
}

const byte = fc.nat(255);
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const float = fc.double({ noNaN: true });

function exactly<T>(item: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> {
  return fc.array(item, { minLength: length, maxLength: length });
}

/** One value for every field, and an order in which to write them. */
function valuesFor({ emails, meetings, contacts, tasks }: StateLayout): fc.Arbitrary<Values> {
  return fc.record({
    clock: float,
    stress: float,
    stepCount: float,
    active: fc.boolean(),
    limitReached: fc.boolean(),
    stepOk: fc.boolean(),
    meetingStart: exactly(float, meetings),
    taskDeadline: exactly(int, tasks),
    taskDelegate: exactly(int, tasks),
    emailFlags: exactly(byte, emails),
    meetingCancelled: exactly(byte, meetings),
    mood: exactly(byte, contacts),
    preference: exactly(byte, contacts),
    taskStatus: exactly(byte, tasks),
    movedStartText: exactly(fc.option(times, { nil: undefined }), meetings),
  });
}

/** Writes one field through the setters and views that the simulator uses. */
function write(state: EpisodeState, values: Values, field: string): void {
  const value = values[field];
  if (field === 'movedStartText') {
    const starts = values.meetingStart as number[];
    (value as (string | undefined)[]).forEach((text, meeting) => {
      if (text !== undefined) state.moveMeeting(meeting, starts[meeting] ?? 0, text);
    });
  } else if (Array.isArray(value)) (state[field as 'mood'] as { set(list: number[]): void }).set(value as number[]);
  else Object.assign(state, { [field]: value });
}

const cases = layouts.chain((layout) => {
  const values = valuesFor(layout);
  const order = fc.shuffledSubarray(
    Object.keys(read(new EpisodeState(layout, new ArrayBuffer(layout.byteLength)), layout)),
    {
      minLength: 15,
    },
  );
  return fc.record({ layout: fc.constant(layout), first: values, second: values, order });
});

describe('the fields of a state', () => {
  test('do not overlap: whatever is written to all of them, in whatever order, is read back from all of them', () => {
    const property = fc.property(cases, ({ layout, first, order }) => {
      const state = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
      for (const field of order) write(state, first, field);
      expect(read(state, layout)).toEqual(first);
    });
    assertProperty(property, { runs: 1000 });
  });

  test('change alone: writing one of them leaves every other one as it was', () => {
    const property = fc.property(cases, ({ layout, first, second, order }) => {
      const state = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
      for (const field of order) write(state, first, field);
      const [chosen = 'clock'] = order.filter((field) => field !== 'movedStartText');
      write(state, second, chosen);
      expect(read(state, layout)).toEqual({ ...first, [chosen]: second[chosen] });
    });
    assertProperty(property, { runs: 1000 });
  });

  test('lie inside the region, wherever in a buffer it begins', () => {
    const property = fc.property(cases, fc.nat(4), ({ layout, first, order }, eighths) => {
      const offset = eighths * 8;
      const bytes = new Uint8Array(offset + layout.byteLength + 16).fill(0xa5);
      bytes.fill(0, offset, offset + layout.byteLength);
      const state = new EpisodeState(layout, bytes.buffer, offset);
      for (const field of order) write(state, first, field);
      expect(read(state, layout)).toEqual(first);
      const outside = [...bytes.subarray(0, offset), ...bytes.subarray(offset + layout.byteLength)];
      expect(outside.every((value) => value === 0xa5)).toBe(true);
    });
    assertProperty(property);
  });
});

describe('the region of a state', () => {
  test('is a whole number of 8-byte words, so that regions can stand in a row', () => {
    assertProperty(
      fc.property(layouts, ({ byteLength }) => {
        expect(byteLength % 8).toBe(0);
      }),
    );
  });

  test('is the whole state: a copy of it plays the same part, and neither sees what happens to the other', () => {
    const property = fc.property(cases, ({ layout, first, second, order }) => {
      const original = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
      for (const field of order) write(original, first, field);
      const copy = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
      copy.region.set(original.region);
      expect(read(copy, layout)).toEqual(first);
      for (const field of order.filter((name) => name !== 'movedStartText')) write(copy, second, field);
      expect(read(original, layout)).toEqual(first);
    });
    assertProperty(property);
  });
});

describe('the start of a meeting', () => {
  const layout = layoutState({ emails: 1, meetings: 3, contacts: 1, tasks: 1 });

  test('has no text of its own until the meeting is moved', () => {
    const state = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
    expect(list(3, (meeting) => state.movedStartText(meeting))).toEqual([undefined, undefined, undefined]);
  });

  test('keeps the text as it was given, the longest one too, and a shorter one after it', () => {
    const longest = '2026-06-22T09:00:00.000000+02:00';
    expect(longest.length).toBe(MAX_TIME_TEXT);
    const state = new EpisodeState(layout, new ArrayBuffer(layout.byteLength));
    for (const meeting of [0, 1, 2]) state.moveMeeting(meeting, meeting, longest);
    state.moveMeeting(1, 7, '2026-06-22');
    expect(list(3, (meeting) => state.movedStartText(meeting))).toEqual([longest, '2026-06-22', longest]);
    expect([...state.meetingStart]).toEqual([0, 7, 2]);
  });
});

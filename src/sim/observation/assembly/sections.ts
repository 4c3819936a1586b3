/**
 * Chooses the lines and words of a briefing by the state of an episode, and copies them one after the other. This is
 * AssemblyScript, which `npm run wasm` compiles into ../program.ts. It reads and writes only the memory of ../pieces.ts, at the
 * addresses that it receives. Numbers with a meaning (flags, statuses, moods) are those of src/world.
 */
import {
  add,
  addClock,
  addDay,
  addNumber,
  byteOf,
  entryOf,
  insertByKey,
  intOf,
  mark,
  measure,
  numberOf,
  rewind,
  setUntil,
} from './list';
import { Scene, Words } from './scene';

export { add, begin, copy, gather, measure, open } from './list';

/** A task is due soon if at most this time, in microseconds, is left until its deadline. */
const DUE_SOON: f64 = 7_200e6;

const PRIORITIES = 4;
const MOODS = 5;
const CHANNELS = 3;
const MARKS = 3;
const LATER = 0;
const SOON = 1;
const PAST = 2;
const READ: u32 = 1;
const REPLIED: u32 = 2;
const DONE: u32 = 2;
const WORKS: u32 = 1;
const NO_CONTACT = -1;
const AS_IN_FILE = -2;
/** The maximum number of clashing meetings that the line of a meeting names. */
const MAX_CLASHES_NAMED = 8;

/**
 * Writes the head up to the note. `left`: number of steps that remain.
 * @param time The text at the beginning; `end` is the text about the end of the day, `action` precedes the note.
 * @returns its length in bytes
 */
export function head(scene: Scene, time: usize, steps: i32, left: i32, stress: i32, end: usize, action: usize): i32 {
  const words = changetype<Words>(scene.words);
  add(time);
  addNumber(steps);
  add(scene.limit);
  addNumber(left);
  add(words.left);
  addNumber(stress);
  add(words.hundred);
  add(end);
  add(action);
  return measure();
}

/** Unread emails under the title of their priority, then emails that were read but not answered. */
export function inbox(scene: Scene): void {
  const words = changetype<Words>(scene.words);
  let unread = 0;
  let unanswered = 0;
  for (let email = 0; email < scene.emails; email++) {
    const flags = byteOf(scene.emailFlags, email);
    unread += i32((flags & READ) === 0);
    unanswered += i32((flags & (READ | REPLIED)) === READ);
  }
  add(words.inbox);
  addNumber(unread);
  add(words.unread);
  addNumber(unanswered);
  add(words.unanswered);
  let place = 0;
  for (let priority = 0; priority < PRIORITIES; priority++) {
    const before = mark();
    add(entryOf(scene.priorityTitles, priority));
    const first = mark();
    for (const end = intOf(scene.priorityEnds, priority); place < end; place++) {
      const email = intOf(scene.emailsByPriority, place);
      if ((byteOf(scene.emailFlags, email) & READ) === 0) add(entryOf(scene.unread, email));
    }
    if (mark() === first) rewind(before);
  }
  if (unanswered === 0) return;
  add(words.unansweredTitle);
  for (let place = 0; place < scene.emails; place++) {
    const email = intOf(scene.emailsByPriority, place);
    if ((byteOf(scene.emailFlags, email) & (READ | REPLIED)) === READ) add(entryOf(scene.unanswered, email));
  }
}

/**
 * Meetings that are not over, by their start. Sets the instant at which the section will read differently.
 * @param pairs Number of pairs of meetings that overlap.
 */
export function calendar(scene: Scene, pairs: i32): void {
  const words = changetype<Words>(scene.words);
  const now = load<f64>(scene.clock);
  const travel = load<f64>(scene.travel);
  let count = 0;
  /** The end of the last of the preceding meetings. */
  let busyUntil = -Infinity;
  for (let place = 0; place < scene.meetings; place++) {
    const meeting = intOf(scene.meetingOrder, place);
    if (byteOf(scene.meetingCancelled, meeting) !== 0) continue;
    const end = endOf(scene, meeting);
    if (end > now) insertByKey(scene.order, count++, meeting, scene.meetingStart);
    else if (end > busyUntil) busyUntil = end;
  }
  add(words.calendar);
  addNumber(count);
  add(count === 1 ? words.meetingAhead : words.meetingsAhead);
  addNumber(pairs);
  add(pairs === 1 ? words.clash : words.clashes);
  let changes = Infinity;
  for (let place = 0; place < count; place++) {
    const meeting = intOf(scene.order, place);
    const start = numberOf(scene.meetingStart, meeting);
    const end = endOf(scene, meeting);
    changes = Math.min(changes, end);
    if (start === numberOf(scene.fileStart, meeting)) add(entryOf(scene.meetingLines, meeting));
    else {
      add(entryOf(scene.meetingHeads, meeting));
      addDay(start);
      addClock(start);
      add(words.dash);
      addClock(end);
      add(entryOf(scene.meetingTails, meeting));
    }
    // In the order of starts, a clashing meeting overlaps with the next one, or begins before the preceding ones have ended.
    const next = place + 1 < count ? numberOf(scene.meetingStart, intOf(scene.order, place + 1)) : Infinity;
    if (start < busyUntil + travel || next < end + travel) addClashes(scene, words, meeting, start, end, travel);
    busyUntil = Math.max(busyUntil, end);
    add(words.newline);
  }
  if (scene.hasDay !== 0) changes = Math.min(changes, addFree(scene, words, now, count));
  setUntil(changes);
}

/** The meetings that overlap with this one, including the travel time between their places. */
function addClashes(scene: Scene, words: Words, meeting: i32, start: f64, end: f64, travel: f64): void {
  const place = intOf(scene.places, meeting);
  let named = 0;
  let more = 0;
  for (let other = 0; other < scene.meetings; other++) {
    if (other === meeting || byteOf(scene.meetingCancelled, other) !== 0) continue;
    const otherPlace = intOf(scene.places, other);
    const way = place >= 0 && otherPlace >= 0 && place !== otherPlace ? travel : 0;
    if (start >= endOf(scene, other) + way || numberOf(scene.meetingStart, other) >= end + way) continue;
    if (named === MAX_CLASHES_NAMED) more++;
    else {
      add(named === 0 ? words.clashesWith : words.comma);
      add(entryOf(scene.meetingIds, other));
      named++;
    }
  }
  if (more === 0) return;
  add(words.and);
  addNumber(more);
  add(words.more);
}

/**
 * The free slots until the day ends. The order holds `count` meetings that are not over. The first slot has begun already, or
 * is shown with its end. Returns the instant at which the line will read differently.
 */
function addFree(scene: Scene, words: Words, now: f64, count: i32): f64 {
  const dayEnd = load<f64>(scene.dayEnd);
  let changes = now < dayEnd ? dayEnd : Infinity;
  let slots = 0;
  let from = now;
  add(words.free);
  for (let place = 0; place < count; place++) {
    const meeting = intOf(scene.order, place);
    const start = numberOf(scene.meetingStart, meeting);
    if (start >= dayEnd) break;
    if (start > now) changes = Math.min(changes, start);
    if (start > from) addSlot(words, slots++, from, start, now);
    from = Math.max(from, endOf(scene, meeting));
  }
  if (from < dayEnd) addSlot(words, slots++, from, dayEnd, now);
  if (slots === 0) add(words.notFree);
  add(scene.travelTime);
  add(words.newline);
  return changes;
}

function addSlot(words: Words, slot: i32, from: f64, to: f64, now: f64): void {
  add(slot === 0 ? words.space : words.comma);
  if (from <= now) add(words.nowUntil);
  else {
    addClock(from);
    add(words.dash);
  }
  addClock(to);
}

/**
 * Contacts by importance.
 * @returns the place of a line that is not cached yet, in which case nothing was added; otherwise -1
 */
export function people(scene: Scene): i32 {
  const before = mark();
  for (let contact = 0; contact < scene.contacts; contact++) store<i32>(scene.load + (contact << 2), 0);
  for (let task = 0; task < scene.tasks; task++) {
    const delegate = intOf(scene.taskDelegate, task);
    if (delegate < 0 || byteOf(scene.taskStatus, task) === DONE) continue;
    const held = scene.load + (delegate << 2);
    store<i32>(held, load<i32>(held) + 1);
  }
  add(scene.peopleTitle);
  for (let place = 0; place < scene.contacts; place++) {
    const contact = intOf(scene.contactOrder, place);
    const feeling = (contact * MOODS + byteOf(scene.mood, contact)) * CHANNELS + byteOf(scene.preference, contact);
    const line = entryOf(scene.contactLines, feeling);
    if (line === 0) {
      rewind(before);
      return feeling;
    }
    add(line);
    add(entryOf(scene.holds, intOf(scene.load, contact)));
  }
  return -1;
}

/**
 * Tasks that are not done, by their deadline. Sets the instant at which the section will read differently.
 * @returns the place of a line that is not cached yet, in which case nothing was added; otherwise -1
 */
export function tasks(scene: Scene): i32 {
  const words = changetype<Words>(scene.words);
  const now = load<f64>(scene.clock);
  const before = mark();
  let count = 0;
  let overdue = 0;
  for (let place = 0; place < scene.tasks; place++) {
    const task = intOf(scene.taskOrder, place);
    if (byteOf(scene.taskStatus, task) === DONE) continue;
    const instant = numberOf(scene.deadlines, intOf(scene.taskDeadline, task));
    store<f64>(scene.due + (task << 3), instant);
    insertByKey(scene.order, count++, task, scene.due);
    overdue += i32(instant < now);
  }
  add(words.tasks);
  addNumber(count);
  add(words.open);
  addNumber(overdue);
  add(words.overdue);
  let changes = Infinity;
  for (let place = 0; place < count; place++) {
    const task = intOf(scene.order, place);
    const left = numberOf(scene.due, task) - now;
    let mark = PAST;
    if (left >= 0) {
      mark = left <= DUE_SOON ? SOON : LATER;
      changes = Math.min(changes, mark === SOON ? left : left - DUE_SOON);
    }
    const deadline = intOf(scene.taskDeadline, task);
    if (deadline === task) {
      const line = entryOf(scene.taskLines, task * MARKS + mark);
      if (line === 0) {
        rewind(before);
        return task * MARKS + mark;
      }
      add(line);
    } else {
      add(entryOf(scene.taskHeads, task));
      add(entryOf(scene.deadlineTexts, deadline));
      add(entryOf(scene.dueMarks, mark));
      add(entryOf(scene.taskTails, task));
    }
    addHolder(scene, words, task);
  }
  setUntil(now + changes);
  return -1;
}

/** The end of a task's line: the contact who holds it, and until when. */
function addHolder(scene: Scene, words: Words, task: i32): void {
  const delegate = intOf(scene.taskDelegate, task);
  const status = byteOf(scene.taskStatus, task) as i32;
  if (delegate === NO_CONTACT) {
    add(entryOf(scene.alone, status));
    return;
  }
  add(entryOf(scene.handed, status));
  add(delegate === AS_IN_FILE ? entryOf(scene.delegatesInFile, task) : entryOf(scene.contactNames, delegate));
  if (scene.hasDay !== 0 && byteOf(scene.taskHand, task) === WORKS) {
    add(words.until);
    addClock(numberOf(scene.taskUntil, task));
  }
  add(words.close);
}

function endOf(scene: Scene, meeting: i32): f64 {
  return numberOf(scene.meetingStart, meeting) + numberOf(scene.duration, meeting);
}

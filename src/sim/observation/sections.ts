/** Adds the texts of a briefing's head and sections to the list of texts to copy. */
import { DAY, formatClock, formatDay, MINUTE, yearOf } from '../../lib/time.ts';
import { CHANNELS, MOODS } from '../../world/schema.ts';
import { CALENDAR, type Episode, INBOX, PEOPLE } from '../episode.ts';
import { type Fragments, lineCache } from './fragments.ts';
import { DUE_MARKS, DUE_SOON, LATER, PAST, SOON } from './lines.ts';
import type { Address } from './pieces.ts';
import { HEAD_WORDS, WORDS } from './room.ts';

/** The maximum number of minutes whose texts are cached. */
const MAX_KNOWN = 4_096;

/** Writes sections and holds the results about the sections that were chosen last. */
export class SectionWriter {
  /** The instants at which the calendar and the tasks read differently if nothing changes until then. */
  calendarUntil = 0;
  tasksUntil = 0;
  /** Offset of the note from the start of the text, and its length, in bytes. */
  noteStart = 0;
  noteLength = 0;
  /** Whether the whole text is ASCII. */
  isAscii = false;

  head(e: Episode, f: Fragments): void {
    const { c, s, note, news } = e;
    const { words } = f;
    const { program } = lineCache;
    const { clock } = s;
    const time = f.times.get(Math.floor(clock / MINUTE)) ?? keepTime(f, clock);
    const left = s.active ? Math.max(0, c.world.max_episode_steps - s.stepCount) : 0;
    let end = 0;
    if (c.day !== undefined) end = dayOf(c.day.end) === dayOf(clock) ? f.dayEnd.clock : f.dayEnd.day;
    let action = words.noAction;
    if (note !== '') action = s.stepOk ? words.lastAction : words.lastActionFailed;
    this.noteStart = program.head(f.scene, time, s.stepCount, left, s.stress, end, action);
    this.noteLength = lineCache.addText(note);
    this.isAscii = f.isAscii && this.noteLength === note.length;
    if (news !== '') {
      program.add(words.news);
      if (lineCache.addText(news) !== news.length) this.isAscii = false;
    }
    if (!s.active) program.add(words.over);
  }

  /**
   * Writes one section of the episode whose state was copied to the scene.
   * @param section INBOX, CALENDAR, PEOPLE or TASKS.
   */
  section(section: number, e: Episode, f: Fragments): void {
    const { program } = lineCache;
    if (section === INBOX) program.inbox(f.scene);
    else if (section === CALENDAR) {
      program.calendar(f.scene, e.pairs);
      this.calendarUntil = lineCache.until;
    } else if (section === PEOPLE) {
      for (let at = program.people(f.scene); at >= 0; at = program.people(f.scene)) keepContactLines(e, f);
    } else {
      for (let at = program.tasks(f.scene); at >= 0; at = program.tasks(f.scene)) keepTaskLines(e, f);
      this.tasksUntil = lineCache.until;
    }
  }
}

// If a line is not cached, the program must begin its section again. Therefore all lines that the section needs are built at
// once.

function keepContactLines({ s }: Episode, { contactLines }: Fragments): void {
  for (let contact = 0; contact < s.mood.length; contact++) {
    const feeling = contact * MOODS.length + (s.mood[contact] ?? 0);
    keepLine(contactLines, feeling * CHANNELS.length + (s.preference[contact] ?? 0));
  }
}

function keepTaskLines({ c, s }: Episode, { taskLines }: Fragments): void {
  for (let task = 0; task < s.taskDeadline.length; task++) {
    const left = (c.deadlineInstants[task] ?? 0) - s.clock;
    const mark = left < 0 ? PAST : left <= DUE_SOON ? SOON : LATER;
    if (s.taskDeadline[task] === task) keepLine(taskLines, task * DUE_MARKS.length + mark);
  }
}

function keepLine({ known, parts }: Fragments['taskLines'], at: number): void {
  if (lineCache.get(known, at) === 0) lineCache.set(known, at, lineCache.join(parts(at)));
}

function dayOf(instant: number): number {
  return Math.floor(instant / DAY);
}

/** `Mon 22 Jun 2026, 09:20 UTC | step ` */
function keepTime({ times }: Fragments, instant: number): Address {
  // A scenario may span years.
  if (times.size === MAX_KNOWN) times.clear();
  const text = `${formatDay(instant)} ${yearOf(instant)}${WORDS.comma}${formatClock(instant)}${HEAD_WORDS.step}`;
  const piece = lineCache.keep(text);
  times.set(Math.floor(instant / MINUTE), piece);
  return piece;
}

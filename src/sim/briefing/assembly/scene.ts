/** What is known of a scenario when its sections are chosen: plain memory that ../scene.ts and ../words.ts describe. */

/** What a scenario's sections are chosen from. ../scene.ts writes these fields, in this order. */
@unmanaged
export class Scene {
  emails: i32;
  meetings: i32;
  contacts: i32;
  tasks: i32;
  /** Whether rules v2 are played: then the calendar says what is free. */
  hasDay: i32;
  /** Addresses of two numbers: when the day ends, and how long the way from one place to another is. */
  dayEnd: usize;
  travel: usize;
  /** Addresses of parts of the state. */
  clock: usize;
  meetingStart: usize;
  taskUntil: usize;
  taskDeadline: usize;
  taskDelegate: usize;
  emailFlags: usize;
  meetingCancelled: usize;
  preference: usize;
  taskStatus: usize;
  taskHand: usize;
  mood: usize;
  /** Addresses of lists. First room for indices, counts and instants while a section is chosen. */
  order: usize;
  load: usize;
  due: usize;
  emailsByPriority: usize;
  /** How many emails are of each priority or a higher one. */
  priorityEnds: usize;
  priorityTitles: usize;
  unread: usize;
  unanswered: usize;
  /** Meetings by their start in the file. */
  meetingOrder: usize;
  fileStart: usize;
  duration: usize;
  places: usize;
  meetingIds: usize;
  /** The line of each meeting up to the clashes: where the file puts it; and for one that was moved, before and behind the times. */
  meetingLines: usize;
  meetingHeads: usize;
  meetingTails: usize;
  contactOrder: usize;
  contactNames: usize;
  /** The line of each contact up to the tasks held, by mood and preference; 0 where it is not known yet. */
  contactLines: usize;
  /** The rest of the line of somebody who holds so many tasks. */
  holds: usize;
  /** Tasks by their deadline in the file. */
  taskOrder: usize;
  deadlines: usize;
  deadlineTexts: usize;
  /** The line of each task that is due when the file says, up to its status, by how close that is; 0 where it is not known yet. */
  taskLines: usize;
  /** The line of a task up to its deadline, and from there to its status. */
  taskHeads: usize;
  taskTails: usize;
  dueMarks: usize;
  /** By status: the end of a task's line, and the same up to the name of whoever holds it. */
  alone: usize;
  handed: usize;
  delegatesInFile: usize;
  /** Pieces. Behind the number of steps: ` of 48, `. */
  limit: usize;
  travelTime: usize;
  peopleTitle: usize;
  /** Address of a list of pieces: see Words. */
  words: usize;
}

/** The words that are the same everywhere; those of ../words.ts, in their order. */
@unmanaged
export class Words {
  left: usize;
  hundred: usize;
  comma: usize;
  newline: usize;
  dash: usize;
  space: usize;
  inbox: usize;
  unread: usize;
  unanswered: usize;
  unansweredTitle: usize;
  calendar: usize;
  meetingAhead: usize;
  meetingsAhead: usize;
  clash: usize;
  clashes: usize;
  clashesWith: usize;
  and: usize;
  more: usize;
  free: usize;
  nowUntil: usize;
  notFree: usize;
  tasks: usize;
  open: usize;
  overdue: usize;
  until: usize;
  close: usize;
}

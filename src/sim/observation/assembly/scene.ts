/** The data of a scenario from which its sections are chosen: plain memory, which ../scene.ts and ../words.ts describe. */

/** The data of a scenario. ../scene.ts writes these fields, in this order. */
@unmanaged
export class Scene {
  emails: i32;
  meetings: i32;
  contacts: i32;
  tasks: i32;
  /** Whether rules v2 apply; then the calendar shows free slots. */
  hasDay: i32;
  /** Addresses of two numbers: the end of the day, and the travel time between two places. */
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
  /** Addresses of lists. First scratch lists for indices, counts and instants while a section is chosen. */
  order: usize;
  load: usize;
  due: usize;
  emailsByPriority: usize;
  /** Number of emails of each priority or a higher one. */
  priorityEnds: usize;
  priorityTitles: usize;
  unread: usize;
  unanswered: usize;
  /** Meetings in the order of their start in the file. */
  meetingOrder: usize;
  fileStart: usize;
  duration: usize;
  places: usize;
  meetingIds: usize;
  /**
   * The line of each meeting up to the clashes: for the start in the file, and, for moved meetings, the parts before and after
   * the times.
   */
  meetingLines: usize;
  meetingHeads: usize;
  meetingTails: usize;
  contactOrder: usize;
  contactNames: usize;
  /** The line of each contact up to the number of held tasks, by mood and preference; 0 if it is not cached yet. */
  contactLines: usize;
  /** The rest of the line of a contact, by the number of tasks that the contact holds. */
  holds: usize;
  /** Tasks in the order of their deadline in the file. */
  taskOrder: usize;
  deadlines: usize;
  deadlineTexts: usize;
  /**
   * The line of each task with its deadline in the file, up to the status, by how close the deadline is; 0 if it is not cached
   * yet.
   */
  taskLines: usize;
  /** The line of a task up to its deadline, and from the deadline to the status. */
  taskHeads: usize;
  taskTails: usize;
  dueMarks: usize;
  /** By status: the end of a task's line, and the same up to the name of the contact who holds the task. */
  alone: usize;
  handed: usize;
  delegatesInFile: usize;
  /** Texts. The text after the number of steps: ` of 48, `. */
  limit: usize;
  travelTime: usize;
  peopleTitle: usize;
  /** Address of a list of texts: see Words. */
  words: usize;
}

/** The words that are the same in every scenario: those of ../words.ts, in their order. */
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

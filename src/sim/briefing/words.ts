/** The words of a briefing's head that are the same in every scenario and that sections.ts chooses. */
export const HEAD_WORDS = {
  step: ' UTC | step ',
  lastAction: '\nLast action: ',
  lastActionFailed: '\nLast action FAILED: ',
  noAction: '\nLast action: none yet; the day begins.',
  news: '\nSince then: ',
  over: '\nThe episode is over.',
} as const;

/** The words that assembly/sections.ts chooses, in the order of its class `Words`. */
export const WORDS = {
  left: ' left | stress ',
  hundred: '/100',
  comma: ', ',
  newline: '\n',
  dash: '-',
  space: ' ',
  inbox: '\n\nINBOX: ',
  unread: ' unread, ',
  unanswered: ' read but unanswered\n',
  unansweredTitle: ' READ, UNANSWERED\n',
  calendar: '\nCALENDAR: ',
  meetingAhead: ' meeting ahead, ',
  meetingsAhead: ' meetings ahead, ',
  clash: ' clash\n',
  clashes: ' clashes\n',
  clashesWith: ' CLASHES with ',
  and: ' and ',
  more: ' more',
  free: '  Free:',
  nowUntil: 'now until ',
  notFree: ' nothing until the day ends',
  tasks: '\nTASKS: ',
  open: ' open, ',
  overdue: ' overdue\n',
  until: ' until ',
  close: ')\n',
} as const;

/** The maximum number of clashing meetings that the line of a meeting names. */
export const MAX_CLASHES_NAMED = 8;

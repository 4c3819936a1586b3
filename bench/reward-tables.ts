/** The generated tables of docs/REWARD.md and docs/GRADING.md. */

import type { Audit, Measured } from '#dist/analysis/audit/audit.js';
import { formatClock } from '#dist/lib/time.js';
import { EFFORT_WEIGHT, PRIORITY_WEIGHT, STATUS_VALUE } from '#dist/sim/v2/constants.js';
import { gradeV2 } from '#dist/sim/v2/grade.js';
import { contactDamage, emailDamage, meetingDamage } from '#dist/sim/v2/value.js';
import type { CompiledScenario } from '#dist/world/compile.js';
import { type Obligation, REWARD_CHANNELS, STATUSES } from '#dist/world/day.js';
import { MOODS } from '#dist/world/schema.js';
import type { Moment, Trace } from './reward-episodes.js';

export type AuditFile = Audit & { readonly seeds: number; readonly seed: number; readonly search_steps: number };

/** Puts `body` between the markers `<!-- name:begin -->` and `<!-- name:end -->` of a document. */
export function between(document: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the document has no markers ${begin} and ${end}`);
  return `${document.slice(0, from + begin.length)}\n${body.trim()}\n${document.slice(to)}`;
}

/** Returns and grades of all policies under both rulesets, a table for each task. */
export function exploitTables({ measured, search, seeds, seed, search_steps }: AuditFile): string {
  const tasks = [...new Set(measured.map(({ task }) => task))];
  const parts = tasks.map((task) => {
    const [own, old] = ['v2', 'v1'].map((rules) => measured.filter((one) => one.task === task && one.rules === rules));
    const rows = (own ?? []).map((one) => {
      const other = old?.find(({ player }) => player === one.player);
      return [one.player, one.kind, percent(one), grade(one), percent(other), grade(other)];
    });
    const head = ['policy', 'kind', 'v2: of the oracle', 'v2 grade', 'v1: of the oracle', 'v1 grade'];
    return `### ${task} (${own?.[0]?.difficulty})\n\n${table(head, rows, [2, 3, 4, 5])}`;
  });
  const searched = search.map(
    (one) =>
      `- ${one.task}: ${one.steps.toLocaleString('en-US')} steps searched; the best cycle paid ${one.worstCycle.toFixed(4)}, ` +
      `the most that was paid without work is ${one.worstUnearned.toFixed(4)}.`,
  );
  const drawn = `Seeds for the policies that draw: ${seeds}, root ${seed}. Steps of the search: ${search_steps.toLocaleString('en-US')}.`;
  return [drawn, ...parts, ...(searched.length === 0 ? [] : [searched.join('\n')])].join('\n\n');
}

/** Rounds to one decimal; a small negative share gives 0, not -0. */
function percent(one: Measured | undefined): string {
  if (one === undefined) return '-';
  const text = (one.share_of_oracle * 100).toFixed(1);
  return `${text === '-0.0' ? '0.0' : text} %`;
}

function grade(one: Measured | undefined): string {
  return one?.mean_grade?.toFixed(3) ?? '-';
}

/** An episode step by step, and its grade part by part. */
export function workedExample(c: CompiledScenario, { episode, moments }: Trace): string {
  const { s } = episode;
  const { day, world } = c;
  if (day === undefined) throw new TypeError('the scenario was not compiled for rules v2');
  const final = gradeV2(c, s);
  let clock = moments[0]?.clock ?? 0;
  const steps = moments.slice(1).map((moment) => {
    const from = formatClock(clock);
    clock = moment.clock;
    return [
      String(moment.step),
      `${from} to ${formatClock(clock)}`,
      actionText(moment),
      six(moment.reward),
      six(moment.value),
    ];
  });
  const owed = day.obligations.map((one, o) => {
    const status = s.obligation[o] ?? 0;
    const value = STATUS_VALUE[status] ?? 0;
    const weight = weightOf(c, one);
    const channel = REWARD_CHANNELS[one.channel] ?? '';
    return [one.id, channel, String(weight), STATUSES[status] ?? '', String(value), String(weight * value)];
  });
  const moods = world.contacts.map(({ name, importance }, contact) => {
    const rung = s.mood[contact] ?? 0;
    return [name, String(importance), MOODS[rung] ?? '', String(rung), String((importance * rung) / 4)];
  });
  const damage = [
    ...world.meetings.map(({ id }, at) => [`meeting ${id}`, meetingDamage(day, at, s.meetingHarm[at] ?? 0)] as const),
    ...world.emails.map(({ id }, at) => [`email ${id}`, emailDamage(s.emailHarm[at] ?? 0)] as const),
    ...world.contacts.map(({ name }, at) => [`contact ${name}`, contactDamage(s.contactHarm[at] ?? 0)] as const),
  ].flatMap(([what, cost]) => (cost > 0 ? [[what, six(cost)]] : []));
  const { conflict, relationship, task, collateral, value, floor, oracle } = final;
  const parts: [string, number][] = [
    ['conflict', conflict],
    ['relationship', relationship],
    ['task', task],
    ['collateral', collateral],
    ['V', value],
    ['floor', floor],
    ['oracle', oracle],
    ['grade', final.grade],
    ['return', moments.at(-1)?.paid ?? 0],
  ];
  const sumOf = (rows: readonly (readonly string[])[], column: number): number =>
    rows.reduce((sum, row) => sum + Number(row[column]), 0);
  const of = (channel: string): string[][] => owed.filter((row) => row[1] === channel);
  const ratio = (channel: string): string => `${trim(sumOf(of(channel), 5))} / ${trim(sumOf(of(channel), 2))}`;
  const answers = of('relationship');
  const people = `(${trim(sumOf(moods, 4))} + ${trim(sumOf(answers, 5))}) / (${trim(sumOf(moods, 1))} + ${trim(sumOf(answers, 2))})`;
  const sums = [
    `conflict     = ${ratio('conflict')} = ${six(conflict)}`,
    `relationship = ${people} = ${six(relationship)}`,
    `task         = ${ratio('task')} = ${six(task)}`,
    `V            = 0.35 * ${six(conflict)} + 0.35 * ${six(relationship)} + 0.30 * ${six(task)} - ${six(collateral)} = ${six(value)}`,
    `grade        = (${six(value)} - ${six(floor)}) / (${six(oracle)} - ${six(floor)}) = ${six(final.grade)}`,
  ];
  return [
    'The steps:',
    table(['step', 'time', 'action', 'reward', 'V after it'], steps, [0, 3, 4]),
    'The obligations:',
    table(['obligation', 'channel', 'weight', 'ended', 'value', 'weight x value'], owed, [2, 4, 5]),
    'The moods:',
    table(['contact', 'importance', 'mood', 'rung', 'importance x rung / 4'], moods, [1, 3, 4]),
    'The damage:',
    table(['what', 'damage'], damage, [1]),
    'The sums:',
    `\`\`\`text\n${sums.join('\n')}\n\`\`\``,
    table(
      ['part', 'number'],
      parts.map(([name, number]) => [name, six(number)]),
      [1],
    ),
  ].join('\n\n');
}

function weightOf({ world }: CompiledScenario, { kind, subject, other }: Obligation): number {
  if (kind === 'task') {
    const { effort = 'medium', priority } = world.tasks[subject] ?? {};
    return EFFORT_WEIGHT[effort] * PRIORITY_WEIGHT[priority ?? 'normal'];
  }
  if (kind === 'reply') return PRIORITY_WEIGHT[world.emails[subject]?.priority ?? 'normal'];
  const [a, b] = [subject, other].map((meeting) => PRIORITY_WEIGHT[world.meetings[meeting]?.priority ?? 'normal']);
  return ((a ?? 0) + (b ?? 0)) / 2;
}

function actionText({ action }: Moment): string {
  const { action_type = 'do_nothing', email_id, meeting_id, task_id, contact_name, new_time } = action;
  const words = [email_id, meeting_id, task_id, contact_name, new_time].filter((one) => one !== undefined);
  return [action_type, ...words].join(' ');
}

function six(number: number): string {
  const text = number.toFixed(6);
  return Number(text) === 0 ? '0.000000' : text;
}

function trim(number: number): string {
  return String(Number(number.toFixed(6)));
}

function table(head: readonly string[], rows: readonly (readonly string[])[], numeric: readonly number[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (numeric.includes(column) ? '---:' : '---'));
  return [line(head), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}

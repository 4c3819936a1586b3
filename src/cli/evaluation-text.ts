/** An evaluation as tables. */

import type { Evaluation } from '../evaluate/evaluate-run.ts';
import { type Estimate, type EvaluationRow, PASS_GRADES } from '../evaluate/evaluation.ts';
import { ENDINGS, LOST } from '../evaluate/measure.ts';
import { countText, plural } from '../lib/text.ts';
import { decimals, formatTable, percentage } from './progress.ts';

/** The tables of an evaluation, and what their figures are. */
export function evaluationText(evaluation: Evaluation): string {
  const { rows, policy, samples, interval, planned_episodes } = evaluation;
  const [all] = rows;
  if (all === undefined) return '';
  const { worlds, counted } = all;
  const most = Math.max(...rows.map((row) => row.worlds));
  const over = most === 1 ? 'the samples of the world' : 'worlds, in rows of one world over its samples';
  return [
    `${policy}: ${plural(worlds, 'world')}, ${plural(samples, 'sample')} of each, ${counted} of ${plural(planned_episodes, 'episode')} evaluated`,
    policyTable(evaluation),
    gradeTable(evaluation),
    passTable(evaluation),
    conductTable(evaluation),
    askedTable(evaluation),
    `[...] is the ${interval.confidence * 100} % bootstrap interval of a mean over ${over}.`,
  ].join('\n\n');
}

/** The policy and the baselines, in all worlds. */
function policyTable(evaluation: Evaluation): string {
  const policies = [[evaluation.policy, evaluation] as const, ...othersIn(evaluation)];
  const head = ['policy', 'grade (95% CI)', ...passHeads('pass@1'), 'collateral', 'told', 'invalid', 'steps'];
  return tableOf(
    head,
    policies.flatMap(([name, { rows }]) => {
      const [all] = rows;
      if (all === undefined) return [];
      const { grade, pass, collateral, told, invalid_rate, steps } = all;
      const isAll = grade.worlds === evaluation.rows[0]?.grade.worlds;
      return [
        [
          isAll ? name : `${name} (${plural(grade.worlds, 'world')})`,
          estimateText(grade),
          ...pass.map(({ pass_at_1 }) => decimals(pass_at_1.mean, 2)),
          decimals(collateral, 3),
          decimals(told, 2),
          percentage(invalid_rate),
          decimals(steps, 1),
        ],
      ];
    }),
  );
}

/** Grades by difficulty and task, beside those of the baselines in the same worlds. */
function gradeTable(evaluation: Evaluation): string {
  const others = othersIn(evaluation);
  return tableOf(
    ['grades', 'worlds', 'episodes', 'grade (95% CI)', ...others.map(([name]) => name)],
    evaluation.rows.map((row) => [
      nameOf(row),
      String(row.worlds),
      String(row.counted),
      estimateText(row.grade),
      // A plan may be known for some of the worlds only.
      ...others.map(([, { rows }]) => {
        const other = rows.find(({ scope, name }) => scope === row.scope && name === row.name);
        return other?.grade.worlds === row.grade.worlds ? decimals(other.grade.mean, 3) : '-';
      }),
    ]),
  );
}

function passTable({ rows, samples }: Evaluation): string {
  return tableOf(
    ['passed', ...passHeads('pass@1'), ...(samples === 1 ? [] : passHeads(`pass^${samples}`))],
    rows.map((row) => [
      nameOf(row),
      ...row.pass.map(({ pass_at_1 }) => decimals(pass_at_1.mean, 2)),
      ...(samples === 1 ? [] : row.pass.map(({ pass_all }) => decimals(pass_all.at(-1)?.mean, 2))),
    ]),
  );
}

/** What the policy did, and what it took. */
function conductTable({ rows }: Evaluation): string {
  const hasCalls = rows.some(({ latency_ms, prompt_tokens }) => latency_ms !== null || prompt_tokens !== null);
  const hasCost = rows.some(({ cost }) => cost !== null);
  return tableOf(
    [
      ...['conduct', 'collateral', 'told', 'invalid', 'no action', 'cut off', 'failed', 'lost', 'steps'],
      ...(hasCalls ? ['s a call', 'p95', 'tokens in', 'out'] : []),
      ...(hasCost ? ['cost'] : []),
    ],
    rows.map((row) => [
      nameOf(row),
      decimals(row.collateral, 3),
      decimals(row.told, 2),
      percentage(row.invalid_rate),
      percentage(row.unreadable_rate),
      percentage(row.cut_off_rate),
      String(sumOf(row.failures) - lostIn(row)),
      String(lostIn(row)),
      decimals(row.steps, 1),
      ...(hasCalls
        ? [
            decimals(seconds(row.latency_ms?.median), 2),
            decimals(seconds(row.latency_ms?.p95), 2),
            count(row.prompt_tokens),
            count(row.completion_tokens),
          ]
        : []),
      ...(hasCost ? [decimals(row.cost, 4)] : []),
    ]),
  );
}

/** How the asks, clashes and tasks of each kind ended. */
function askedTable(evaluation: Evaluation): string {
  const others = othersIn(evaluation);
  return tableOf(
    ['obligations', 'number', 'in time (95% CI)', ...ENDINGS.slice(1), ...others.map(([name]) => name)],
    evaluation.asked.map(({ asked, count: found, met_share, endings }, index) => [
      asked,
      String(found),
      estimateText(met_share),
      ...ENDINGS.slice(1).map((ending) => percentage(found === 0 ? null : endings[ending] / found)),
      ...others.map(([, other]) => decimals(other.asked[index]?.met_share.mean, 3)),
    ]),
  );
}

/** `0.413 [0.336, 0.482]`; without the interval if there is none. */
export function estimateText({ mean, low, high }: Estimate, write = (value: number) => value.toFixed(3)): string {
  if (mean === null) return '-';
  return low === null || high === null ? write(mean) : `${write(mean)} [${write(low)}, ${write(high)}]`;
}

/** The first column holds names, the others numbers. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const numeric = head.map((_, index) => index).slice(1);
  return formatTable(head, rows, numeric);
}

function passHeads(what: string): string[] {
  return PASS_GRADES.map((threshold, index) => (index === 0 ? `${what}: ${threshold}` : String(threshold)));
}

/** The baselines, without the one that is evaluated. */
function othersIn({ policy, baselines }: Evaluation) {
  return Object.entries(baselines).filter(([name]) => name !== policy);
}

function nameOf({ scope, name }: EvaluationRow): string {
  return scope === 'task' ? name : scope === 'all' ? 'all' : `(${name})`;
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function count(value: number | null): string {
  return value === null ? '-' : countText(Math.round(value));
}

function sumOf(counts: EvaluationRow['failures']): number {
  return Object.values(counts).reduce((sum, one) => sum + one, 0);
}

function lostIn({ failures }: EvaluationRow): number {
  return LOST.reduce((sum, kind) => sum + failures[kind], 0);
}

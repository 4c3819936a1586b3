/** Returns and grades by task, their parts, and the growth of the return. */

import { RANDOM_EPISODES } from '../../analysis/baselines.ts';
import { REWARD_PARTS } from '../../analysis/reward-parts.ts';
import { TERMS } from '../../analysis/terms.ts';
import { countText, fixed, NONE, signed } from '../../lib/text.ts';
import { GRADE_PARTS, SAMPLE } from '../figures.ts';
import { type ArmOwed, type Contents, MAX_ROWS, type OwedRow } from '../stories.ts';
import { percent, plusMinus, type Spread } from '../words.ts';
import { ChartFigure, ReportSection, Table } from './parts.tsx';

/** Parts of a grade that count obligations; the others are shares. */
const COUNTED: ReadonlySet<string> = new Set(['met', 'late', 'missed']);

export function Results({ contents }: { contents: Contents }) {
  const { figures, charts, shown } = contents;
  const rows = figures.arms.slice(0, MAX_ROWS);
  if (figures.episodes === 0) return null;
  return (
    <ReportSection id="results" title="Results by task">
      <Table
        caption="Per task: complete episodes; mean ± 95 % interval"
        head={[
          'task',
          'episodes',
          'failed',
          'return',
          'median',
          'min to max',
          'grade',
          'grade median',
          'length',
          'invalid steps',
        ]}
        rows={rows.map((arm) => ({
          name: arm.label,
          cells: [
            countText(arm.episodes),
            countText(arm.failed),
            plusMinus(arm.return, 3),
            fixed(arm.return.median, 3),
            range(arm.return, 2),
            arm.grade.count === 0 ? 'no grade' : plusMinus(arm.grade, 3),
            fixed(arm.grade.median, 3),
            plusMinus(arm.length, 1),
            percent(arm.steps === 0 ? undefined : arm.invalid / arm.steps),
          ],
        }))}
      />
      <Cut shown={rows.length} all={figures.arms.length} what="table" />
      <Cut shown={shown.length} all={figures.arms.length} what="charts and the stories" />
      <Baselines shown={shown} />
      <div class="charts">
        <ChartFigure chart={charts.tasks}>
          Bars are means, level lines their 95 % intervals. Upright lines are the grades of other policies.
        </ChartFigure>
        <ChartFigure chart={charts.returns}>
          Boxes hold the middle half of the episodes, the line in them is the median, whiskers reach the least and the
          greatest return, diamonds are means. Upright lines are the returns of other policies.
        </ChartFigure>
        <ChartFigure chart={charts.grades}>
          A curve that lies further to the right is better: fewer episodes have low grades.
        </ChartFigure>
      </div>
    </ReportSection>
  );
}

export function Channels({ contents }: { contents: Contents }) {
  const { charts, shown } = contents;
  if (charts.channels === undefined) return null;
  const own = shown.flatMap(({ label, parts, return: paid }) => (parts === undefined ? [] : [{ label, parts, paid }]));
  const used = REWARD_PARTS.filter((part) => own.some(({ parts }) => Math.abs(parts[part]) >= 5e-7));
  const graded = shown.flatMap(({ label, gradeParts }) => (gradeParts === undefined ? [] : [{ label, gradeParts }]));
  return (
    <ReportSection id="channels" title="What was paid for">
      <div class="charts">
        <ChartFigure chart={charts.channels}>
          Parts to the right of 0 paid, parts to the left cost. Together they are the mean return, the diamond.
        </ChartFigure>
        <Table
          caption="Mean part of the return by channel; a column adds up to its mean return"
          head={['channel', ...own.map(({ label }) => label)]}
          rows={[
            ...used.map((part) => ({ name: part, cells: own.map(({ parts }) => signed(parts[part])) })),
            { name: 'return', cells: own.map(({ paid }) => fixed(paid.mean)) },
          ]}
        />
      </div>
      {graded.length === 0 ? null : (
        <>
          <Table
            caption="What the grade is made of (rules v2): means over the complete episodes"
            head={['part', ...graded.map(({ label }) => label)]}
            rows={GRADE_PARTS.map((part) => ({
              name: part,
              cells: graded.map(({ gradeParts }) => fixed(gradeParts[part], COUNTED.has(part) ? 1 : 3)),
            }))}
          />
          <p class="muted">The value is V. {TERMS.V} Met, late and missed are numbers of obligations.</p>
        </>
      )}
    </ReportSection>
  );
}

export function Courses({ contents }: { contents: Contents }) {
  const { charts, shown } = contents;
  if (charts.courses.length === 0) return null;
  const isSampled = shown.some((arm) => arm.isSampled);
  return (
    <ReportSection id="course" title="The return over an episode">
      <p class="muted">
        Sum of the rewards up to each step. An episode that is over keeps its return. The band holds the middle half of
        the episodes; level lines are the returns of other policies at the end.
        {isSampled ? ` Quartiles cover ${countText(SAMPLE)} random episodes of each task, means cover all.` : ''}
      </p>
      <div class="charts">
        {charts.courses.map((chart) => (
          <ChartFigure key={chart.name} chart={chart} />
        ))}
      </div>
    </ReportSection>
  );
}

/** What other policies achieve in the same scenarios. */
function Baselines({ shown }: Pick<Contents, 'shown'>) {
  const compared = shown.filter(({ baselines }) => baselines.length > 0);
  const names = [...new Set(compared.flatMap(({ baselines }) => baselines.map(({ name }) => name)))];
  if (names.length === 0) return null;
  return (
    <Table
      caption={`For comparison: grade and return of other policies; random is the mean of ${RANDOM_EPISODES} episodes`}
      head={['task', 'this run', ...names]}
      rows={compared.map(({ label, grade, return: paid, baselines }) => ({
        name: label,
        cells: [
          resultText(grade.mean, paid.mean),
          ...names.map((name) => {
            const known = baselines.find((one) => one.name === name);
            return known === undefined ? NONE : resultText(known.grade, known.return);
          }),
        ],
      }))}
    />
  );
}

function resultText(grade: number | null | undefined, paid: number | undefined): string {
  return `${fixed(grade, 3)}, ${signed(paid, 2)}`;
}

function Cut({ shown, all, what }: { shown: number; all: number; what: string }) {
  if (shown >= all) return null;
  return (
    <p class="notice">
      The {what} show the first {countText(shown)} of {countText(all)} tasks.
    </p>
  );
}

function range({ min, max }: Spread, digits: number): string {
  return `${fixed(min, digits)} to ${fixed(max, digits)}`;
}

const REASON = 'most frequent reason where it was not met';
const OWED = ['obligation', 'points', 'lost', 'met', 'late', 'missed', 'what is owed', REASON];

/** How often each obligation was met, late and missed, task by task. */
export function OwedTables({ contents }: { contents: Contents }) {
  if (contents.owed.length === 0) return null;
  return (
    <ReportSection id="owed" title="What was owed">
      <p class="muted">
        Met: done in full and in time. Late: done after it was due, or with a correction of a wrong answer. Missed: not
        done, or done in part or wrongly. Shares are of the episodes in which the obligation arrived. {TERMS.points}{' '}
        Lost is the mean of the points that an obligation was worth less.
      </p>
      {contents.owed.map((one) => (
        <Table
          key={one.arm.label}
          caption={captionOf(one)}
          head={OWED}
          text={['what is owed', REASON]}
          rows={one.rows.map((row) => ({ name: row.id, cells: cellsOf(row) }))}
        />
      ))}
    </ReportSection>
  );
}

function captionOf({ arm, episodes, differing }: ArmOwed): string {
  const all = arm.returns.length;
  const which = episodes === all ? 'all' : `${countText(episodes)} of ${countText(all)}`;
  const other = differing === 0 ? '' : `; ${countText(differing)} more differ when they are played again`;
  return `${arm.label}: ${which} complete episodes, most points lost first${other}`;
}

function cellsOf({ most, lost, came, met, late, missed, what, reason }: OwedRow): string[] {
  const share = (count: number): string => percent(count / came, 0);
  const why = reason === undefined ? '' : `${reason.why} (${share(reason.count)})`;
  return [fixed(most, 1), fixed(lost, 1), share(met), share(late), share(missed), what, why];
}

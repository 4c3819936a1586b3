/** How often each obligation was met, late and missed, task by task. */
import { TERMS } from '../../analysis/terms.ts';
import { countText, fixed } from '../../lib/text.ts';
import type { ArmOwed, OwedRow } from '../owed.ts';
import type { Contents } from '../stories.ts';
import { percent } from '../words.ts';
import { numbers, ReportSection, Table, type TableColumn } from './parts.tsx';

const COLUMNS: readonly TableColumn[] = [
  ...numbers('obligation', 'points', 'lost', 'met', 'late', 'missed'),
  { head: 'what is owed', kind: 'text' },
  { head: 'most frequent reason where it was not met', kind: 'text' },
];

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
          columns={COLUMNS}
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

/** Invalid actions, the signal within groups, and problems. */
import { countText, fixed, NONE, plural } from '../../lib/text.ts';
import { NAMED } from '../figures.ts';
import { type Contents, MAX_ROWS } from '../stories.ts';
import { percent } from '../words.ts';
import { sum } from './overview.tsx';
import { ChartFigure, ReportSection, Table } from './parts.tsx';

const MAX_REASONS = 15;

export function Invalid({ contents }: { contents: Contents }) {
  const { charts, figures } = contents;
  if (figures.episodes === 0) return null;
  const reasons = figures.steps.byReason();
  const kinds = figures.steps.byKind();
  const all = sum(figures.arms, (arm) => arm.invalid);
  return (
    <ReportSection id="invalid" title="Invalid actions">
      {all === 0 ? <p>Every action was valid.</p> : null}
      <div class="charts">
        <ChartFigure chart={charts.invalid} />
        <Table
          caption="By type of action"
          head={['type', 'steps', 'invalid', 'share']}
          rows={kinds.map(({ kind, steps, invalid }) => ({
            name: kind,
            cells: [countText(steps), countText(invalid), percent(invalid / steps)],
          }))}
        />
      </div>
      {reasons.length === 0 ? null : (
        <Table
          caption={
            reasons.length > MAX_REASONS
              ? `By reason: the ${MAX_REASONS} most frequent of ${reasons.length}`
              : 'By reason, most frequent first'
          }
          head={['type', 'steps', 'share of invalid', 'reason', 'for example']}
          text={['reason', 'for example']}
          rows={reasons.slice(0, MAX_REASONS).map(({ kind, count: times, reason, example }) => ({
            name: kind,
            cells: [countText(times), percent(times / all), reason, example],
          }))}
        />
      )}
    </ReportSection>
  );
}

export function LearningSignal({ contents }: { contents: Contents }) {
  const { charts, figures, shown } = contents;
  if (figures.episodes === 0) return null;
  const groups = sum(figures.arms, (arm) => arm.group.groups);
  const small = sum(figures.arms, (arm) => arm.group.small);
  return (
    <ReportSection id="groups" title="Signal within groups">
      <p>
        Episodes of a group begin alike. A group-relative method such as GRPO learns from how far their returns lie
        apart: a group whose returns are all equal has advantages of 0 and teaches nothing.
      </p>
      {groups === 0 ? (
        <p class="notice">No group has two complete episodes, so there are no advantages.</p>
      ) : (
        <>
          <Table
            caption="Per task: groups with at least two complete episodes"
            head={[
              'task',
              'groups',
              'without signal',
              'median deviation',
              'mean deviation',
              'best over mean',
              'variance within',
            ]}
            rows={shown.map(({ label, group }) => ({
              name: label,
              cells: [
                countText(group.groups),
                group.groups === 0
                  ? '\u2013'
                  : `${countText(group.silent)} (${percent(group.silent / group.groups, 0)})`,
                fixed(group.deviation.median, 3),
                fixed(group.deviation.mean, 3),
                fixed(group.headroom, 3),
                percent(group.within, 0),
              ],
            }))}
          />
          <p class="muted">
            Deviation: sample standard deviation of the returns of a group. Best over mean: how much the best episode of
            a group earns above the mean of it, averaged over groups. Variance within: the part of all variance of
            returns that lies within groups; the rest lies between them.
            {small > 0 ? ` ${plural(small, 'group')} with fewer than two complete episodes left out.` : ''}
          </p>
          <div class="charts">
            <ChartFigure chart={charts.groups} />
            <ChartFigure chart={charts.advantages}>
              (return − mean) / (deviation + 0.0001), as in the records.
            </ChartFigure>
          </div>
        </>
      )}
    </ReportSection>
  );
}

export function Problems({ contents }: { contents: Contents }) {
  const { failures, failed, damages, damaged } = contents.figures;
  if (failed + damaged === 0) return null;
  return (
    <ReportSection id="problems" title="What went wrong">
      {failed === 0 ? null : (
        <Table
          caption={failed > NAMED ? `Failed episodes: the first ${NAMED} of ${countText(failed)}` : 'Failed episodes'}
          head={['episode', 'task', 'steps', 'failed by', 'error']}
          text={['task', 'failed by', 'error']}
          rows={failures.map(({ episode_id, task_id, length, failure, error }) => ({
            name: episode_id,
            cells: [
              task_id,
              countText(length),
              (failure ?? NONE).replaceAll('_', ' '),
              (error ?? 'no error is recorded').slice(0, 1_000),
            ],
          }))}
        />
      )}
      {damaged === 0 ? null : (
        <Table
          caption={
            damaged > NAMED
              ? `Lines that could not be read: the first ${NAMED} of ${countText(damaged)}`
              : 'Lines that could not be read'
          }
          head={['line', 'why']}
          text={['why']}
          rows={damages.slice(0, MAX_ROWS).map(({ line, why }) => ({ name: String(line), cells: [why] }))}
        />
      )}
    </ReportSection>
  );
}

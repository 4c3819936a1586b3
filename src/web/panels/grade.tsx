/** The grade of a finished episode, and its parts in plain words. */
import { TERMS } from '../../analysis/terms.ts';
import { fixed } from '../../lib/text.ts';
import './step.css';
import type { Scene } from '../../analysis/replay.ts';
import { words } from '../shared/format.ts';

const REASONS: Readonly<Record<string, string>> = {
  step_limit: 'The step limit was reached.',
  day_end: 'The day is over.',
  nothing_owed: 'Nothing is owed any more.',
};

export function GradeView({ scene }: { scene: Scene }) {
  const { grade, terminated, truncated, end_reason: reason } = scene;
  if (!terminated && !truncated) return null;
  return (
    <div class="grade">
      <p>
        <b>The episode is over.</b> {reason === null ? '' : (REASONS[reason] ?? `${words(reason)}.`)}
      </p>
      {grade === null ? (
        <p class="muted">No grader certifies this episode, so it has a return but no grade.</p>
      ) : (
        <>
          <p class="grade-figure">
            <b class="big">{fixed(grade.grade)}</b>{' '}
            <span class="muted">grade, from 0.01 (doing nothing) to 0.99 (the best known plan)</span>
          </p>
          {grade.value !== undefined && <GradeParts grade={grade} />}
        </>
      )}
    </div>
  );
}

function GradeParts({ grade }: { grade: NonNullable<Scene['grade']> }) {
  const { met = 0, late = 0, missed = 0, value = 0, floor = 0, oracle = 1, collateral = 0 } = grade;
  const rows: [name: string, share: number, meaning: string][] = [
    ['Conflict', grade.conflict ?? 0, 'of clashes and critical answers met, by weight'],
    ['Relationship', grade.relationship ?? 0, 'for moods and the other answers'],
    ['Task', grade.task ?? 0, 'of tasks met, by weight'],
  ];
  return (
    <>
      <p>
        Obligations: <b>{met}</b> met in time, <b>{late}</b> late or corrected, <b>{missed}</b> missed: not done, or
        done in part or wrongly.
      </p>
      <ul class="shares">
        {rows.map(([name, share, meaning]) => (
          <li key={name}>
            <b>{name}</b> {Math.round(share * 100)}% <span class="muted small">{meaning}</span>
            <div class="meter" aria-hidden="true">
              <div style={{ width: `${share * 100}%` }} />
            </div>
          </li>
        ))}
      </ul>
      <p class="small muted">
        {collateral > 0 ? `Damage done on the way costs ${fixed(collateral, 3)}. ` : 'No damage was done. '}
        {TERMS.V} This day was worth {fixed(value, 3)}; doing nothing is worth {fixed(floor, 3)}, and the best known
        plan {fixed(oracle, 3)}.
      </p>
    </>
  );
}

/** Time, steps and stress in one strip. */
import { plural } from '../../lib/text.ts';
import './gauges.css';
import type { Scene } from '../../analysis/replay.ts';
import { clock, date, minutesOf, plain, signed } from '../shared/format.ts';

/** @param props.before The scene before; undefined at the beginning. */
export function GaugeStrip({ scene, before }: { scene: Scene; before?: Scene | undefined }) {
  const { step, max_steps: limit, stress, time, world, return: sum } = scene;
  const now = minutesOf(time);
  const end = world.day_end === undefined ? undefined : minutesOf(world.day_end);
  const level = stress >= 70 ? 'high' : stress >= 40 ? 'medium' : 'low';
  return (
    <dl class="gauges">
      <div>
        <dt>Time</dt>
        <dd>
          <b>{now === undefined ? time : clock(now)}</b>
          <span class="muted small">
            {end === undefined ? '' : ` until ${clock(end)}`}
            {now !== undefined && <span class="gauge-line">{date(now)}</span>}
          </span>
        </dd>
      </div>
      <div>
        <dt>Step</dt>
        <dd>
          <b>{step}</b> <span class="muted small">of {limit}</span>
          <progress aria-label="Steps played" max={limit} value={step} />
        </dd>
      </div>
      <div>
        <dt>
          Stress
          {before !== undefined && before.stress !== stress && (
            <span class="change inline">△ from {before.stress}</span>
          )}
        </dt>
        <dd>
          <b>{stress}</b> <span class="muted small">of 100</span>
          <div class={`meter ${level}`} aria-hidden="true">
            <div style={{ width: `${stress}%` }} />
          </div>
        </dd>
      </div>
      <div>
        <dt>Clashes</dt>
        <dd>
          <b>{scene.clashes.length}</b>{' '}
          <span class="muted small">{plural(world.emails.filter(({ read }) => !read).length, 'mail')} unread</span>
        </dd>
      </div>
      <div>
        <dt>Last reward</dt>
        <dd>
          <b class={tone(scene.reward)}>{signed(scene.reward)}</b>
        </dd>
      </div>
      <div>
        <dt>Return</dt>
        <dd>
          <b class={tone(sum)}>{signed(sum)}</b>
        </dd>
      </div>
      {scene.grade !== null && (
        <div>
          <dt>Grade</dt>
          <dd>
            <b>{plain(scene.grade.grade)}</b> <span class="muted small">of 0.99</span>
          </dd>
        </div>
      )}
    </dl>
  );
}

/** The class for the colour of a number. Colour is not the only mark: the number also shows its sign. */
export function tone(value: number): string {
  return value > 0.005 ? 'good-text' : value < -0.005 ? 'bad-text' : '';
}

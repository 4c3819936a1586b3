/** Time, steps and stress in one strip. */
import type { ComponentChildren } from 'preact';
import { fixed, plural, signed } from '../../lib/text.ts';
import './gauges.css';
import type { Scene } from '../../analysis/replay.ts';
import { clock, date, minutesOf } from '../shared/format.ts';

/** @param props.before The scene before; undefined at the beginning. */
export function GaugeStrip({ scene, before }: { scene: Scene; before?: Scene | undefined }) {
  const { step, max_steps: limit, stress, time, world, return: sum } = scene;
  const now = minutesOf(time);
  const end = world.day_end === undefined ? undefined : minutesOf(world.day_end);
  const level = stress >= 70 ? 'high' : stress >= 40 ? 'medium' : 'low';
  return (
    <dl class="gauges">
      <Gauge name="Time">
        <b>{now === undefined ? time : clock(now)}</b>
        <span class="muted small">
          {end === undefined ? '' : ` until ${clock(end)}`}
          {now !== undefined && <span class="gauge-line">{date(now)}</span>}
        </span>
      </Gauge>
      <Gauge name="Step">
        <b>{step}</b> <span class="muted small">of {limit}</span>
        <progress aria-label="Steps played" max={limit} value={step} />
      </Gauge>
      <Gauge
        name="Stress"
        change={
          before !== undefined && before.stress !== stress && <span class="change inline">△ from {before.stress}</span>
        }
      >
        <b>{stress}</b> <span class="muted small">of 100</span>
        <div class={`meter ${level}`} aria-hidden="true">
          <div style={{ width: `${stress}%` }} />
        </div>
      </Gauge>
      <Gauge name="Clashes">
        <b>{scene.clashes.length}</b>{' '}
        <span class="muted small">{plural(world.emails.filter(({ read }) => !read).length, 'mail')} unread</span>
      </Gauge>
      <Gauge name="Last reward">
        <b class={tone(scene.reward)}>{signed(scene.reward)}</b>
      </Gauge>
      <Gauge name="Return">
        <b class={tone(sum)}>{signed(sum)}</b>
      </Gauge>
      {scene.grade !== null && (
        <Gauge name="Grade">
          <b>{fixed(scene.grade.grade)}</b> <span class="muted small">of 0.99</span>
        </Gauge>
      )}
    </dl>
  );
}

type GaugeProps = { readonly name: string; readonly change?: ComponentChildren; readonly children: ComponentChildren };

function Gauge({ name, change, children }: GaugeProps) {
  return (
    <div>
      <dt>
        {name}
        {change}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The class for the colour of a number. Colour is not the only mark: the number also shows its sign. */
export function tone(value: number | null | undefined): string {
  if (value === null || value === undefined || Math.abs(value) < 0.0005) return '';
  return value > 0 ? 'good-text' : 'bad-text';
}

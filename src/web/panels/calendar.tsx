/** The calendar: the current day on a time axis, other days as a list. */
import { plural } from '../../lib/text.ts';
import './calendar.css';
import type { WorldExport } from '../../world/export.ts';
import { clock, date, minutesOf, when } from '../shared/format.ts';
import { Card } from '../shared/frame.tsx';
import { clashesOf } from './changes.ts';
import { ChangeNote, freeTimes, isPicked, type PanelProps, Thing } from './thing.tsx';

// Lays out overlapping meetings of a day side by side. Pure.

export type CalendarSlot = {
  readonly id: string;
  /** Minutes since 1970-01-01T00:00Z. */
  readonly start: number;
  readonly end: number;
};
export type Placed<S extends CalendarSlot> = {
  readonly slot: S;
  /** Column from 0; `columns` is the number of columns that the overlapping meetings share. */
  readonly column: number;
  readonly columns: number;
};

/**
 * Puts overlapping meetings side by side.
 * @param least Minimum height of a block in minutes, so that its title is readable.
 */
export function placeMeetings<S extends CalendarSlot>(slots: readonly S[], least = 0): Placed<S>[] {
  const sorted = [...slots].sort((a, b) => a.start - b.start || b.end - a.end);
  const placed: Placed<S>[] = [];
  let cluster: { slot: S; column: number }[] = [];
  /** The end of the last meeting in each column of the current cluster. */
  let ends: number[] = [];
  const close = (): void => {
    for (const { slot, column } of cluster) placed.push({ slot, column, columns: ends.length });
    cluster = [];
    ends = [];
  };
  for (const slot of sorted) {
    if (ends.every((end) => end <= slot.start)) close();
    const free = ends.findIndex((end) => end <= slot.start);
    const column = free === -1 ? ends.length : free;
    ends[column] = Math.max(slot.end, slot.start + least);
    cluster.push({ slot, column });
  }
  close();
  return placed;
}

type ShownMeeting = WorldExport['meetings'][number];
type CalendarEntry = CalendarSlot & { readonly meeting: ShownMeeting };

const DAY = 1440;
/** Height of an hour in pixels, and minimum length of a block in minutes. */
const HOUR_HEIGHT = 72;
const LEAST = 17;

export function Calendar(panel: PanelProps) {
  const { scene } = panel;
  const { world, clashes, time } = scene;
  const now = minutesOf(time) ?? 0;
  const today = Math.floor(now / DAY);
  const entries = world.meetings.flatMap((meeting): CalendarEntry[] => {
    const start = minutesOf(meeting.start);
    return start === undefined ? [] : [{ id: meeting.id, start, end: start + meeting.duration_minutes, meeting }];
  });
  const ofToday = entries.filter(({ start }) => Math.floor(start / DAY) === today);
  const others = entries.filter(({ start }) => Math.floor(start / DAY) !== today);
  const free = freeTimes(scene.briefing);
  return (
    <Card
      title="Calendar"
      class="calendar"
      note={
        clashes.length === 0 ? (
          'no clashes'
        ) : (
          <span class="bad-text">⚠ {plural(clashes.length, 'clash', 'clashes')}</span>
        )
      }
    >
      <h3>{date(now)}</h3>
      <Day entries={ofToday} now={now} end={dayEnd(world, today)} panel={panel} />
      {free !== '' && (
        <p class="small free">
          <b>Free:</b> {free}
        </p>
      )}
      {others.length > 0 && (
        <>
          <h3>Other days</h3>
          <ul class="things">
            {others.map(({ meeting }) => (
              <Thing
                key={meeting.id}
                kind="meeting"
                id={meeting.id}
                panel={panel}
                class={meeting.cancelled ? 'cancelled' : ''}
                title={
                  <span class="thing-line">
                    <code>{meeting.id}</code>
                    <span class="who">{meeting.title}</span>
                    <span class="muted">{when(meeting.start)}</span>
                    {meeting.cancelled && <span class="badge">cancelled</span>}
                  </span>
                }
              />
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

/** When the day ends, in minutes since 1970; undefined if that is on another day or not stated. */
function dayEnd(world: WorldExport, today: number): number | undefined {
  const end = world.day_end === undefined ? undefined : minutesOf(world.day_end);
  return end !== undefined && Math.floor(end / DAY) === today ? end : undefined;
}

type DayProps = { entries: readonly CalendarEntry[]; now: number; end: number | undefined; panel: PanelProps };

function Day({ entries, now, end, panel }: DayProps) {
  const begins = Math.min(
    now,
    minutesOf(panel.scene.world.simulation_time) ?? now,
    ...entries.map(({ start }) => start),
  );
  const from = Math.floor(begins / 60) * 60;
  const to = Math.ceil(Math.max(end ?? now + 60, now + 30, ...entries.map((one) => one.end)) / 60) * 60;
  const y = (minutes: number): string => `${((minutes - from) / 60) * HOUR_HEIGHT}px`;
  const hours = Array.from({ length: (to - from) / 60 + 1 }, (_, hour) => from + hour * 60);
  return (
    <div class="day" style={{ height: y(to) }}>
      {hours.map((hour) => (
        <div key={hour} class="hour" style={{ top: y(hour) }} aria-hidden="true">
          <span>{clock(hour)}</span>
        </div>
      ))}
      <div class="closed" style={{ top: 0, height: y(now) }} />
      {end !== undefined && end < to && <div class="closed" style={{ top: y(end), bottom: 0 }} />}
      <ul class="blocks" aria-label="Meetings of the day">
        {placeMeetings(entries, LEAST).map(({ slot, column, columns }) => (
          <li
            key={slot.id}
            style={{
              top: y(slot.start),
              height: y(from + Math.max(slot.end - slot.start, LEAST)),
              left: `${(column / columns) * 100}%`,
              width: `${100 / columns}%`,
            }}
          >
            <Block entry={slot} isPast={slot.end <= now} panel={panel} />
          </li>
        ))}
      </ul>
      <div class="now" style={{ top: y(now) }}>
        <span>
          <span class="sr-only">Now </span>
          {clock(now)}
        </span>
      </div>
    </div>
  );
}

function Block({ entry, isPast, panel }: { entry: CalendarEntry; isPast: boolean; panel: PanelProps }) {
  const { id, meeting, start, end } = entry;
  const { onPick, picked, changes, scene } = panel;
  const others = clashesOf(id, scene);
  const change = changes.of('meeting', id);
  const isOn = isPicked(picked, 'meeting', id);
  const state = [
    meeting.cancelled && 'cancelled',
    others.length > 0 && 'clash',
    isPast && 'past',
    change !== undefined && 'changed',
    isOn && 'picked',
    end - start < 45 && 'short',
  ].filter(Boolean);
  const content = (
    <>
      <span class="block-title">
        <code>{id}</code>{' '}
        {others.length > 0 && (
          <span class="badge clash">
            <span aria-hidden="true">⚠ </span>
            <span class="sr-only">clashes with </span>
            {others.join(', ')}
          </span>
        )}{' '}
        {meeting.cancelled && <span class="badge">cancelled</span>} <span class="block-name">{meeting.title}</span>
      </span>
      <span class="block-more">
        {clock(start)}–{clock(end)}
        {meeting.location !== '' && ` · ${meeting.location}`}
        <span class={meeting.priority === 'critical' || meeting.priority === 'high' ? '' : 'sr-only'}>
          {` · ${meeting.priority}`}
        </span>
        {meeting.movable === false && ' · fixed'}
        {meeting.attendees.length > 0 && <span class="sr-only"> with {meeting.attendees.join(', ')}</span>}
      </span>
      <ChangeNote change={change} />
    </>
  );
  const name = `block priority-${meeting.priority} ${state.join(' ')}`;
  if (onPick === undefined) return <div class={name}>{content}</div>;
  return (
    <button type="button" class={name} aria-pressed={isOn} onClick={() => onPick({ kind: 'meeting', id })}>
      {content}
    </button>
  );
}

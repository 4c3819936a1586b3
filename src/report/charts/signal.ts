/** The signal for a group-relative method: standard deviations within groups, and advantages. */
import { max, min } from 'simple-statistics';
import { countText, fixed } from '../../lib/text.ts';
import { type Chart, LOOKS, plot, valueAxis } from '../draw.ts';
import type { Arm } from '../figures.ts';
import { NO_SPREAD } from '../groups.ts';
import { type Bin, histogram, percent, round } from '../words.ts';

/** Histogram of groups by the sample standard deviation of their returns. */
export function deviationsChart(arms: readonly Arm[]): Chart {
  const all = arms.flatMap(({ group }) => group.deviations);
  const silent = all.filter((deviation) => deviation < NO_SPREAD).length;
  return histogramChart({
    name: 'groups',
    title: 'Groups by the standard deviation of their returns',
    axes: ['standard deviation within the group', 'groups'],
    values: all,
    from: 0,
    color: LOOKS[0].color,
    description: `${countText(silent)} of ${countText(all.length)} groups (${percent(silent / all.length)}) have no spread at all.`,
  });
}

/** Histogram of the recorded advantages. */
export function advantagesChart(arms: readonly Arm[]): Chart {
  const all = arms.flatMap(({ group }) => group.advantages);
  const none = all.filter((advantage) => Math.abs(advantage) < 1e-6).length;
  return histogramChart({
    name: 'advantages',
    title: 'Advantages of episodes',
    axes: ['advantage', 'episodes'],
    values: all,
    color: LOOKS[1].color,
    description: `${countText(all.length)} advantages from ${fixed(min(all))} to ${fixed(max(all))}; ${countText(none)} of them are 0.`,
  });
}

type Histogram = Pick<Chart, 'name' | 'title' | 'description'> & {
  /** What is measured, and what is counted. */
  readonly axes: readonly [string, string];
  readonly values: readonly number[];
  /** Where the bins begin, unless there are lower values. */
  readonly from?: number;
  readonly color: string;
};

function histogramChart({
  name,
  title,
  description,
  axes: [measured, counted],
  values,
  from,
  color,
}: Histogram): Chart {
  const bins = histogram(values, binsFor(values.length), from);
  const [only, more] = bins;
  // Equal values have one bin, in the middle of an axis of its own.
  const range =
    only === undefined || more !== undefined
      ? { scale: true }
      : { min: round((only.from + only.to) / 2 - 1), max: round((only.from + only.to) / 2 + 1) };
  return plot(name, title, [], description, {
    xAxis: valueAxis(measured, { ...range, splitLine: { show: false } }),
    yAxis: valueAxis(counted, { minInterval: 1, nameGap: 44 }),
    series: [columns(bins, color)],
  });
}

/** More bins for more values, so that most bins hold some. */
function binsFor(values: number): number {
  return Math.min(24, Math.max(6, Math.ceil(2 * Math.sqrt(values))));
}

/** The columns of a histogram on a numeric axis: the outline of their tops, filled down to 0. */
function columns(bins: readonly Bin[], color: string): object {
  return {
    type: 'line',
    silent: true,
    symbol: 'none',
    itemStyle: { color },
    lineStyle: { color, width: 1.4 },
    areaStyle: { color, opacity: 0.55, origin: 'start' },
    data: bins.flatMap(({ from, to, count: tall }) => [
      [round(from), 0],
      [round(from), tall],
      [round(to), tall],
      [round(to), 0],
    ]),
  };
}

/** The distributions of returns, grades, deviations within groups, and advantages. */

import { max, min } from 'simple-statistics';
import { countText, fixed } from '../../lib/text.ts';
import {
  baselineLine,
  baselineMarks,
  type Chart,
  chartNames,
  INK,
  LOOKS,
  lookOf,
  plot,
  rows,
  valueAxis,
} from '../draw.ts';
import type { Arm, ComparedArm } from '../figures.ts';
import { NO_SPREAD } from '../groups.ts';
import { type Bin, histogram, percent, round, type Spread } from '../words.ts';

/** Maximum number of points of a curve. */
const MAX_POINTS = 200;

/** A box for each task: minimum, quartiles and maximum; the mean is a diamond. Upright lines are the returns of other policies. */
export function returnsChart(arms: readonly ComparedArm[]): Chart {
  const names = chartNames(arms);
  const spreads = arms.map((arm) => arm.return);
  const others = baselineMarks(arms, 'return');
  const legend = others.map(({ name }) => name);
  return rows('returns', 'Return of an episode', legend, describeAll(names, spreads), {
    names,
    rowHeight: 44,
    xAxis: valueAxis('return (sum of rewards)', { scale: true }),
    series: [
      {
        type: 'boxplot',
        silent: true,
        boxWidth: [8, 24],
        data: spreads.map(({ min, lower, median, upper, max }, index) => {
          const { color } = lookOf(index);
          return {
            value: [min, lower, median, upper, max].map((one) => round(one ?? 0)),
            itemStyle: { color: `${color}40`, borderColor: color, borderWidth: 1.8 },
          };
        }),
      },
      {
        type: 'scatter',
        silent: true,
        symbol: 'diamond',
        symbolSize: 9,
        itemStyle: { color: INK },
        data: spreads.map(({ mean }, index) => [round(mean ?? 0), index]),
      },
      ...others,
    ],
  });
}

/** For each task, the share of episodes whose grade is at most x. With a single task, upright lines are the grades of other policies. */
export function gradesChart(graded: readonly ComparedArm[]): Chart {
  const names = chartNames(graded);
  const others = graded.length === 1 ? (graded[0]?.baselines ?? []) : [];
  const described = describeAll(
    names,
    graded.map(({ grade }) => grade),
  );
  return plot(
    'grades',
    'Grade: share of episodes up to a grade',
    [...names, ...others.map(({ name }) => name)],
    `Cumulative share of episodes by grade. ${described}`,
    {
      xAxis: valueAxis('grade', { min: 0, max: 1 }),
      yAxis: valueAxis('share of episodes', { min: 0, max: 1, nameGap: 40 }),
      series: [
        ...others.flatMap(({ name, grade }) =>
          grade === null
            ? []
            : [
                baselineLine(name, [
                  [round(grade), 0],
                  [round(grade), 1],
                ]),
              ],
        ),
        ...graded.map(({ grades }, index) => {
          const { color, dash } = lookOf(index);
          return {
            name: names[index],
            type: 'line',
            data: cumulative(grades),
            step: 'end',
            symbol: 'none',
            silent: true,
            itemStyle: { color },
            lineStyle: { color, type: dash, width: 2.4 },
          };
        }),
      ],
    },
  );
}

/** Points of the empirical distribution function, from 0 to 1. */
export function cumulative(values: readonly number[]): [number, number][] {
  const sorted = Float64Array.from(values).sort();
  const points: [number, number][] = [[0, 0]];
  const stride = Math.max(1, Math.ceil(sorted.length / MAX_POINTS));
  for (let index = 0; index < sorted.length; index++) {
    if (sorted[index] === sorted[index + 1] || (index % stride !== 0 && index < sorted.length - 1)) continue;
    points.push([round(sorted[index] ?? 0), round((index + 1) / sorted.length)]);
  }
  points.push([1, 1]);
  return points;
}

function describeAll(names: readonly string[], spreads: readonly Spread[]): string {
  return spreads
    .map(
      ({ min, median, mean, max }, index) =>
        `${names[index]}: least ${fixed(min)}, median ${fixed(median)}, mean ${fixed(mean)}, greatest ${fixed(max)}.`,
    )
    .join(' ');
}

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

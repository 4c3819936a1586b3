/** The distributions of returns and grades: box plots, and cumulative shares. */

import { fixed } from '../../lib/text.ts';
import type { ComparedArm } from '../baselines.ts';
import { baselineLine, type Chart, chartNames, INK, lookOf, plot, rows, valueAxis } from '../draw.ts';
import type { Arm } from '../figures.ts';
import { round, type Spread } from '../words.ts';

/** Maximum number of points of a curve. */
const MAX_POINTS = 200;

/** A box for each task: minimum, quartiles and maximum; the mean is a diamond. */
export function returnsChart(arms: readonly Arm[]): Chart {
  const names = chartNames(arms);
  const spreads = arms.map((arm) => arm.return);
  return rows('returns', 'Return of an episode', [], describeAll(names, spreads), {
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
    ],
  });
}

/** For each task, the share of episodes whose grade is at most x. With a single task, upright lines are the grades of other policies. */
export function gradesChart(arms: readonly ComparedArm[]): Chart {
  const graded = arms.filter(({ grades }) => grades.length > 0);
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

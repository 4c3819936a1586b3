/** The distributions of returns and grades: box plots, and cumulative shares. */

import { type Chart, frame, INK, lookOf, nameAxis, roomFor, shortNames, valueAxis, WIDTH } from '../draw.ts';
import type { Arm } from '../figures.ts';
import { fixed, round, type Spread } from '../words.ts';

/** Maximum number of points of a curve. */
const MAX_POINTS = 200;

/** A box for each task: minimum, quartiles and maximum; the mean is a diamond. */
export function returnsChart(arms: readonly Arm[]): Chart {
  return boxes(
    'returns',
    'Return of an episode',
    'return (sum of rewards)',
    arms.map((arm) => [arm.label, arm.return]),
  );
}

/** For each task, the share of episodes whose grade is at most x. */
export function gradesChart(arms: readonly Arm[]): Chart {
  const graded = arms.filter(({ grades }) => grades.length > 0);
  const names = shortNames(graded.map(({ label }) => label));
  const title = 'Grade: share of episodes up to a grade';
  const { top, option } = frame(title, names);
  return {
    name: 'grades',
    title,
    description: `Cumulative share of episodes by grade. ${describeAll(graded.map((arm, index) => [names[index] ?? '', arm.grade]))}`,
    height: top + 270,
    option: {
      ...option,
      grid: { left: 64, top: top + 6, width: WIDTH - 64 - 20, height: 206 },
      xAxis: valueAxis('grade', { min: 0, max: 1 }),
      yAxis: valueAxis('share of episodes', { min: 0, max: 1, nameGap: 40 }),
      series: graded.map(({ grades }, index) => {
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
    },
  };
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

function boxes(name: string, title: string, unit: string, rows: readonly (readonly [string, Spread])[]): Chart {
  const names = shortNames(rows.map(([label]) => label));
  const { top, option } = frame(title);
  const height = 30 + names.length * 44;
  const left = roomFor(names);
  return {
    name,
    title,
    description: describeAll(rows.map(([, spread], index) => [names[index] ?? '', spread])),
    height: top + height + 52,
    option: {
      ...option,
      grid: { left, top, width: WIDTH - left - 20, height },
      xAxis: valueAxis(unit, { scale: true }),
      yAxis: nameAxis(names),
      series: [
        {
          type: 'boxplot',
          silent: true,
          boxWidth: [8, 24],
          data: rows.map(([, { min, lower, median, upper, max }], index) => {
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
          data: rows.map(([, { mean }], index) => [round(mean ?? 0), index]),
        },
      ],
    },
  };
}

function describeAll(rows: readonly (readonly [string, Spread])[]): string {
  return rows
    .map(
      ([name, { min, median, mean, max }]) =>
        `${name}: least ${fixed(min)}, median ${fixed(median)}, mean ${fixed(mean)}, greatest ${fixed(max)}.`,
    )
    .join(' ');
}

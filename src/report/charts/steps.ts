/** Values by step: the return so far, and the share of invalid actions. */

import { type Chart, frame, lookOf, shortNames, valueAxis, WIDTH } from '../draw.ts';
import type { Arm, CoursePoint } from '../figures.ts';
import type { StepShare } from '../groups.ts';
import { fixed, percent, round } from '../words.ts';

/** Maximum number of points of a curve; longer ones are thinned out. */
const MAX_POINTS = 240;
const GRID = { left: 64, width: WIDTH - 64 - 20, height: 206 } as const;

/** Mean return so far of one task, and the band from the lower to the upper quartile. */
export function courseChart(arm: Arm, index: number): Chart {
  const [name = ''] = shortNames([arm.label]);
  const title = `${name}: return so far, by step`;
  const { color } = lookOf(index);
  const points: readonly CoursePoint[] = thinned([{ step: 0, mean: 0, lower: 0, median: 0, upper: 0 }, ...arm.course]);
  const band = 'middle half of the episodes';
  const { top, option } = frame(title, ['mean', 'median', { name: band, icon: 'roundRect' }]);
  const line = { type: 'line', symbol: 'none', silent: true };
  const last = arm.course.at(-1);
  return {
    name: `course-${String(index + 1).padStart(2, '0')}`,
    title,
    description: `After the last step, ${last?.step ?? 0}: mean ${fixed(last?.mean)}, lower quartile ${fixed(last?.lower)}, median ${fixed(last?.median)}, upper quartile ${fixed(last?.upper)}.`,
    height: top + 270,
    option: {
      ...option,
      grid: { ...GRID, top: top + 6 },
      xAxis: stepAxis(0, arm.course.length),
      yAxis: valueAxis('return so far', { nameGap: 40, scale: true }),
      series: [
        {
          ...line,
          stack: 'band',
          stackStrategy: 'all',
          lineStyle: { opacity: 0 },
          data: points.map(({ step, lower }) => [step, round(lower)]),
        },
        {
          ...line,
          name: band,
          stack: 'band',
          stackStrategy: 'all',
          lineStyle: { opacity: 0 },
          itemStyle: { color: `${color}55` },
          areaStyle: { color, opacity: 0.25 },
          data: points.map(({ step, lower, upper }) => [step, round(upper - lower)]),
        },
        {
          ...line,
          name: 'median',
          itemStyle: { color },
          lineStyle: { color, width: 1.6, type: [3, 3] },
          data: points.map(({ step, median }) => [step, round(median)]),
        },
        {
          ...line,
          name: 'mean',
          itemStyle: { color },
          lineStyle: { color, width: 2.6 },
          data: points.map(({ step, mean }) => [step, round(mean)]),
        },
      ],
    },
  };
}

/** Share of invalid actions at each step, a line for each task. */
export function invalidChart(arms: readonly Arm[]): Chart {
  const names = shortNames(arms.map(({ label }) => label));
  const title = 'Invalid actions: share of the episodes, by step';
  const { top, option } = frame(title, names);
  return {
    name: 'invalid',
    title,
    description: arms
      .map(({ steps, invalid }, index) => `${names[index]}: ${percent(invalid / steps)} of all steps.`)
      .join(' '),
    height: top + 270,
    option: {
      ...option,
      grid: { ...GRID, top: top + 6 },
      xAxis: stepAxis(1, Math.max(2, ...arms.map(({ invalidByStep }) => invalidByStep.length))),
      yAxis: valueAxis('share that is invalid', { min: 0, max: 1, nameGap: 40 }),
      series: arms.map(({ invalidByStep }, index) => {
        const { color, dash } = lookOf(index);
        return {
          name: names[index],
          type: 'line',
          silent: true,
          showSymbol: invalidByStep.length <= 40,
          symbol: 'circle',
          symbolSize: 5,
          itemStyle: { color },
          lineStyle: { color, type: dash, width: 2.2 },
          data: thinned<StepShare>(invalidByStep).map(({ step, steps, invalid }) => [step, round(invalid / steps)]),
        };
      }),
    },
  };
}

function stepAxis(min: number, max: number): object {
  return valueAxis('step', { min, max: Math.max(min + 1, max), minInterval: 1, splitLine: { show: false } });
}

/** At most MAX_POINTS of the points; the last one is always included. */
function thinned<T>(points: readonly T[]): readonly T[] {
  const stride = Math.ceil(points.length / MAX_POINTS);
  return stride <= 1 ? points : points.filter((_, index) => index % stride === 0 || index === points.length - 1);
}

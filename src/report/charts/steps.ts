/** Values by step: the return so far, and the share of invalid actions. */

import { fixed } from '../../lib/text.ts';
import { baselineLine, type Chart, chartNames, lookOf, plot, valueAxis } from '../draw.ts';
import type { Arm, ComparedArm, CoursePoint, StepShare } from '../figures.ts';
import { percent, round } from '../words.ts';

/** Maximum number of points of a curve; longer ones are thinned out. */
const MAX_POINTS = 240;

/** Mean return so far of one task, the band from the lower to the upper quartile, and level lines at the returns of other policies. */
export function courseChart(arm: ComparedArm, index: number): Chart {
  const [name = ''] = chartNames([arm]);
  const { color } = lookOf(index);
  const points: readonly CoursePoint[] = thinned([{ step: 0, mean: 0, lower: 0, median: 0, upper: 0 }, ...arm.course]);
  const band = 'middle half';
  const line = { type: 'line', symbol: 'none', silent: true };
  const stacked = { ...line, stack: 'band', stackStrategy: 'all', lineStyle: { opacity: 0 } };
  const last = arm.course.at(-1);
  return plot(
    `course-${String(index + 1).padStart(2, '0')}`,
    `${name}: return so far, by step`,
    ['mean', 'median', { name: band, icon: 'roundRect' }, ...arm.baselines.map(({ name }) => name)],
    `After the last step, ${last?.step ?? 0}: mean ${fixed(last?.mean)}, lower quartile ${fixed(last?.lower)}, median ${fixed(last?.median)}, upper quartile ${fixed(last?.upper)}.`,
    {
      xAxis: stepAxis(0, arm.course.length),
      yAxis: valueAxis('return so far', { nameGap: 40, scale: true }),
      series: [
        ...arm.baselines.map(({ name, return: paid }) =>
          baselineLine(name, [
            [0, round(paid)],
            [Math.max(1, arm.course.length), round(paid)],
          ]),
        ),
        { ...stacked, data: points.map(({ step, lower }) => [step, round(lower)]) },
        {
          ...stacked,
          name: band,
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
  );
}

/** Share of invalid actions at each step, a line for each task. */
export function invalidChart(arms: readonly Arm[]): Chart {
  const names = chartNames(arms);
  return plot(
    'invalid',
    'Invalid actions: share of the episodes, by step',
    names,
    arms.map(({ steps, invalid }, index) => `${names[index]}: ${percent(invalid / steps)} of all steps.`).join(' '),
    {
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
  );
}

function stepAxis(min: number, max: number): object {
  return valueAxis('step', { min, max: Math.max(min + 1, max), minInterval: 1, splitLine: { show: false } });
}

/** At most MAX_POINTS of the points; the last one is always included. */
function thinned<T>(points: readonly T[]): readonly T[] {
  const stride = Math.ceil(points.length / MAX_POINTS);
  return stride <= 1 ? points : points.filter((_, index) => index % stride === 0 || index === points.length - 1);
}

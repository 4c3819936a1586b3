/** Means by task with their intervals, the parts of the return, and values by step: the return so far, the share of invalid actions. */
import { REWARD_PARTS, type RewardPart } from '../../analysis/reward-parts.ts';
import { fixed } from '../../lib/text.ts';
import {
  baselineLine,
  baselineMarks,
  type Chart,
  chartNames,
  INK,
  lookOf,
  plot,
  rows,
  TEXT,
  valueAxis,
} from '../draw.ts';
import type { Arm, ComparedArm, CoursePoint, StepShare } from '../figures.ts';
import { percent, plusMinus, round, type Spread } from '../words.ts';

const PART_COLORS: Readonly<Record<RewardPart, string>> = {
  conflict: '#2f81d6',
  relationship: '#d97706',
  task: '#9a6bd0',
  shaping: '#14937a',
  damage: '#d14b4b',
  completion: '#5aa02c',
  invalid: '#8a8420',
  idle: '#8d939c',
};

/** Mean grade with its 95 % interval, and lines for other policies. */
export function tasksChart(arms: readonly ComparedArm[]): Chart {
  const names = chartNames(arms);
  const others = baselineMarks(arms, 'grade');
  return rows(
    'tasks',
    'Mean grade, with 95 % intervals',
    others.map(({ name }) => name),
    arms
      .map(({ grade, baselines }, index) => {
        const known = baselines.map((one) => ` ${one.name}: ${fixed(one.grade)}.`);
        return `${names[index]}: grade ${plusMinus(grade)}.${known.join('')}`;
      })
      .join(' '),
    {
      names,
      rowHeight: 40,
      xAxis: valueAxis('grade', { min: 0, max: 1 }),
      series: [...bars(arms.map(({ grade }) => grade)), ...others],
    },
  );
}

/** Bars with a line for the 95 % interval. */
function bars(spreads: readonly Spread[]): object[] {
  return [
    {
      type: 'bar',
      silent: true,
      barMaxWidth: 20,
      data: spreads.map(({ mean = 0 }, index) => ({
        value: round(mean),
        itemStyle: { color: lookOf(index).color },
      })),
    },
    ...spreads.flatMap(({ mean = 0, confidence = 0 }, index) =>
      confidence === 0
        ? []
        : [
            {
              type: 'line',
              silent: true,
              symbol: 'rect',
              symbolSize: [2, 11],
              itemStyle: { color: INK },
              lineStyle: { color: INK, width: 2 },
              data: [
                [round(mean - confidence), index],
                [round(mean + confidence), index],
              ],
            },
          ],
    ),
  ];
}

/** The parts of the mean return: gains to the right, costs to the left. */
export function channelsChart(arms: readonly Arm[]): Chart {
  const own = arms.filter(({ parts }) => parts !== undefined);
  const names = chartNames(own);
  const used = REWARD_PARTS.filter((part) => own.some(({ parts }) => round(parts?.[part] ?? 0) !== 0));
  return rows(
    'channels',
    'What the return is made of: mean over episodes',
    used,
    own
      .map(
        ({ parts }, index) => `${names[index]}: ${used.map((part) => `${part} ${fixed(parts?.[part])}`).join(', ')}.`,
      )
      .join(' '),
    {
      names,
      rowHeight: 40,
      xAxis: valueAxis('part of the return'),
      series: [
        ...used.map((part) => ({
          name: part,
          type: 'bar',
          stack: 'return',
          silent: true,
          barMaxWidth: 24,
          itemStyle: { color: PART_COLORS[part] },
          data: own.map(({ parts }) => round(parts?.[part] ?? 0)),
        })),
        {
          name: 'mean return',
          type: 'scatter',
          silent: true,
          symbol: 'diamond',
          symbolSize: 10,
          itemStyle: { color: INK, borderColor: '#ffffff', borderWidth: 1 },
          label: { show: false, ...TEXT },
          data: own.map((arm, index) => [round(arm.return.mean ?? 0), index]),
        },
      ],
    },
  );
}

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

/** Means by task: return and grade with their 95 % intervals, and the parts of the return. */

import type { Baseline } from '../../analysis/baselines.ts';
import { REWARD_PARTS, type RewardPart } from '../../analysis/reward-parts.ts';
import { fixed } from '../../lib/text.ts';
import {
  baselineLook,
  type Chart,
  chartNames,
  frame,
  INK,
  lookOf,
  nameAxis,
  roomFor,
  rows,
  TEXT,
  valueAxis,
  WIDTH,
} from '../draw.ts';
import type { Arm, ComparedArm } from '../figures.ts';
import { plusMinus, round, type Spread } from '../words.ts';

/** In the order of REWARD_PARTS. */
const PART_LOOKS: Readonly<Record<RewardPart, { readonly name: string; readonly color: string }>> = {
  conflict: { name: 'conflict', color: '#2f81d6' },
  relationship: { name: 'relationship', color: '#d97706' },
  task: { name: 'task', color: '#9a6bd0' },
  shaping: { name: 'shaping', color: '#14937a' },
  damage: { name: 'damage', color: '#d14b4b' },
  completion: { name: 'completion', color: '#5aa02c' },
  invalid: { name: 'invalid', color: '#8a8420' },
  idle: { name: 'idle', color: '#8d939c' },
};

/** Mean return and mean grade with their 95 % intervals, and lines for other policies. */
export function tasksChart(arms: readonly ComparedArm[]): Chart {
  const names = chartNames(arms);
  const title = 'Mean return and mean grade, with 95 % intervals';
  const others = [...new Set(arms.flatMap(({ baselines }) => baselines.map(({ name }) => name)))];
  const { top, option } = frame(title, others);
  const height = 30 + names.length * 40;
  const left = roomFor(names);
  const width = (WIDTH - left - 20 - 28) / 2;
  const panels: readonly { at: number; unit: 'return' | 'grade'; bounds: object }[] = [
    { at: left, unit: 'return', bounds: {} },
    {
      at: left + width + 28,
      unit: 'grade',
      bounds: { min: 0, max: 1, interval: 0.25 },
    },
  ];
  return {
    name: 'tasks',
    title,
    description: arms
      .map(
        (arm, index) =>
          `${names[index]}: return ${plusMinus(arm.return)}, grade ${plusMinus(arm.grade)}.${baselinesText(arm.baselines)}`,
      )
      .join(' '),
    height: top + height + 52,
    option: {
      ...option,
      grid: panels.map(({ at }) => ({ left: at, top, width, height })),
      xAxis: panels.map(({ unit, bounds }, gridIndex) => valueAxis(unit, { gridIndex, splitNumber: 4, ...bounds })),
      yAxis: panels.map((_, gridIndex) =>
        nameAxis(names, { gridIndex, ...(gridIndex === 0 ? {} : { axisLabel: { show: false } }) }),
      ),
      series: panels.flatMap(({ unit }, panel) => [
        ...bars(
          arms.map((arm) => arm[unit]),
          panel,
        ),
        ...others.map((name) => baselineMarks(name, arms, unit, panel)),
      ]),
    },
  };
}

function baselinesText(baselines: readonly Baseline[]): string {
  return baselines.map(({ name, return: paid, grade }) => ` ${name}: ${fixed(paid)}, ${fixed(grade)}.`).join('');
}

/** An upright line in the row of each task. */
function baselineMarks(name: string, arms: readonly ComparedArm[], unit: 'return' | 'grade', panel: number): object {
  const { color } = baselineLook(name);
  return {
    name,
    type: 'scatter',
    xAxisIndex: panel,
    yAxisIndex: panel,
    silent: true,
    z: 3,
    symbol: 'rect',
    symbolSize: [3, 32],
    itemStyle: { color },
    data: arms.flatMap(({ baselines }, index) => {
      const value = baselines.find((one) => one.name === name)?.[unit] ?? undefined;
      return value === undefined ? [] : [[round(value), index]];
    }),
  };
}

/** Bars with a line for the 95 % interval. */
function bars(spreads: readonly Spread[], panel: number): object[] {
  const shared = { xAxisIndex: panel, yAxisIndex: panel, silent: true };
  return [
    {
      ...shared,
      type: 'bar',
      barMaxWidth: 20,
      data: spreads.map(({ mean }, index) => ({
        value: mean === undefined ? null : round(mean),
        itemStyle: { color: lookOf(index).color },
      })),
    },
    ...spreads.flatMap(({ mean, confidence }, index) =>
      mean === undefined || confidence === undefined || confidence === 0
        ? []
        : [
            {
              ...shared,
              type: 'line',
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
    used.map((part) => PART_LOOKS[part].name),
    own
      .map(
        ({ parts }, index) =>
          `${names[index]}: ${used.map((part) => `${PART_LOOKS[part].name} ${fixed(parts?.[part])}`).join(', ')}.`,
      )
      .join(' '),
    {
      names,
      rowHeight: 40,
      xAxis: valueAxis('part of the return'),
      series: [
        ...used.map((part) => ({
          name: PART_LOOKS[part].name,
          type: 'bar',
          stack: 'return',
          silent: true,
          barMaxWidth: 24,
          itemStyle: { color: PART_LOOKS[part].color },
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

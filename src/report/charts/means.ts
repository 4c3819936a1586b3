/** Means by task: return and grade with their standard deviations, and the parts of the return. */

import { REWARD_PARTS, type RewardPart } from '../../analysis/reward-parts.ts';
import { fixed } from '../../lib/text.ts';
import {
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
import type { Arm } from '../figures.ts';
import { round, type Spread } from '../words.ts';

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

/** Mean return and mean grade, with one sample standard deviation to either side. */
export function tasksChart(arms: readonly Arm[]): Chart {
  const names = chartNames(arms);
  const title = 'Mean return and mean grade, \u00b1 one standard deviation';
  const { top, option } = frame(title);
  const height = 30 + names.length * 40;
  const left = roomFor(names);
  const width = (WIDTH - left - 20 - 28) / 2;
  const panels = [
    { at: left, unit: 'return', spreads: arms.map((arm) => arm.return), bounds: {} },
    {
      at: left + width + 28,
      unit: 'grade',
      spreads: arms.map((arm) => arm.grade),
      bounds: { min: 0, max: 1, interval: 0.25 },
    },
  ];
  return {
    name: 'tasks',
    title,
    description: arms
      .map(
        (arm, index) =>
          `${names[index]}: return ${fixed(arm.return.mean)} \u00b1 ${fixed(arm.return.sd)}, grade ${fixed(arm.grade.mean)} \u00b1 ${fixed(arm.grade.sd)}.`,
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
      series: panels.flatMap(({ spreads }, panel) => bars(spreads, panel)),
    },
  };
}

/** Bars with an error line of one standard deviation to either side. */
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
    ...spreads.flatMap(({ mean, sd }, index) =>
      mean === undefined || sd === undefined || sd === 0
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
                [round(mean - sd), index],
                [round(mean + sd), index],
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

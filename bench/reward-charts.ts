/** The charts of docs/REWARD.md. The same numbers give the same bytes. */
import * as echarts from 'echarts';
import type { Moment, Trace } from './reward-episodes.js';

const WIDTH = 900;
/** Legible on white and on almost black. */
const INK = '#737b87';
const RULE = 'rgba(115, 123, 135, 0.28)';
/** Distinguishable for colour-blind readers too, and by dash and symbol. */
const LOOKS = [
  { color: '#2f81d6', type: 'solid', symbol: 'circle' },
  { color: '#d97706', type: 'dashed', symbol: 'triangle' },
  { color: '#9a6bd0', type: 'dotted', symbol: 'rect' },
] as const;

type Panel = {
  readonly title: string;
  readonly unit: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly kind: 'line' | 'bar';
  readonly pick: (moment: Moment) => number;
  /** Bounds of the axis if they are fixed. */
  readonly bounds?: readonly [number, number];
};

/** Cumulative return above, the reward of each step below. */
export function returnChart(task: string, traces: readonly Trace[]): string {
  const wide = { left: 76, width: WIDTH - 76 - 24 };
  return render(`${task}: return and reward, rules v2`, 650, traces, [
    {
      ...wide,
      title: 'return so far (sum of rewards)',
      unit: 'reward',
      top: 104,
      height: 210,
      kind: 'line',
      pick: ({ paid }) => paid,
    },
    {
      ...wide,
      title: 'reward of the step',
      unit: 'reward',
      top: 396,
      height: 190,
      kind: 'bar',
      pick: ({ reward }) => reward,
    },
  ]);
}

/** The three potentials and V, one panel each. */
export function potentialChart(task: string, traces: readonly Trace[]): string {
  const [width, height] = [356, 200];
  // Damage may lower V below 0, but not below -0.5.
  const isBelow = traces.some(({ moments }) => moments.some(({ value }) => value < 0));
  const panel = (column: number, row: number, title: string, pick: Panel['pick'], least = 0): Panel => ({
    title,
    unit: 'share of 1',
    left: 76 + column * (width + 86),
    top: 104 + row * (height + 94),
    width,
    height,
    kind: 'line',
    pick,
    bounds: [least, 1],
  });
  return render(`${task}: potentials and V, rules v2`, 660, traces, [
    panel(0, 0, 'conflict', ({ conflict }) => conflict),
    panel(1, 0, 'relationship', ({ relationship }) => relationship),
    panel(0, 1, 'task', ({ task: share }) => share),
    panel(1, 1, 'V: the three by weight, less collateral', ({ value }) => value, isBelow ? -0.5 : 0),
  ]);
}

function render(title: string, height: number, traces: readonly Trace[], panels: readonly Panel[]): string {
  const last = Math.max(...traces.map(({ moments }) => moments.length - 1));
  const steps = Array.from({ length: last + 1 }, (_, step) => String(step));
  const text = { color: INK, fontFamily: 'sans-serif', fontSize: 13 };
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    textStyle: text,
    color: LOOKS.map(({ color }) => color),
    title: [
      { text: title, left: 'center', top: 12, textStyle: { ...text, fontSize: 17, fontWeight: 'bold' } },
      ...panels.map((panel) => ({
        text: panel.title,
        left: panel.left - 4,
        top: panel.top - 30,
        padding: 0,
        textStyle: { ...text, fontSize: 14, fontWeight: 'bold' as const },
      })),
    ],
    legend: { top: 40, itemWidth: 44, itemGap: 28, textStyle: { ...text, fontSize: 14 } },
    grid: panels.map(({ left, top, width, height: tall }) => ({ left, top, width, height: tall })),
    xAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: 'category' as const,
      data: steps,
      name: 'step',
      nameLocation: 'middle' as const,
      nameGap: 26,
      nameTextStyle: text,
      boundaryGap: panels.some(({ kind }) => kind === 'bar'),
      axisLine: { onZero: false, lineStyle: { color: INK } },
      axisTick: { alignWithLabel: true },
      axisLabel: { ...text, fontSize: 12 },
    })),
    yAxis: panels.map(({ unit, bounds }, gridIndex) => ({
      gridIndex,
      type: 'value' as const,
      name: unit,
      nameLocation: 'middle' as const,
      nameGap: 44,
      nameTextStyle: text,
      ...(bounds === undefined ? {} : { min: bounds[0], max: bounds[1] }),
      axisLine: { show: true, lineStyle: { color: INK } },
      axisLabel: { ...text, fontSize: 12 },
      splitLine: { lineStyle: { color: RULE } },
    })),
    series: panels.flatMap(({ kind, pick }, panel) =>
      traces.map(({ name, moments }, index) => {
        const { color, type, symbol } = LOOKS[index % LOOKS.length] ?? LOOKS[0];
        const shared = { name, xAxisIndex: panel, yAxisIndex: panel };
        if (kind === 'bar') {
          const data = moments.map((moment) => (moment.step === 0 ? null : round(pick(moment))));
          return { ...shared, type: 'bar' as const, data, barGap: '0%', itemStyle: { color } };
        }
        return {
          ...shared,
          type: 'line' as const,
          data: moments.map((moment) => round(pick(moment))),
          symbol,
          symbolSize: 6,
          lineStyle: { color, type, width: 2.4 },
          itemStyle: { color },
        };
      }),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg.replace(/(<svg[^>]*>)/, `$1\n<title>${title}</title>`)}\n`;
}

/** Rounds to enough digits for a drawing, but few enough to be equal on every machine. */
function round(value: number): number {
  return Number(value.toFixed(6));
}

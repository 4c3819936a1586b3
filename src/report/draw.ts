/** Draws charts as SVG. The same chart gives the same bytes. */
import type { Baseline } from '../analysis/baselines.ts';
import { clip, oneLine } from '../lib/text.ts';
import { type ChartOption, init } from './echarts.ts';
import { round } from './words.ts';

// The common look of all charts. Colours are legible on white and on almost black.

const WIDTH = 500;
export const INK = '#737b87';
export const RULE = 'rgba(115, 123, 135, 0.28)';
/** Distinguishable for colour-blind readers too; lines also differ in their dashes. */
export const LOOKS = [
  { color: '#2f81d6', dash: 'solid' },
  { color: '#d97706', dash: [7, 4] },
  { color: '#9a6bd0', dash: [2, 3] },
  { color: '#14937a', dash: [10, 3, 2, 3] },
  { color: '#d0558a', dash: 'solid' },
  { color: '#8a8420', dash: [7, 4] },
] as const;

export function lookOf(index: number): (typeof LOOKS)[number] {
  return LOOKS[index % LOOKS.length] ?? LOOKS[0];
}

/** The lines of the policies that a result is compared with, by name. */
const BASELINE_LOOKS: Readonly<Record<string, { readonly color: string; readonly dash: 'solid' | readonly number[] }>> =
  {
    'do nothing': { color: '#8d939c', dash: [2, 3] },
    random: { color: '#d0558a', dash: [4, 4] },
    greedy: { color: '#14937a', dash: [9, 4] },
    'best plan known': { color: '#b8860b', dash: 'solid' },
  };

function baselineLook(name: string): (typeof BASELINE_LOOKS)[string] {
  return BASELINE_LOOKS[name] ?? { color: INK, dash: 'solid' };
}

/** A straight line for a policy that a result is compared with. */
export function baselineLine(name: string, ends: readonly (readonly [x: number, y: number])[]): object {
  const { color, dash } = baselineLook(name);
  return {
    name,
    type: 'line',
    symbol: 'none',
    silent: true,
    itemStyle: { color },
    lineStyle: { color, type: dash, width: 1.6 },
    data: ends,
  };
}

/** An upright line in the row of each arm, for each policy that the arms are compared with. */
export function baselineMarks(arms: readonly { baselines: readonly Baseline[] }[], unit: 'return' | 'grade') {
  const names = [...new Set(arms.flatMap(({ baselines }) => baselines.map(({ name }) => name)))];
  return names.map((name) => ({
    name,
    type: 'scatter',
    silent: true,
    z: 3,
    symbol: 'rect',
    symbolSize: [3, 32],
    itemStyle: { color: baselineLook(name).color },
    data: arms.flatMap(({ baselines }, index) => {
      const value = baselines.find((one) => one.name === name)?.[unit] ?? undefined;
      return value === undefined ? [] : [[round(value), index]];
    }),
  }));
}

export const TEXT = { color: INK, fontFamily: 'system-ui, sans-serif', fontSize: 13 } as const;

/** A chart, ready to be drawn. */
export type Chart = {
  /** Name of its file, without the extension. */
  readonly name: string;
  readonly title: string;
  /** The contents of the chart in words, for readers who cannot see it. */
  readonly description: string;
  readonly height: number;
  readonly option: ChartOption;
};

const LABEL_WIDTH = 150;

const TOP = 46;
const LEGEND_ROW = 24;

type LegendEntry = string | { readonly name: string; readonly icon: string };

function nameOf(entry: LegendEntry): string {
  return typeof entry === 'string' ? entry : entry.name;
}

/** The title, and a legend of the given entries if there are any; `top` is where the grid begins, in pixels. */
function frame(title: string, legend: readonly LegendEntry[] = []): { top: number; option: ChartOption } {
  const rows =
    legend.length === 0 ? 0 : Math.ceil(legend.reduce((sum, one) => sum + 56 + 7.5 * nameOf(one).length, 0) / WIDTH);
  return {
    top: TOP + rows * LEGEND_ROW,
    option: {
      animation: false,
      textStyle: TEXT,
      title: { text: title, left: 4, top: 8, textStyle: { ...TEXT, fontSize: 15, fontWeight: 'bold' } },
      ...(rows === 0
        ? {}
        : {
            legend: {
              data: [...legend],
              left: 0,
              top: 34,
              itemWidth: 30,
              itemHeight: 10,
              itemGap: 18,
              textStyle: TEXT,
            },
          }),
    },
  };
}

type Axes = { readonly xAxis: object; readonly yAxis: object; readonly series: readonly object[] };

/** A chart with two numeric axes. */
export function plot(
  name: string,
  title: string,
  legend: readonly LegendEntry[],
  description: string,
  axes: Axes,
): Chart {
  const { top, option } = frame(title, legend);
  const grid = { left: 64, top: top + 6, width: WIDTH - 64 - 20, height: 206 };
  return { name, title, description, height: top + 270, option: { ...option, grid, ...axes } };
}

/** A chart with a row of `rowHeight` pixels for each name. */
export function rows(
  name: string,
  title: string,
  legend: readonly LegendEntry[],
  description: string,
  {
    names,
    rowHeight,
    ...axes
  }: Omit<Axes, 'yAxis'> & { readonly names: readonly string[]; readonly rowHeight: number },
): Chart {
  const { top, option } = frame(title, legend);
  const left = roomFor(names);
  const grid = { left, top, width: WIDTH - left - 20, height: 30 + names.length * rowHeight };
  const yAxis = nameAxis(names);
  return { name, title, description, height: top + grid.height + 52, option: { ...option, grid, ...axes, yAxis } };
}

/** A numeric axis. */
export function valueAxis(name: string, more: object = {}): object {
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: 30,
    nameTextStyle: TEXT,
    axisLine: { show: true, onZero: false, lineStyle: { color: INK } },
    axisTick: { show: false },
    axisLabel: { ...TEXT, fontSize: 12 },
    splitLine: { lineStyle: { color: RULE } },
    ...more,
  };
}

/** An axis of names, from top to bottom. */
function nameAxis(names: readonly string[]): object {
  return {
    type: 'category',
    inverse: true,
    data: [...names],
    axisLine: { onZero: false, lineStyle: { color: INK } },
    axisTick: { show: false },
    axisLabel: { ...TEXT, width: LABEL_WIDTH, overflow: 'truncate' },
  };
}

/** Labels as names in a chart: on one line, all different, and not too long. */
export function chartNames(labelled: readonly { readonly label: string }[]): string[] {
  const used = new Set<string>();
  return labelled.map(({ label }) => {
    const plain = clip(oneLine(label).replace(/\p{C}/gu, ''), 26) || '(no name)';
    let free = plain;
    for (let n = 2; used.has(free); n++) free = `${plain} ${n}`;
    used.add(free);
    return free;
  });
}

/** Width in pixels of the longest of the names beside an axis. */
function roomFor(names: readonly string[]): number {
  return 18 + Math.min(LABEL_WIDTH, Math.max(...names.map((name) => name.length)) * 7.6);
}

/** A chart as a part of a page: its text takes the colour of the surrounding text. */
export function drawInline(chart: Chart): string {
  return draw(chart).replaceAll(INK, 'currentColor');
}

/** A chart as a separate file. */
export function draw({ name, title, description, height, option }: Chart): string {
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  drawing.setOption(option);
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  const [titleId, textId] = [`${name}-title`, `${name}-text`];
  const words = `<title id="${titleId}">${escaped(title)}</title><desc id="${textId}">${escaped(description)}</desc>`;
  return (
    svg
      // Removes styles that ECharts adds for pages with a script. It escapes " as &quot; in texts, so these matches are markup.
      .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
      .replace(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
      // ECharts numbers its drawings, which would make ids depend on what was drawn before.
      .replace(/(id="|url\(#)zr\d+-/g, `$1${name}-`)
      .replace(/^<svg ([^>]*)>/, (_, rest) => `<svg ${rest} role="img" aria-labelledby="${titleId} ${textId}">${words}`)
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

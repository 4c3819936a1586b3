/** The signal for a group-relative method: standard deviations within groups, and advantages. */
import { countText } from '../../lib/text.ts';
import { type Chart, frame, INK, LOOKS, valueAxis, WIDTH } from '../draw.ts';
import type { Arm } from '../figures.ts';
import { NO_SPREAD } from '../groups.ts';
import { type Bin, fixed, histogram, percent, round } from '../words.ts';

const GRID = { left: 64, width: WIDTH - 64 - 20, height: 206 } as const;

/** Histogram of groups by the sample standard deviation of their returns; groups without a deviation are shown apart, in grey. */
export function deviationsChart(arms: readonly Arm[]): Chart {
  const all = arms.flatMap(({ group }) => group.deviations);
  const loud = all.filter((deviation) => deviation >= NO_SPREAD);
  const silent = all.length - loud.length;
  const title = 'Groups by the standard deviation of their returns';
  const [plain, none] = ['with a signal', 'without: all returns equal'];
  const { top, option } = frame(title, [
    { name: plain, icon: 'roundRect' },
    { name: none, icon: 'roundRect' },
  ]);
  const bins = histogram(loud, binsFor(loud.length), 0);
  const width = (bins[0]?.to ?? 1) - (bins[0]?.from ?? 0);
  return {
    name: 'groups',
    title,
    description: `${countText(silent)} of ${countText(all.length)} groups (${percent(silent / all.length)}) have no spread at all.`,
    height: top + 270,
    option: {
      ...option,
      grid: { ...GRID, top: top + 6 },
      xAxis: valueAxis('standard deviation within the group', { min: round(-width), splitLine: { show: false } }),
      yAxis: valueAxis('groups', { minInterval: 1, nameGap: 44 }),
      series: [
        { ...columns(bins, LOOKS[0].color), name: plain },
        {
          ...columns([{ from: -width, to: 0, count: silent }], INK),
          name: none,
        },
      ],
    },
  };
}

/** Histogram of the recorded advantages. */
export function advantagesChart(arms: readonly Arm[]): Chart {
  const all = arms.flatMap(({ group }) => group.advantages);
  const title = 'Advantages of episodes';
  const { top, option } = frame(title);
  const bins = histogram(all, binsFor(all.length));
  const none = all.filter((advantage) => Math.abs(advantage) < 1e-6).length;
  return {
    name: 'advantages',
    title,
    description: `${countText(all.length)} advantages from ${fixed(bins[0]?.from)} to ${fixed(bins.at(-1)?.to)}; ${countText(none)} of them are 0.`,
    height: top + 270,
    option: {
      ...option,
      grid: { ...GRID, top: top + 6 },
      xAxis: valueAxis('advantage', { scale: true, splitLine: { show: false } }),
      yAxis: valueAxis('episodes', { minInterval: 1, nameGap: 44 }),
      series: [columns(bins, LOOKS[1].color)],
    },
  };
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

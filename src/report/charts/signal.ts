/** The signal for a group-relative method: standard deviations within groups, and advantages. */
import { countText, fixed } from '../../lib/text.ts';
import { type Chart, INK, LOOKS, plot, valueAxis } from '../draw.ts';
import type { Arm } from '../figures.ts';
import { NO_SPREAD } from '../groups.ts';
import { type Bin, histogram, percent, round } from '../words.ts';

/** An axis for values that are all 0. */
const AROUND_ZERO = { min: -1, max: 1 };

/** Histogram of groups by the sample standard deviation of their returns; groups without a deviation are shown apart, in grey. */
export function deviationsChart(arms: readonly Arm[]): Chart {
  const all = arms.flatMap(({ group }) => group.deviations);
  const loud = all.filter((deviation) => deviation >= NO_SPREAD);
  const silent = all.length - loud.length;
  const [plain, none] = ['with a signal', 'without: all returns equal'];
  const bins = histogram(loud, binsFor(loud.length), 0);
  const width = bins[0] === undefined ? 0.1 : bins[0].to - bins[0].from;
  // Beside the others, so that it does not cover the least of them.
  const silentBin = {
    from: loud.length === 0 ? -width / 2 : -width,
    to: loud.length === 0 ? width / 2 : 0,
    count: silent,
  };
  return plot(
    'groups',
    'Groups by the standard deviation of their returns',
    [plain, none].map((name) => ({ name, icon: 'roundRect' })),
    `${countText(silent)} of ${countText(all.length)} groups (${percent(silent / all.length)}) have no spread at all.`,
    {
      xAxis: valueAxis('standard deviation within the group', {
        ...(loud.length === 0 ? AROUND_ZERO : { min: round(-width) }),
        splitLine: { show: false },
      }),
      yAxis: valueAxis('groups', { minInterval: 1, nameGap: 44 }),
      series: [
        { ...columns(bins, LOOKS[0].color), name: plain },
        { ...columns([silentBin], INK), name: none },
      ],
    },
  );
}

/** Histogram of the recorded advantages. */
export function advantagesChart(arms: readonly Arm[]): Chart {
  const all = arms.flatMap(({ group }) => group.advantages);
  const bins = histogram(all, binsFor(all.length));
  const [only, more] = bins;
  const middle = only === undefined || more !== undefined ? undefined : (only.from + only.to) / 2;
  const none = all.filter((advantage) => Math.abs(advantage) < 1e-6).length;
  return plot(
    'advantages',
    'Advantages of episodes',
    [],
    `${countText(all.length)} advantages${middle === undefined ? ` from ${fixed(bins[0]?.from)} to ${fixed(bins.at(-1)?.to)}` : `, all ${fixed(middle)}`}; ${countText(none)} of them are 0.`,
    {
      xAxis: valueAxis('advantage', {
        ...(middle === undefined ? { scale: true } : { min: round(middle - 1), max: round(middle + 1) }),
        splitLine: { show: false },
      }),
      yAxis: valueAxis('episodes', { minInterval: 1, nameGap: 44 }),
      series: [columns(bins, LOOKS[1].color)],
    },
  );
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

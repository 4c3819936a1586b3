/** The potentials over the steps, as a chart and as a table for people who cannot see the chart. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Scene } from '../../analysis/replay.ts';
import { TERMS } from '../../analysis/terms.ts';
import { fixed } from '../../lib/text.ts';
import './step.css';
import { FigureTable } from '../shared/fields.tsx';

/** Loads the charts when the first of them is shown. */
const loadCharts = () => import('./chart.ts');

/** A chart instance. */
type LoadedChart = ReturnType<Awaited<ReturnType<typeof loadCharts>>['init']>;

// The curves of the chart over the steps of an episode. Pure.

type Curve = { readonly name: string; readonly values: readonly number[] };
type Curves = {
  readonly title: string;
  /** What the curves mean, if the names do not tell. */
  readonly note?: string;
  readonly steps: readonly number[];
  readonly curves: readonly Curve[];
};

const CHANNELS = ['conflict', 'relationship', 'task'] as const;

/** Rules v2: the three potentials and V. Rules v1 have no potentials: the sums of the three channels. */
export function curvesOf(scenes: readonly Scene[]): Curves {
  const steps = scenes.map(({ step }) => step);
  if (scenes.some(({ potentials }) => potentials === null)) {
    const curves = CHANNELS.map((name) => {
      let sum = 0;
      return { name, values: scenes.map(({ breakdown }) => (sum += breakdown?.[name] ?? 0)) };
    });
    return { title: 'Sums of the channels', steps, curves };
  }
  const curves = [...CHANNELS, 'value' as const].map((name) => ({
    name: name === 'value' ? 'V' : name,
    values: scenes.map(({ potentials }) => potentials?.[name] ?? 0),
  }));
  return { title: 'Potentials and V', note: `${TERMS.potential} ${TERMS.V}`, steps, curves };
}

type PotentialChartProps = {
  readonly scenes: readonly Scene[];
  /** Index in `scenes` of the scene that is shown. */
  readonly current: number;
};

export function PotentialChart({ scenes, current }: PotentialChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<LoadedChart>();
  const [hasFailed, setFailed] = useState(false);
  const curves = useMemo(() => curvesOf(scenes), [scenes]);

  useEffect(() => {
    let made: LoadedChart | undefined;
    let isGone = false;
    const fit = new ResizeObserver(() => made?.resize());
    loadCharts().then(
      ({ init }) => {
        if (isGone || place.current === null) return;
        made = init(place.current);
        fit.observe(place.current);
        setChart(made);
      },
      () => setFailed(true),
    );
    return () => {
      isGone = true;
      fit.disconnect();
      made?.dispose();
    };
  }, []);
  useEffect(() => {
    chart?.setOption(optionOf(curves, scenes[current]?.step ?? 0), { notMerge: true });
  }, [chart, curves, scenes, current]);

  return (
    <figure class="potentials">
      <figcaption class="small muted">
        {curves.title}, step by step.{curves.note === undefined ? '' : ` ${curves.note}`}
      </figcaption>
      {hasFailed && <p class="muted">The chart could not be loaded; the figures are below.</p>}
      <div class="chart" ref={place} aria-hidden="true" />
      <details open={hasFailed}>
        <summary>Figures</summary>
        <FigureTable
          caption={curves.title}
          head={['step', ...curves.curves.map(({ name }) => name)]}
          rows={curves.steps.map((step, at) => ({
            name: String(step),
            cells: curves.curves.map(({ values }) => fixed(values[at] ?? 0, 3)),
          }))}
        />
      </details>
    </figure>
  );
}

/** Lines differ in their dashes as well as in colour. */
const DASHES = ['solid', 'dashed', 'dotted', 'solid'] as const;

/** The colours are those of the style sheet, in the present colour scheme: the chart is SVG. */
function optionOf({ curves, steps }: Curves, step: number): Record<string, unknown> {
  const line = ['var(--accent)', 'var(--warn)', 'var(--good)', 'var(--ink)'];
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const text = { color: 'var(--muted)', fontSize: 11 };
  return {
    animation: !isCalm,
    animationDuration: 200,
    animationDurationUpdate: 200,
    color: line,
    grid: { left: 36, right: 12, top: 34, bottom: 24 },
    legend: { top: 0, left: 0, itemWidth: 22, itemHeight: 8, textStyle: text },
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      backgroundColor: 'var(--card)',
      borderColor: 'var(--rule)',
      textStyle: { color: 'var(--ink)', fontSize: 12 },
      valueFormatter: (value: unknown) => fixed(Number(value), 3),
    },
    xAxis: {
      type: 'category',
      boundaryGap: false,
      data: steps,
      axisLabel: text,
      axisLine: { lineStyle: { color: 'var(--rule)' } },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      scale: true,
      axisLabel: text,
      splitNumber: 4,
      splitLine: { lineStyle: { color: 'var(--rule)' } },
    },
    series: curves.map(({ name, values }, at) => ({
      name,
      type: 'line',
      data: values,
      symbol: 'circle',
      symbolSize: 5,
      showSymbol: values.length < 30,
      lineStyle: { width: name === 'V' ? 3 : 2, type: DASHES[at] },
      ...(at === 0 && {
        markLine: {
          silent: true,
          symbol: 'none',
          animation: false,
          label: { show: false },
          lineStyle: { color: 'var(--muted)', type: 'dashed' },
          data: [{ xAxis: steps.indexOf(step) }],
        },
      }),
    })),
  };
}

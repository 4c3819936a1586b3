/** The potentials over the steps, as a chart and as a table for people who cannot see the chart. */
import './step.css';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Scene } from '../../rollout/replay/scene.ts';
import { plain } from '../shared/format.ts';
import { type Colours, useColours } from './colours.ts';
import { type Chart, loadCharts } from './load-charts.ts';
import { type Curves, curvesOf } from './potentials-data.ts';

type PotentialChartProps = {
  readonly scenes: readonly Scene[];
  /** Index in `scenes` of the scene that is shown. */
  readonly current: number;
};

export function PotentialChart({ scenes, current }: PotentialChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<Chart>();
  const [hasFailed, setFailed] = useState(false);
  const colours = useColours();
  const curves = useMemo(() => curvesOf(scenes), [scenes]);

  useEffect(() => {
    let made: Chart | undefined;
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
    chart?.setOption(optionOf(curves, scenes[current]?.step ?? 0, colours), { notMerge: true });
  }, [chart, curves, scenes, current, colours]);

  return (
    <figure class="potentials">
      <figcaption class="small muted">{curves.title}, step by step</figcaption>
      {hasFailed && <p class="muted">The chart could not be loaded; the figures are below.</p>}
      <div class="chart" ref={place} aria-hidden="true" />
      <details open={hasFailed}>
        <summary>Figures</summary>
        <FigureTable curves={curves} />
      </details>
    </figure>
  );
}

function FigureTable({ curves: { title, steps, curves } }: { curves: Curves }) {
  return (
    <table class="parts">
      <caption class="sr-only">{title}</caption>
      <thead>
        <tr>
          <th scope="col">step</th>
          {curves.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {steps.map((step, at) => (
          <tr key={step}>
            <th scope="row">{step}</th>
            {curves.map(({ name, values }) => (
              <td key={name}>{plain(values[at] ?? 0, 3)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Lines differ in their dashes as well as in colour. */
const DASHES = ['solid', 'dashed', 'dotted', 'solid'] as const;

function optionOf({ curves, steps }: Curves, step: number, colours: Colours): Record<string, unknown> {
  const line = [colours.accent, colours.warn, colours.good, colours.ink];
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const text = { color: colours.muted, fontSize: 11 };
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
      backgroundColor: colours.card,
      borderColor: colours.rule,
      textStyle: { color: colours.ink, fontSize: 12 },
      valueFormatter: (value: unknown) => plain(Number(value), 3),
    },
    xAxis: {
      type: 'category',
      boundaryGap: false,
      data: steps,
      axisLabel: text,
      axisLine: { lineStyle: { color: colours.rule } },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      scale: true,
      axisLabel: text,
      splitNumber: 4,
      splitLine: { lineStyle: { color: colours.rule } },
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
          lineStyle: { color: colours.muted, type: 'dashed' },
          data: [{ xAxis: steps.indexOf(step) }],
        },
      }),
    })),
  };
}

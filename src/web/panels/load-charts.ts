/** Loads the charts when the first of them is shown. */
export const loadCharts = () => import('./chart.ts');

/** A chart instance. */
export type Chart = ReturnType<Awaited<ReturnType<typeof loadCharts>>['init']>;

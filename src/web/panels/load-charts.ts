/** The charts, fetched when the first of them is shown. */
export const loadCharts = () => import('./chart.ts');

/** A chart that has been made. */
export type Chart = ReturnType<Awaited<ReturnType<typeof loadCharts>>['init']>;

/** The parts of ECharts that the charts need. The build bundles them into this file's output: see vite.charts.config.ts. */
import { BarChart, BoxplotChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, BoxplotChart, GridComponent, LegendComponent, LineChart, ScatterChart, SVGRenderer, TitleComponent]);

export type { EChartsCoreOption as ChartOption } from 'echarts/core';
export { init };

/** What the charts of the pages need of ECharts: the one file of the pages that imports it, and only when a chart is shown. */
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([CanvasRenderer, GridComponent, LegendComponent, LineChart, MarkLineComponent, TooltipComponent]);

export type { EChartsType } from 'echarts/core';
export { init };

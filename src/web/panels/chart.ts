/** The parts of ECharts that the pages need. Only this file imports ECharts, and pages load it when they show a chart. */
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([SVGRenderer, GridComponent, LegendComponent, LineChart, MarkLineComponent, TooltipComponent]);

export { init };

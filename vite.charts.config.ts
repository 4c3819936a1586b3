/**
 * The charts of reports: puts what they need of ECharts into the one file that imports it, so that the package itself, some 60 MB,
 * stays a tool of the build.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  build: {
    outDir: path('dist/report'),
    emptyOutDir: false,
    target: 'node20',
    minify: false,
    lib: { entry: path('src/report/echarts.ts'), formats: ['es'], fileName: () => 'echarts.js' },
  },
});

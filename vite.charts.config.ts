/**
 * The charts of reports: puts what they need of ECharts into the one file that imports it, so that the package itself, some 60 MB,
 * stays a tool of the build. The licences of what is in that file lie beside it.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const FILE = 'echarts.js';
const LICENCES = `${FILE}.LICENSE.txt`;
const PARTS = ['echarts/LICENSE', 'echarts/NOTICE', 'zrender/LICENSE'];

const licences: Plugin = {
  name: 'licences',
  generateBundle() {
    const texts = PARTS.map((part) => `${part}\n\n${readFileSync(path(`node_modules/${part}`), 'utf8').trim()}\n`);
    this.emitFile({ type: 'asset', fileName: LICENCES, source: texts.join(`\n${'-'.repeat(80)}\n\n`) });
  },
};

export default defineConfig({
  build: {
    outDir: path('dist/report'),
    emptyOutDir: false,
    target: 'node20',
    minify: true,
    lib: { entry: path('src/report/echarts.ts'), formats: ['es'], fileName: () => FILE },
    rolldownOptions: {
      output: {
        banner: `/*! Apache ECharts, Apache License 2.0, and ZRender, BSD 3-Clause License: see ${LICENCES} beside this file. */`,
      },
    },
  },
  plugins: [licences],
});

/** The pages of the server: src/web becomes dist/web, each file also compressed, as the server hands it out. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const OUT = path('dist/web');

const compress: Plugin = {
  name: 'compress',
  closeBundle() {
    for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(?:html|js|css|svg)$/.test(name)) continue;
      const file = join(OUT, name);
      const bytes = readFileSync(file);
      writeFileSync(`${file}.br`, brotliCompressSync(bytes));
      writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    }
  },
};

export default defineConfig({
  root: path('src/web'),
  // Relative addresses: whatever path stands before /web.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: 'es2022',
    // The charts, which are loaded when one is shown.
    chunkSizeWarningLimit: 600,
    // A data: address in a style would have to be let through by the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { playground: path('src/web/index.html'), traces: path('src/web/traces.html') } },
  },
  worker: { format: 'es' },
  plugins: [compress],
});

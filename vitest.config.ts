import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  // As in vite.config.ts.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    include: ['test/**/*.test.ts'],
    // npm run test:slow runs these: deaths, kills, floods and soaks, and what needs Chromium, or Python with its msgpack.
    exclude: [...configDefaults.exclude, 'test/**/*.slow.test.ts', 'test/python/**', 'test/browser/**'],
    globalSetup: 'test/build.setup.ts',
    reporters: ['default', './test/support/lost-process-reporter.ts'],
    // Much of a test is waiting for workers and processes, so one file a core, not one fewer.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

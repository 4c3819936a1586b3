import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Neither Python with its msgpack nor Chromium is to be found everywhere: npm run test:python, npm run test:browser.
    exclude: [...configDefaults.exclude, 'test/python/**', 'test/browser/**', 'test/slow/**'],
    globalSetup: 'test/build.setup.ts',
    reporters: ['default', './test/support/lost-process-reporter.ts'],
    // Much of a test is waiting for workers and processes, so one file a core, not one fewer.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Python and its msgpack are not to be found everywhere: npm run test:python.
    exclude: [...configDefaults.exclude, 'test/python/**'],
    globalSetup: 'test/build.setup.ts',
    // Much of a test is waiting for workers and processes, so one file a core, not one fewer.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

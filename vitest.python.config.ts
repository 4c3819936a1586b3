import { defineConfig } from 'vitest/config';
import { base } from './vitest.base.ts';

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/python/*.test.ts'],
    exclude: [],
    // Several files install the same Python package.
    fileParallelism: false,
  },
});

/** What all tiers of the tests have in common. */

// As in vite.config.ts.
export const oxc = { jsx: { runtime: 'automatic', importSource: 'preact' } } as const;

/** What each project of tests needs. */
export const each = { setupFiles: ['test/seed.setup.ts'], testTimeout: 120_000, hookTimeout: 120_000 };

export const base = {
  oxc,
  test: {
    globalSetup: 'test/build.setup.ts',
    reporters: ['default', './test/support/lost-process-reporter.ts'],
    // Much of a test is waiting for workers and processes, so one file a core, not one fewer.
    maxWorkers: 2,
    ...each,
  },
};

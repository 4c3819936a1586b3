import { configDefaults, defineConfig } from 'vitest/config';
import { base, each, oxc } from './vitest.base.ts';

/** Files that mock a module, replace the clock or change the working directory. Each runs in a process of its own. */
const ALONE = [
  'test/rollout/public-analysis.test.ts',
  'test/rollout/run-lock-links.test.ts',
  'test/server/broken-plan.test.ts',
  'test/server/learning-pause.test.ts',
  'test/server/unsent.test.ts',
];
// npm run test:slow runs these: deaths, kills, floods and soaks, and what needs Chromium, or Python with its msgpack.
const ELSEWHERE = ['test/**/*.slow.test.ts', 'test/python/**', 'test/browser/**'];

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    projects: [
      {
        oxc,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...ELSEWHERE, ...ALONE],
          // The files that one process runs share its modules: src is loaded once, not once a file.
          isolate: false,
          restoreMocks: true,
          unstubEnvs: true,
          ...each,
        },
      },
      { oxc, test: { name: 'alone', include: ALONE, ...each } },
    ],
  },
});

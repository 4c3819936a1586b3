/**
 * Property tests that can be repeated: a failure prints its seed, its path and the command line that repeats it. The variables
 * FC_PATH, FC_RUNS and FC_VERBOSE (0, 1 or 2) in the environment override the options of a test, and FC_SEED does so in
 * test/seed.setup.ts.
 */
import { relative } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { rerunOf } from './rerun.ts';

const DEFAULT_RUNS = 300;

export type PropertyOptions = {
  readonly runs?: number;
  /** The seed in every run, whatever FC_SEED says: for counts of what was covered. */
  readonly seed?: number;
};

/** Throws if the property fails for any of its cases. Call it inside a test. */
export function assertProperty<T>(property: fc.IProperty<T>, options: PropertyOptions = {}): void {
  const path = process.env.FC_PATH;
  const { testPath, currentTestName } = expect.getState();
  fc.assert(property, {
    numRuns: numberFrom('FC_RUNS') ?? options.runs ?? DEFAULT_RUNS,
    verbose: numberFrom('FC_VERBOSE') ?? 0,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(path === undefined ? {} : { path }),
    reporter: (details) => {
      if (!details.failed) return;
      const variables = `FC_SEED=${details.seed} FC_PATH=${details.counterexamplePath ?? ''} FC_RUNS=${details.numRuns}`;
      const file = testPath === undefined ? '' : relative(process.cwd(), testPath);
      // Vitest treats the name as a regular expression.
      const name = JSON.stringify((currentTestName?.split(' > ').at(-1) ?? '').replace(/[^\w ]/g, '.'));
      throw new Error(
        `${fc.defaultReportMessage(details)}\n\nRun it again: ${variables} ${rerunOf(file)} -t ${name}\n`,
        { cause: details.errorInstance },
      );
    },
  });
}

function numberFrom(variable: string): number | undefined {
  const text = process.env[variable];
  return text === undefined || text === '' ? undefined : Number(text);
}

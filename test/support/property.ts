/**
 * Property tests that can be repeated: a failure prints its seed, its path and the command line that repeats it. The variables
 * FC_SEED, FC_PATH, FC_RUNS and FC_VERBOSE (0, 1 or 2) in the environment override the options of a test.
 */
import { relative } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { rerunOf } from './rerun.ts';

const DEFAULT_RUNS = 300;

export type PropertyOptions = {
  readonly runs?: number;
  /** For tests whose result must not change from run to run, such as counts of what was covered. */
  readonly seed?: number;
};

/** Throws if the property fails for any of its cases. Call it inside a test. */
export function assertProperty<T>(property: fc.IProperty<T>, options: PropertyOptions = {}): void {
  const seed = numberFrom('FC_SEED') ?? options.seed;
  const path = process.env.FC_PATH;
  const { testPath, currentTestName } = expect.getState();
  fc.assert(property, {
    numRuns: numberFrom('FC_RUNS') ?? options.runs ?? DEFAULT_RUNS,
    verbose: numberFrom('FC_VERBOSE') ?? 0,
    ...(seed === undefined ? {} : { seed }),
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

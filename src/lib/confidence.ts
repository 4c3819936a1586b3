/** The 95 % confidence interval of a mean, which every ± of a report, a page and the command line is. */
import { sampleStandardDeviation } from 'simple-statistics';

const Z_95 = 1.96;

/**
 * Half the width of the 95 % confidence interval of the mean: 1.96 standard errors (normal approximation). Undefined with fewer than
 * two values.
 */
export function confidenceOf(values: readonly number[]): number | undefined {
  return values.length < 2 ? undefined : (Z_95 * sampleStandardDeviation([...values])) / Math.sqrt(values.length);
}

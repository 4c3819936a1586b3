/** Work that may end the worker that carries it out. */

/** How to carry out work of one kind, and what to do when it fails. */
export type DividedWork<Work, Result> = {
  /** Throws if the work fails. */
  run(work: Work): Promise<Result>;
  /** How often to try work before it is divided. @param isPart Whether the work is a part of other work that failed */
  triesOf(work: Work, isPart: boolean): number;
  /** Called after each failure, before the next attempt. Throws to give everything up. */
  failed(work: Work, error: unknown, attempt: number): Promise<void>;
  /** Two parts of the work; undefined if it cannot be divided. */
  halve(work: Work): readonly [Work, Work] | undefined;
  /** The result of indivisible work that always fails. */
  giveUp(work: Work, error: unknown): Promise<Result>;
};

/**
 * Tries work several times, then divides it until the part is found that always fails. Parts are carried out one after the other.
 * @returns the results of the parts, in order
 */
export async function runOrDivide<Work, Result>(
  work: Work,
  how: DividedWork<Work, Result>,
  isPart = false,
): Promise<Result[]> {
  let last: unknown;
  for (let attempt = 1; attempt <= how.triesOf(work, isPart); attempt++) {
    try {
      return [await how.run(work)];
    } catch (error) {
      await how.failed(work, error, attempt);
      last = error;
    }
  }
  const parts = how.halve(work);
  if (parts === undefined) return [await how.giveUp(work, last)];
  const [first, second] = parts;
  return [...(await runOrDivide(first, how, true)), ...(await runOrDivide(second, how, true))];
}

/** Variants take turns: whatever else the machine does falls on all of them, so that the ratios of a round are fair. */
import { Bench } from 'tinybench';
import { type Measure, measureOf } from './measure.js';

export type Variant = {
  /** What is timed. */
  readonly run: () => unknown;
  /** Tidies up after each run, untimed. */
  readonly after?: () => unknown;
};

/** Milliseconds of a run of each variant, for each round. */
export type Times<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** Times each variant once a round, in turning order; a round before the first warms up and is not kept. */
export async function interleave<Name extends string>(
  variants: Readonly<Record<Name, Variant>>,
  rounds: number,
): Promise<Times<Name>> {
  const entries = Object.entries<Variant>(variants);
  const times = new Map(entries.map(([name]) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    const bench = new Bench({ iterations: 1, time: 0, warmup: false, throws: true });
    for (const [name, { run, after }] of round % 2 === 0 ? entries : entries.toReversed()) {
      const tidy = async (): Promise<void> => void (await after?.());
      bench.add(name, run, { async: true, afterEach: tidy });
    }
    for (const { name, result } of await bench.run()) {
      if (!('latency' in result)) throw new Error(`${name} was not measured: ${result.state}`);
      if (round >= 0) times.get(name)?.push(result.latency.mean);
    }
  }
  return Object.fromEntries(times) as Record<Name, number[]>;
}

/** Steps per second, where each run plays so many steps. */
export function ratesOf(milliseconds: readonly number[], steps: number): Measure {
  return measureOf(milliseconds.map((time) => Math.round((steps * 1_000) / time)));
}

/** Microseconds for each of the `count` things that a run does. */
export function microsecondsEach(milliseconds: readonly number[], count: number): Measure {
  return measureOf(milliseconds.map((time) => (time * 1_000) / count));
}

/** How many times as fast as `base` a variant is, round by round. */
export function speedRatios(variant: readonly number[], base: readonly number[]): Measure {
  return measureOf(variant.map((time, round) => (base[round] ?? Number.NaN) / time));
}

/** Runs variants in turn: the load of other programs then affects all of them, which keeps the ratios of a round fair. */
import { Bench } from 'tinybench';
import { type Measure, measureOf } from './measure.js';

export type Variant = {
  /** The function to time. */
  readonly run: () => unknown;
  /** Cleans up after each run, untimed. */
  readonly after?: () => unknown;
};

/** Milliseconds of a run, for each variant and each round. */
export type Times<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** Times each variant once a round, in rotating order. A round before the first one warms up and is not kept. */
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

/** Steps per second, for runs of `steps` steps each. */
export function ratesOf(milliseconds: readonly number[], steps: number): Measure {
  return measureOf(milliseconds.map((time) => Math.round((steps * 1_000) / time)));
}

/** Microseconds for each of the `count` items of a run. */
export function microsecondsEach(milliseconds: readonly number[], count: number): Measure {
  return measureOf(milliseconds.map((time) => (time * 1_000) / count));
}

/** The speed of a variant as a multiple of the speed of `base`, round by round. */
export function speedRatios(variant: readonly number[], base: readonly number[]): Measure {
  return measureOf(variant.map((time, round) => (base[round] ?? Number.NaN) / time));
}

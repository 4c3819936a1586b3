/** Values that are computed on first use and cached. */
import type { CompiledScenario } from './compile.ts';

/** The maximum number of cached values: there may be millions of pairs of a task and a contact. */
const MAX_KEPT = 4_096;
/** An upper bound of all indices. The key of a pair is the first index, plus the second times this. */
const STRIDE = 2 ** 20;

/** A cache of values by an index, or by two. */
export class Kept<T> {
  private readonly values = new Map<number, T>();
  private readonly make: (first: number, second: number) => T;

  constructor(make: (first: number, second: number) => T) {
    this.make = make;
  }

  at(first: number, second = 0): T {
    const key = first + second * STRIDE;
    let value = this.values.get(key);
    if (value === undefined) {
      value = this.make(first, second);
      if (this.values.size === MAX_KEPT) this.values.clear();
      this.values.set(key, value);
    }
    return value;
  }
}

/** Returns a function that caches its result for each scenario, or each object of another kind, as long as that exists. */
export function keptFor<T, K extends object = CompiledScenario>(make: (one: K) => T): (one: K) => T {
  const known = new WeakMap<K, T>();
  // Consecutive calls usually concern the same object.
  let last: K | undefined;
  let valueOfLast: T | undefined;
  return (one) => {
    if (one === last && valueOfLast !== undefined) return valueOfLast;
    let value = known.get(one);
    if (value === undefined) {
      value = make(one);
      known.set(one, value);
    }
    last = one;
    valueOfLast = value;
    return value;
  };
}

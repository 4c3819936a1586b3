/** Values that are computed on first use and cached for as long as their scenario exists. */
import type { CompiledScenario } from '../world/compile.ts';

/** The maximum number of cached values: there may be millions of pairs of a task and a contact. */
const MAX_KEPT = 4_096;

/** A cache of values by index. */
export class Kept<T> {
  private values: (T | undefined)[] = [];
  private count = 0;
  private readonly make: (index: number) => T;

  constructor(make: (index: number) => T) {
    this.make = make;
  }

  at(index: number): T {
    return this.values[index] ?? this.add(index);
  }

  private add(index: number): T {
    const value = this.make(index);
    if (this.count === MAX_KEPT) {
      this.values = [];
      this.count = 0;
    }
    this.values[index] = value;
    this.count++;
    return value;
  }
}

/** An upper bound of all indices. The key of a pair is the first index times this, plus the second. */
const STRIDE = 2 ** 20;

/** A cache of values by two indices. */
export class KeptPairs<T> {
  private readonly values = new Map<number, T>();
  private readonly make: (first: number, second: number) => T;

  constructor(make: (first: number, second: number) => T) {
    this.make = make;
  }

  at(first: number, second: number): T {
    const key = first * STRIDE + second;
    let value = this.values.get(key);
    if (value === undefined) {
      value = this.make(first, second);
      if (this.values.size === MAX_KEPT) this.values.clear();
      this.values.set(key, value);
    }
    return value;
  }
}

/** Returns a function that caches its result for each scenario. */
export function keptFor<T>(make: (c: CompiledScenario) => T): (c: CompiledScenario) => T {
  const known = new WeakMap<CompiledScenario, T>();
  // Consecutive calls usually concern the same scenario.
  let last: CompiledScenario | undefined;
  let valueOfLast: T | undefined;
  return (c) => {
    if (c === last && valueOfLast !== undefined) return valueOfLast;
    const value = known.get(c) ?? make(c);
    known.set(c, value);
    last = c;
    valueOfLast = value;
    return value;
  };
}

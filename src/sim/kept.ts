/** What is made once, when it is first needed, and kept for as long as its scenario is. */
import type { CompiledScenario } from '../world/compile.ts';

/** So many values are kept at a time: of pairs of a task and a contact there may be millions. */
const MAX_KEPT = 4_096;

/** Values by index. */
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

/** No index is as high: a second index is added to so many times the first one. */
const STRIDE = 2 ** 20;

/** Values by two indices. */
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

/** A function that returns the same for a scenario every time. */
export function keptFor<T>(make: (c: CompiledScenario) => T): (c: CompiledScenario) => T {
  const known = new WeakMap<CompiledScenario, T>();
  // The next question is about the same scenario as the last one, as a rule.
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

/** What is made once, when it is first needed, and kept for as long as its scenario is. */
import type { CompiledScenario } from '../world/compile.ts';

/** Values by index. */
export class Kept<T> {
  private readonly values: (T | undefined)[] = [];
  private readonly make: (index: number) => T;

  constructor(make: (index: number) => T) {
    this.make = make;
  }

  at(index: number): T {
    return this.values[index] ?? this.add(index);
  }

  private add(index: number): T {
    const value = this.make(index);
    this.values[index] = value;
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

/** The compiled scenarios of a batch. Shipped tasks are shared with all clients; inline documents belong to the batch. */
import { setImmediate } from 'node:timers/promises';
import type { RewardMode } from '../../sim/breakdown.ts';
import type { Rules } from '../../sim/rules.ts';
import type { EnvSpec } from '../../vector/env-spec.ts';
import type { Spec } from '../../vector/spec.ts';
import { countValues } from '../document-size.ts';
import { Problem } from '../problem.ts';
import { isShared, type ResolvedSpec, type Specs } from '../specs.ts';

/** The maximum number of different inline scenarios of a batch. Each is compiled, and once more in every worker thread. */
const MAX_DOCUMENTS = 256;
/** The maximum number of values in all inline scenarios of a batch together: 15 documents of the greatest size. */
const MAX_BATCH_VALUES = 300_000;

type Played = Omit<ResolvedSpec, 'seed'>;

export class BatchScenarios {
  private readonly specs: Specs;
  /** A number for each document. Equal documents are one object and have one number. */
  private readonly numbers = new Map<unknown, number>();
  private readonly compiled = new Map<string, Spec>();

  constructor(specs: Specs) {
    this.specs = specs;
  }

  /**
   * Compiles each document of these environments once. Other requests are served between two documents.
   * @throws Problem (413 if there are too many or they are too large together), ValidationError
   */
  async compile(envs: readonly Played[]): Promise<void> {
    const own = new Map<string, Played>();
    for (const env of envs) if (!isShared(env)) own.set(this.keyOf(env), env);
    let values = 0;
    for (const { scenario, drift } of own.values()) values += countValues(scenario) + countValues(drift);
    if (own.size > MAX_DOCUMENTS || values > MAX_BATCH_VALUES) {
      throw new Problem(
        413,
        'TOO_MANY_DOCUMENTS',
        `a batch plays at most ${MAX_DOCUMENTS} different scenarios of its own, with ${MAX_BATCH_VALUES} values together; ` +
          `got ${own.size} with ${values}; make several batches`,
      );
    }
    for (const [key, env] of own) {
      this.compiled.set(key, this.specs.compile(env));
      await setImmediate();
    }
  }

  /** The compiled scenario of an environment. `compile` must have compiled its documents before. */
  readonly specOf = ({ task = '', scenario, drift }: EnvSpec, rules: Rules, rewardMode: RewardMode): Spec => {
    const played = { task, scenario, drift, rules, rewardMode };
    return this.compiled.get(this.keyOf(played)) ?? this.specs.compile(played);
  };

  private keyOf({ task, scenario, drift, rules, rewardMode }: Played): string {
    return JSON.stringify([task, this.numberOf(scenario), this.numberOf(drift), rules, rewardMode]);
  }

  private numberOf(document: unknown): number {
    const number = this.numbers.get(document) ?? this.numbers.size;
    this.numbers.set(document, number);
    return number;
  }
}

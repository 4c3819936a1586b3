/** What the environments of a batch play, compiled: shipped tasks are shared with everybody, documents belong to the batch. */
import { setImmediate } from 'node:timers/promises';
import type { RewardMode } from '../../sim/breakdown.ts';
import type { Rules } from '../../sim/rules.ts';
import type { EnvSpec } from '../../vector/env-spec.ts';
import type { Spec } from '../../vector/spec.ts';
import { countValues } from '../document-size.ts';
import { Problem } from '../problem.ts';
import { isShared, type ResolvedSpec, type Specs } from '../specs.ts';

/** So many different scenarios a batch may bring; each is compiled, in every worker thread too. */
const MAX_DOCUMENTS = 256;
/** And so many values they may hold together; 15 documents of the greatest size. */
const MAX_BATCH_VALUES = 300_000;

type Played = Omit<ResolvedSpec, 'seed'>;

export class BatchScenarios {
  private readonly specs: Specs;
  /** Equal documents are one object, and have one number. */
  private readonly numbers = new Map<unknown, number>();
  private readonly compiled = new Map<string, Spec>();

  constructor(specs: Specs) {
    this.specs = specs;
  }

  /**
   * Compiles the documents of these environments, each once. Other requests are served between two of them.
   * @throws Problem (413 where they are too many or too large together), ValidationError
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

  /** What an environment plays; its documents were compiled before. */
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

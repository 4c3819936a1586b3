/** A job: a range of whole episodes of a plan. The same code plays it inside a worker and in the main thread. */
import { compileFor } from '../../sim/rules.ts';
import type { SpecData } from '../../vector/spec.ts';
import type { BuiltInPolicy } from '../built-in.ts';
import { resultOf, summaryOf } from '../episode-summary.ts';
import { plannedEpisode, type RolloutPlan } from '../plan.ts';
import { Player } from '../play.ts';
import { policyNamed } from '../policies.ts';
import { type Lines, LineWriter } from '../trajectory-line.ts';
import { type PackedResults, packResults } from './pack.ts';

/** The data that all jobs of a rollout share. A worker receives it when it starts. */
export type JobSetup = {
  readonly plan: RolloutPlan;
  /** The specs of the tasks of the plan, each once, in any order. */
  readonly specs: readonly SpecData[];
};

/** The episodes from index `first` to `end` (exclusive). */
export type Range = { readonly first: number; readonly end: number };

/** The message to a worker. */
export type Job = Range & {
  /** Memory for the lines, used as long as they fit into it. It is transferred with the result. */
  readonly memory?: ArrayBuffer;
};

/** The message from a worker. */
export type JobResult = {
  readonly results: PackedResults;
  /** Undefined if the plan wants no records. */
  readonly lines?: Lines;
};

/** Plays jobs. Keeps the players and the line writer between them. */
export class JobRunner {
  private readonly plan: RolloutPlan;
  private readonly policy: BuiltInPolicy;
  private readonly specs: ReadonlyMap<string, SpecData>;
  private readonly players = new Map<string, Player>();
  private readonly writer: LineWriter | undefined;

  constructor({ plan, specs }: JobSetup) {
    this.plan = plan;
    this.policy = policyNamed(plan.policy);
    this.writer = plan.records ? new LineWriter(plan.observations) : undefined;
    this.specs = new Map(specs.map((spec) => [spec.task, spec]));
  }

  run({ first, end, memory }: Job): JobResult {
    const { plan, policy, writer } = this;
    writer?.begin(memory);
    const results = [];
    for (let index = first; index < end; index++) {
      const planned = plannedEpisode(plan, index);
      const played = this.playerOf(planned.task).play(policy, planned.policySeed, writer);
      const result = resultOf(planned.task, plan.rules, played);
      results.push(result);
      writer?.end(summaryOf(plan, planned, result));
    }
    return { results: packResults(results), ...(writer === undefined ? {} : { lines: writer.finish() }) };
  }

  private playerOf(task: string): Player {
    const known = this.players.get(task);
    if (known !== undefined) return known;
    const spec = this.specs.get(task);
    if (spec === undefined) throw new RangeError(`there is no spec of task ${JSON.stringify(task)}`);
    const c = compileFor(spec.rules, spec.scenario, spec.drift, spec.oracle);
    const player = new Player(c, spec.rules, spec.rewardMode);
    this.players.set(task, player);
    return player;
  }
}

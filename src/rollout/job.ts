/** A job: a range of whole episodes of a plan. The same code plays it inside a worker and in the main thread. */

import { policyNamed } from '../policies/policies.ts';
import type { BuiltInPolicy } from '../policies/policy.ts';
import { LineWriter, type WrittenLines } from '../records/line-writer.ts';
import { compileFor } from '../sim/rules.ts';
import type { SpecData } from '../vector/spec.ts';
import { type EpisodeRange, plannedEpisode, type RolloutPlan } from './plan.ts';
import { EpisodePlayer, type EpisodeResult, resultOf, summaryOf } from './player.ts';

/** The data that all jobs of a rollout share. A worker receives it when it starts. */
export type JobSetup = {
  readonly plan: RolloutPlan;
  /** The specs of the tasks of the plan, each once, in any order. */
  readonly specs: readonly SpecData[];
};

/** The message to a worker. */
export type Job = EpisodeRange & {
  /** Memory for the lines, used as long as they fit into it. It is transferred with the result. */
  readonly memory?: ArrayBuffer;
};

/** The message from a worker. */
export type JobResult = {
  readonly results: readonly EpisodeResult[];
  /** Undefined if the plan wants no records. */
  readonly lines?: WrittenLines;
};

/** Plays jobs. Keeps the players and the line writer between them. */
export class JobRunner {
  private readonly plan: RolloutPlan;
  private readonly policy: BuiltInPolicy;
  private readonly specs: ReadonlyMap<string, SpecData>;
  private readonly players = new Map<string, EpisodePlayer>();
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
    const results: EpisodeResult[] = [];
    for (let index = first; index < end; index++) {
      const planned = plannedEpisode(plan, index);
      const played = this.playerOf(planned.task).play(policy, planned.policySeed, writer);
      const result = resultOf(planned.task, plan.rules, played);
      results.push(result);
      writer?.end(summaryOf(plan, planned, result));
    }
    return { results, ...(writer === undefined ? {} : { lines: writer.finish() }) };
  }

  private playerOf(task: string): EpisodePlayer {
    const known = this.players.get(task);
    if (known !== undefined) return known;
    const spec = this.specs.get(task);
    if (spec === undefined) throw new RangeError(`there is no spec of task ${JSON.stringify(task)}`);
    const c = compileFor(spec.rules, spec.scenario, spec.drift, spec.oracle);
    const player = new EpisodePlayer(c, spec.rules, spec.rewardMode);
    this.players.set(task, player);
    return player;
  }
}

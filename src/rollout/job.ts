/** A job: a range of whole episodes of a plan. The same code plays it inside a worker and in the main thread. */

import { policyNamed } from '../policies/policies.ts';
import type { BuiltInPolicy } from '../policies/policy.ts';
import { LineWriter, type WrittenLines } from '../records/line-writer.ts';
import { compileFor } from '../sim/rules.ts';
import { type Grade, gradeSchema } from '../sim/v2/grade.ts';
import type { SpecData } from '../vector/spec.ts';
import { type EpisodeRange, plannedEpisode, type RolloutPlan } from './plan.ts';
import { EpisodePlayer, type EpisodeResult, resultOf, summaryOf } from './player.ts';

// Results of episodes in a message from a worker: a row of numbers for each, and the errors of the failed ones.

type PackedResults = {
  /** A row holds return, grade, length, invalid steps and the parts of the grade; NaN means null. */
  readonly rows: Float64Array;
  /** Row and error of each failed episode. */
  readonly errors: readonly (readonly [number, string])[];
};

const PARTS = Object.keys(gradeSchema.shape) as (keyof Grade)[];
const FIXED = 4;
const WIDTH = FIXED + PARTS.length;

export function packResults(results: readonly EpisodeResult[]): PackedResults {
  const rows = new Float64Array(results.length * WIDTH);
  const errors: [number, string][] = [];
  for (const [row, result] of results.entries()) {
    const at = row * WIDTH;
    rows[at] = result.return ?? Number.NaN;
    rows[at + 1] = result.grade ?? Number.NaN;
    rows[at + 2] = result.length;
    rows[at + 3] = result.invalid_steps;
    for (let part = 0; part < PARTS.length; part++) {
      rows[at + FIXED + part] = result.grade_parts?.[PARTS[part] ?? 'grade'] ?? Number.NaN;
    }
    if (result.error !== null) errors.push([row, result.error]);
  }
  return { rows, errors };
}

export function unpackResults({ rows, errors }: PackedResults): EpisodeResult[] {
  const failed = new Map(errors);
  return Array.from({ length: rows.length / WIDTH }, (_, row) => {
    const [paid = Number.NaN, grade = Number.NaN, length = 0, invalid = 0] = rows.subarray(row * WIDTH);
    const parts = rows.subarray(row * WIDTH + FIXED, (row + 1) * WIDTH);
    return {
      error: failed.get(row) ?? null,
      return: orNull(paid),
      grade: orNull(grade),
      grade_parts: Number.isNaN(parts[0]) ? null : partsOf(parts),
      length,
      invalid_steps: invalid,
    };
  });
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** The parts of a grade, in the order of the schema and of the file. */
function partsOf(values: Float64Array): Grade {
  return Object.fromEntries(PARTS.map((part, index) => [part, values[index] ?? 0])) as Grade;
}

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
  readonly results: PackedResults;
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

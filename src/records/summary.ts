/** Summarizes a set of episodes, task by task. */
import { mean } from 'simple-statistics';
import { confidenceOf } from '../lib/confidence.ts';
import type { EpisodeSummary } from './schema.ts';
import { GroupAdvantages } from './trajectory-file.ts';

export type TaskSummary = {
  readonly task: string;
  /** Recorded episodes, failed ones included. */
  readonly episodes: number;
  readonly failed: number;
  readonly meanReturn: number | undefined;
  /** Half width of the 95 % confidence interval of the mean return (normal approximation, 1.96 standard errors). */
  readonly confidence: number | undefined;
  readonly meanGrade: number | undefined;
  /** Means of the parts of the grade (rules v2): obligations met, in time or late; obligations missed; damage, as a part of V. */
  readonly meanMet: number | undefined;
  readonly meanMissed: number | undefined;
  readonly meanCollateral: number | undefined;
  /** Share of the steps whose action was invalid. */
  readonly invalidRate: number | undefined;
  readonly steps: number;
};

/**
 * One row for each task, in the given order.
 * @example
 * const { summaries } = await runRollout(options);
 * summarize(['phase2_core'], summaries)[0]?.meanGrade;
 */
export function summarize(tasks: readonly string[], episodes: readonly EpisodeSummary[]): TaskSummary[] {
  return [...new Set(tasks)].map((task) => {
    const own = episodes.filter((episode) => episode.task_id === task);
    const returns = own.flatMap((episode) => episode.return ?? []);
    const grades = own.flatMap((episode) => episode.grade ?? []);
    const parts = own.flatMap((episode) => episode.grade_parts ?? []);
    const steps = own.reduce((sum, episode) => sum + episode.length, 0);
    const invalid = own.reduce((sum, episode) => sum + episode.invalid_steps, 0);
    return {
      task,
      episodes: own.length,
      failed: own.filter((episode) => episode.status === 'failed').length,
      meanReturn: meanOf(returns),
      confidence: confidenceOf(returns),
      meanGrade: meanOf(grades),
      meanMet: meanOf(parts.map(({ met, late }) => met + late)),
      meanMissed: meanOf(parts.map(({ missed }) => missed)),
      meanCollateral: meanOf(parts.map(({ collateral }) => collateral)),
      invalidRate: steps === 0 ? undefined : invalid / steps,
      steps,
    };
  });
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : mean([...values]);
}

// The results of a rollout without records: the summaries that the file would contain, without the steps.

/** Takes the place of TrajectoryFile in a run without records. */
export class SummaryList {
  private readonly done: EpisodeSummary[] = [];
  private readonly groups: GroupAdvantages<{ readonly summary: EpisodeSummary }>;

  constructor(groupSize: number) {
    this.groups = new GroupAdvantages(groupSize);
  }

  get summaries(): readonly EpisodeSummary[] {
    return this.done;
  }

  get count(): number {
    return this.done.length;
  }

  /** Adds the next episodes of the run. */
  append({ summaries }: { readonly summaries: readonly EpisodeSummary[] }): void {
    for (const summary of summaries) {
      this.groups.add({ summary });
      this.done.push(summary);
    }
  }

  /** Does nothing, because there is no file that could be damaged. */
  async check(): Promise<void> {}

  close(): void {}

  discard(): void {}
}

/** What a set of episodes amounts to, task by task. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { EpisodeSummary } from './records.ts';

export type TaskSummary = {
  readonly task: string;
  /** Episodes on record, failed ones included. */
  readonly episodes: number;
  readonly failed: number;
  readonly meanReturn: number | undefined;
  /** Half width of the 95 % confidence interval of the mean return (normal approximation, 1.96 standard errors). */
  readonly confidence: number | undefined;
  readonly meanGrade: number | undefined;
  /** Share of the steps whose action was invalid. */
  readonly invalidRate: number | undefined;
  readonly steps: number;
};

const Z_95 = 1.96;

/** One row for each task, in the order given. */
export function summarize(tasks: readonly string[], episodes: readonly EpisodeSummary[]): TaskSummary[] {
  return [...new Set(tasks)].map((task) => {
    const own = episodes.filter((episode) => episode.task_id === task);
    const returns = own.flatMap((episode) => episode.return ?? []);
    const grades = own.flatMap((episode) => episode.grade ?? []);
    const steps = own.reduce((sum, episode) => sum + episode.length, 0);
    const invalid = own.reduce((sum, episode) => sum + episode.invalid_steps, 0);
    return {
      task,
      episodes: own.length,
      failed: own.filter((episode) => episode.status === 'failed').length,
      meanReturn: returns.length === 0 ? undefined : mean(returns),
      confidence:
        returns.length < 2 ? undefined : (Z_95 * sampleStandardDeviation(returns)) / Math.sqrt(returns.length),
      meanGrade: grades.length === 0 ? undefined : mean(grades),
      invalidRate: steps === 0 ? undefined : invalid / steps,
      steps,
    };
  });
}

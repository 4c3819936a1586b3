/** The results of a rollout without records: the summaries that the file would contain, without the steps. */
import { Groups } from './advantage.ts';
import type { EpisodeRecord, EpisodeSummary } from './records.ts';

/** Takes the place of TrajectoryFile in a run without records. */
export class SummaryList {
  private readonly done: EpisodeSummary[] = [];
  private readonly waiting = new Map<number, EpisodeSummary>();
  private readonly groups: Groups<{ readonly summary: EpisodeSummary }>;

  constructor(groupSize: number) {
    this.groups = new Groups(groupSize);
  }

  get summaries(): readonly EpisodeSummary[] {
    return this.done;
  }

  get count(): number {
    return this.done.length;
  }

  /** Adds an episode. It counts as soon as all earlier episodes are there. */
  add({ steps: _, ...summary }: EpisodeRecord): void {
    this.waiting.set(summary.index, summary);
    for (;;) {
      const next = this.waiting.get(this.done.length);
      if (next === undefined) return;
      this.waiting.delete(next.index);
      this.append({ summaries: [next] });
    }
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

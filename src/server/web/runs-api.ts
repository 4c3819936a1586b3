/** The answers to the trace viewer, as JSON. The page imports the types. */
import type { ComparePage } from '../../rollout/traces/compare.ts';
import type { Page, Progress } from '../../rollout/traces/trace.ts';

/** A file of trajectories, and the progress of its index. */
export type RunInfo = Progress & {
  /** Id of the run in the other routes. The same file has the same id after a restart. */
  readonly run_id: string;
  readonly name: string;
  /** The manifest beside the file; null if there is none. */
  readonly manifest: object | null;
};

/** GET /web/api/runs */
export type RunsAnswer = { readonly runs: readonly RunInfo[] };
/** GET /web/api/runs/:run_id/episodes */
export type EpisodesAnswer = Page;
/** GET /web/api/compare. `done` is false while one of the runs is still being indexed. */
export type CompareAnswer = ComparePage & { readonly done: boolean };

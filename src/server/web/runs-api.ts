/** What the trace viewer is answered: JSON, in these names. The page imports the types. */
import type { ComparePage } from '../../rollout/traces/compare.ts';
import type { Page, Progress } from '../../rollout/traces/trace.ts';

/** A file of trajectories, and how far it is indexed. */
export type RunInfo = Progress & {
  /** For the other routes; the same file has the same one after a restart. */
  readonly run_id: string;
  readonly name: string;
  /** The manifest beside the file, where there is one. */
  readonly manifest: object | null;
};

/** GET /web/api/runs */
export type RunsAnswer = { readonly runs: readonly RunInfo[] };
/** GET /web/api/runs/:run_id/episodes */
export type EpisodesAnswer = Page;
/** GET /web/api/compare; `done` is false where one of the runs is still being indexed. */
export type CompareAnswer = ComparePage & { readonly done: boolean };

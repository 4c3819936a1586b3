/** The requests that a store of runs answers. */
import type { EpisodeRecord } from '../../rollout/records.ts';
import type { Page } from '../../rollout/traces/trace.ts';
import type { CompareAnswer, RunInfo } from '../../server/web/runs-api.ts';

/** Parameters as in the query string of an address. */
export type Query = Readonly<Record<string, string>>;

/** A store of runs: the server, or the files opened in this tab. */
export interface RunStore {
  list(): Promise<readonly RunInfo[]>;
  page(run: string, query: Query): Promise<Page>;
  record(run: string, row: number): Promise<EpisodeRecord>;
  compare(a: string, b: string, query: Query): Promise<CompareAnswer>;
}

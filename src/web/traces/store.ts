/** Where runs come from: the server, or files that somebody has opened in this tab, which stay in it. */
import type { EpisodeRecord } from '../../rollout/records.ts';
import type { Page } from '../../rollout/traces/trace.ts';
import type { CompareAnswer, RunInfo, RunsAnswer } from '../../server/web/runs-api.ts';
import { ApiError, getJson } from '../shared/api.ts';
import { isLocal, LocalRuns } from './local-runs.ts';

/** Parameters as they stand in an address. */
export type Query = Readonly<Record<string, string>>;

export interface RunStore {
  list(): Promise<readonly RunInfo[]>;
  page(run: string, query: Query): Promise<Page>;
  record(run: string, row: number): Promise<EpisodeRecord>;
  compare(a: string, b: string, query: Query): Promise<CompareAnswer>;
}

const server: RunStore = {
  list: async () => (await getJson<RunsAnswer>('/web/api/runs')).runs,
  page: (run, query) => getJson(`/web/api/runs/${encodeURIComponent(run)}/episodes?${new URLSearchParams(query)}`),
  record: (run, row) => getJson(`/web/api/runs/${encodeURIComponent(run)}/episodes/${row}`),
  compare: (a, b, query) => getJson(`/web/api/compare?${new URLSearchParams({ ...query, a, b })}`),
};

const local = new LocalRuns();

/** Adds a file of this machine; answers its run_id. */
export function openFile(file: File): Promise<string> {
  return local.open(file);
}

export const store: RunStore = {
  list: async () => {
    const opened = await local.list();
    try {
      return [...(await server.list()), ...opened];
    } catch (error) {
      // What was opened here needs no server.
      if (opened.length > 0) return opened;
      throw error;
    }
  },
  page: (run, query) => storeOf(run).page(run, query),
  record: (run, row) => storeOf(run).record(run, row),
  compare: async (a, b, query) => {
    if (isLocal(a) === isLocal(b)) return storeOf(a).compare(a, b, query);
    throw new ApiError(
      0,
      'TWO_PLACES',
      'A run of the server and a file of yours cannot be compared: open both as files.',
    );
  },
};

function storeOf(run: string): RunStore {
  return isLocal(run) ? local : server;
}

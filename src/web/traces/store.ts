/** The store of all runs: those of the server, and files that the user has opened in this tab, which are not sent anywhere. */
import type { RunsAnswer } from '../../server/web/runs-api.ts';
import { ApiError, getJson } from '../shared/api.ts';
import { isLocal, LocalRuns } from './local-runs.ts';
import type { RunStore } from './run-store.ts';

const server: RunStore = {
  list: async () => (await getJson<RunsAnswer>('/web/api/runs')).runs,
  page: (run, query) => getJson(`/web/api/runs/${encodeURIComponent(run)}/episodes?${new URLSearchParams(query)}`),
  record: (run, row) => getJson(`/web/api/runs/${encodeURIComponent(run)}/episodes/${row}`),
  compare: (a, b, query) => getJson(`/web/api/compare?${new URLSearchParams({ ...query, a, b })}`),
};

const local = new LocalRuns();

/** Adds a file of this machine. @returns its run_id */
export function openFile(file: File): Promise<string> {
  return local.open(file);
}

export const store: RunStore = {
  list: async () => {
    const opened = await local.list();
    try {
      return [...(await server.list()), ...opened];
    } catch (error) {
      // Files that were opened here need no server.
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
      'A run of the server cannot be compared with a file that you opened: open both as files.',
    );
  },
};

function storeOf(run: string): RunStore {
  return isLocal(run) ? local : server;
}

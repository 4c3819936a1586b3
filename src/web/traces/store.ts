/** The store of all runs: those of the server, and files that the user has opened in this tab, which are not sent anywhere. */

import type { RunsAnswer } from '../../server/web/api.ts';
import { ApiError, getJson } from '../shared/api.ts';
import type { Calls, Request, Response } from './run-store.ts';

/** A store of runs: the server, or the files opened in this tab. */
type RunStore = Omit<Calls, 'open'>;

// Files that the user has opened in this tab. A worker indexes and reads them; they are not sent anywhere.

type PendingCall = { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void };

/** Whether a run_id belongs to a file that the user opened in this tab. */
export function isLocal(run: string): boolean {
  return run.startsWith('file-');
}

class LocalRuns implements RunStore {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, PendingCall>();
  private asked = 0;
  readonly page: Calls['page'] = (...args) => this.call('page', ...args);
  readonly record: Calls['record'] = (...args) => this.call('record', ...args);
  readonly compare: Calls['compare'] = (...args) => this.call('compare', ...args);

  open(file: File): Promise<string> {
    this.worker ??= this.start();
    return this.call('open', file);
  }

  async list() {
    return this.worker === undefined ? [] : this.call('list');
  }

  private call<C extends keyof Calls>(call: C, ...args: Parameters<Calls[C]>): ReturnType<Calls[C]> {
    const { worker } = this;
    const answer = new Promise((resolve, reject) => {
      if (worker === undefined) {
        const message =
          'This link refers to a file on the disk of the person who created it. Open that file here to see it.';
        return reject(new ApiError(0, 'NOT_OPEN', message));
      }
      const request: Request = { id: this.asked++, call, args };
      this.waiting.set(request.id, { resolve, reject });
      worker.postMessage(request);
    });
    return answer as ReturnType<Calls[C]>;
  }

  private start(): Worker {
    const worker = new Worker(new URL('./index-worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Response>) => {
      const waiting = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ('error' in data) waiting?.reject(new ApiError(0, 'FILE', data.error));
      else waiting?.resolve(data.value as never);
    };
    worker.onerror = (event) => {
      for (const { reject } of this.waiting.values())
        reject(new ApiError(0, 'WORKER', `The index failed: ${event.message}`));
      this.waiting.clear();
    };
    return worker;
  }
}

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

/** Files that the user has opened in this tab. A worker indexes and reads them; they are not sent anywhere. */
import { ApiError } from '../shared/api.ts';
import type { Query, RunStore } from './run-store.ts';
import type { Calls, Request, Response } from './worker-calls.ts';

type Waiting = { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void };

/** Whether a run_id belongs to a file that the user opened in this tab. */
export function isLocal(run: string): boolean {
  return run.startsWith('file-');
}

export class LocalRuns implements RunStore {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  open(file: File): Promise<string> {
    this.worker ??= this.start();
    return this.call('open', file);
  }

  async list() {
    return this.worker === undefined ? [] : this.call('list');
  }

  page(run: string, query: Query) {
    return this.call('page', run, query);
  }

  record(run: string, row: number) {
    return this.call('record', run, row);
  }

  compare(a: string, b: string, query: Query) {
    return this.call('compare', a, b, query);
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

/** The messages between the page and the worker that indexes files. */
import type { EpisodeRecord } from '../../rollout/records.ts';
import type { Page } from '../../rollout/traces/trace.ts';
import type { CompareAnswer, RunInfo } from '../../server/web/runs-api.ts';
import type { Query } from './run-store.ts';

/** The calls of the worker, with their results. */
export type Calls = {
  open: (file: File) => Promise<string>;
  list: () => Promise<readonly RunInfo[]>;
  page: (run: string, query: Query) => Promise<Page>;
  record: (run: string, row: number) => Promise<EpisodeRecord>;
  compare: (a: string, b: string, query: Query) => Promise<CompareAnswer>;
};

export type Request = { readonly id: number; readonly call: keyof Calls; readonly args: readonly unknown[] };
export type Response = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

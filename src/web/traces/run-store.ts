/** The messages between the page and the worker that indexes files. */

import type { Page } from '../../records/index/trace.ts';
import type { EpisodeRecord } from '../../records/schema.ts';
import type { CompareAnswer, RunInfo } from '../../server/web/api.ts';

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

/** Parameters as in the query string of an address. */
export type Query = Readonly<Record<string, string>>;

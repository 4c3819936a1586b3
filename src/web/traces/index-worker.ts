/** Indexes the files that the user opens, and answers queries about them. A worker of the page, with the same code as the server. */
import './no-eval.ts';
import { Comparison, compareQuerySchema } from '../../analysis/compare.ts';
import { messageOf } from '../../lib/errors.ts';
import { episodeQuerySchema } from '../../records/index/query.ts';
import { Trace } from '../../records/index/trace.ts';
import { blobSource } from '../../records/lines.ts';
import { parseWith } from '../../world/validate.ts';
import type { Calls, Query, Request, Response } from './run-store.ts';

type Opened = { readonly name: string; readonly file: File; readonly trace: Trace };

const opened = new Map<string, Opened>();
let compared: { readonly key: string; readonly comparison: Comparison } | undefined;

/** Bytes per read. Chunks are large because each read is a message to another process of the browser. */
const CHUNK = 1 << 23;

const NUMBERS = new Set(['grade_min', 'grade_max', 'return_min', 'return_max', 'offset', 'limit']);

function withNumbers(query: Query): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, text]) => [name, NUMBERS.has(name) && text.trim() !== '' ? Number(text) : text]),
  );
}

function traceOf(run: string): Trace {
  const trace = opened.get(run)?.trace;
  if (trace === undefined) throw new Error('This file is no longer open. Open it again.');
  return trace;
}

const calls: Calls = {
  open: async (file) => {
    const run = `file-${opened.size + 1}`;
    const trace = new Trace(blobSource(file), CHUNK);
    const alike = [...opened.values()].filter((one) => one.file.name === file.name).length;
    opened.set(run, { name: alike === 0 ? file.name : `${file.name} (${alike + 1})`, file, trace });
    void trace.index();
    return run;
  },
  list: async () =>
    [...opened].map(([run_id, { name, file, trace }]) => ({
      run_id,
      name,
      manifest: null,
      changed: file.lastModified,
      has_records: true,
      ...trace.progress,
    })),
  page: async (run, query) => traceOf(run).page(parseWith(episodeQuerySchema, withNumbers(query), 'the query')),
  record: async (run, row) => {
    const record = await traceOf(run).record(row);
    if (record === undefined) throw new Error(`The file has no episode ${row}.`);
    return record;
  },
  compare: async (a, b, query) => {
    const [one, other] = [traceOf(a), traceOf(b)];
    const asked = parseWith(compareQuerySchema, withNumbers(query), 'the query');
    const key = JSON.stringify([a, one.table.count, b, other.table.count]);
    if (compared?.key !== key) compared = { key, comparison: await Comparison.of(one.table, other.table) };
    return { ...compared.comparison.page(asked), done: one.progress.done && other.progress.done };
  },
};

self.onmessage = async ({ data: { id, call, args } }: MessageEvent<Request>) => {
  let response: Response;
  try {
    const answer: (...args: never[]) => Promise<unknown> = calls[call];
    response = { id, value: await answer(...(args as never[])) };
  } catch (error) {
    response = { id, error: messageOf(error) };
  }
  self.postMessage(response);
};

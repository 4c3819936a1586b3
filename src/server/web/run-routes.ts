/** GET /web/api/runs and below: the runs of --traces, for the trace viewer. Requests cannot name paths. */
import { z } from 'zod';
import { compareQuerySchema } from '../../analysis/compare.ts';
import { GhostexecError } from '../../lib/errors.ts';
import { quote } from '../../lib/text.ts';
import { episodeQuerySchema } from '../../records/index/query.ts';
import type { Trace } from '../../records/index/trace.ts';
import type { EpisodeRecord } from '../../records/schema.ts';
import type { App, Context } from '../app.ts';
import { invalid, Problem } from '../problem.ts';
import type { CompareAnswer, EpisodesAnswer, RunsAnswer } from './api.ts';
import { Runs } from './runs.ts';

/** These routes belong to the pages and change with them, so the OpenAPI document does not list them. */
const HIDDEN = { hide: true } as const;

/** A number in a URL, which is text. */
const numeric = z
  .string()
  .regex(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, 'expected a number')
  .transform(Number);
/** An integer in a URL, with the default of `schema`: pipe() does not use that default for a missing value. */
const integer = <S extends z.ZodDefault<z.ZodInt>>(schema: S) =>
  numeric.pipe(schema.unwrap()).default(schema.parse(undefined));

const { shape } = episodeQuerySchema;
const episodesQuery = episodeQuerySchema.extend({
  grade_min: numeric.optional(),
  grade_max: numeric.optional(),
  return_min: numeric.optional(),
  return_max: numeric.optional(),
  offset: integer(shape.offset),
  limit: integer(shape.limit),
});
const compareQuery = compareQuerySchema.extend({
  a: z.string().describe('run_id'),
  b: z.string().describe('run_id'),
  offset: integer(compareQuerySchema.shape.offset),
  limit: integer(compareQuerySchema.shape.limit),
});
const runParams = z.object({ run_id: z.string() });
const rowParams = runParams.extend({ index: numeric.pipe(z.int().min(0)) });

export async function addRuns(app: App, { options }: Context): Promise<void> {
  const runs = new Runs(options.traces);
  app.addHook('onClose', async () => runs.stop());

  const traceOf = (id: string): Trace => {
    const trace = runs.trace(id);
    if (trace === undefined) throw new Problem(404, 'UNKNOWN_RUN', `there is no run ${quote(id)} on this server`);
    return trace;
  };

  app.get('/web/api/runs', { schema: HIDDEN }, async (): Promise<RunsAnswer> => ({ runs: runs.list() }));

  app.get(
    '/web/api/runs/:run_id/episodes',
    { schema: { ...HIDDEN, params: runParams, querystring: episodesQuery } },
    async ({ params, query }): Promise<EpisodesAnswer> => answered(traceOf(params.run_id).page(query)),
  );

  app.get(
    '/web/api/runs/:run_id/episodes/:index',
    { schema: { ...HIDDEN, params: rowParams } },
    async ({ params: { run_id, index } }): Promise<EpisodeRecord> => {
      const trace = traceOf(run_id);
      const record = await answered(trace.record(index));
      if (record !== undefined) return record;
      const { episodes, done } = trace.progress;
      const message = `the run has ${episodes} episodes${done ? '' : ' so far'}, got index ${index}`;
      throw new Problem(404, 'UNKNOWN_EPISODE', message);
    },
  );

  app.get(
    '/web/api/compare',
    { schema: { ...HIDDEN, querystring: compareQuery } },
    async ({ query: { a, b, ...query } }): Promise<CompareAnswer> => {
      const traces = { a: runs.trace(a), b: runs.trace(b) };
      if (traces.a === undefined) throw invalid(['query', 'a'], `there is no run ${quote(a)} on this server`, a);
      if (traces.b === undefined) throw invalid(['query', 'b'], `there is no run ${quote(b)} on this server`, b);
      const comparison = await runs.compare(traces.a, traces.b, `${a} ${b}`);
      return { ...comparison.page(query), done: traces.a.progress.done && traces.b.progress.done };
    },
  );
}

/** Turns an error about the file of a run into a Problem (409): the server is not at fault. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GhostexecError) throw new Problem(409, error.code, error.message);
    if (error instanceof Error && 'syscall' in error) {
      throw new Problem(
        409,
        'UNREADABLE',
        `the file of the run cannot be read: ${String((error as { code?: unknown }).code)}`,
      );
    }
    throw error;
  }
}

/** Runs inside a worker and plays whole episodes. Piscina calls the default export. */
import { getHeapStatistics } from 'node:v8';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { limitSections } from '../sim/observation/section-cache.ts';
import { type Job, type JobResult, JobRunner, type JobSetup } from './job.ts';

limitSections(getHeapStatistics().heap_size_limit);
let runner: JobRunner | undefined;

/** @param job `undefined` only checks that the worker has started. */
export default function run(job: Job | undefined): unknown {
  runner ??= new JobRunner(workerData as JobSetup);
  return job === undefined ? undefined : transferred(runner.run(job));
}

/** Marks the memory of a result for transfer, so that it is not copied. */
function transferred(result: JobResult): unknown {
  const memory = result.lines === undefined ? [] : [result.lines.bytes.buffer];
  return move({ [transferableSymbol]: memory, [valueSymbol]: result });
}

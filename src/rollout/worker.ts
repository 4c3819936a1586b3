/** Runs inside a worker and plays whole episodes. Piscina calls the default export. */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { type Job, type JobResult, JobRunner, type JobSetup } from './job.ts';

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

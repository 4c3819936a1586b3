/** The inside of a worker that plays whole episodes. Piscina calls the default export. */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { type Job, type JobResult, JobRunner, type JobSetup } from './job.ts';

let runner: JobRunner | undefined;

/** @param job `undefined` only asks whether there is anybody. */
export default function run(job: Job | undefined): unknown {
  runner ??= new JobRunner(workerData as JobSetup);
  return job === undefined ? undefined : givenAway(runner.run(job));
}

/** The memory of a result is not copied. */
function givenAway(result: JobResult): unknown {
  const memory = [result.results.rows.buffer, ...(result.lines === undefined ? [] : [result.lines.bytes.buffer])];
  return move({ [transferableSymbol]: memory, [valueSymbol]: result });
}

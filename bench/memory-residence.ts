/** Creates the given number of environments, resets and steps them, and reports the memory of the process. */
import { actionsAt, makeOffice } from './play.js';

export type Residence = {
  /** Resident bytes of the process after a garbage collection. */
  readonly rss: number;
  /** Peak of the resident bytes. */
  readonly peak: number;
};

const STEPS = 3;

const numEnvs = Number(process.argv[2]);
const env = await makeOffice(numEnvs, 0);
await env.reset();
for (let step = 0; step < STEPS; step++) await env.step(actionsAt(step, numEnvs));
globalThis.gc?.();
const residence: Residence = { rss: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1_024 };
process.send?.(residence);
// Closed only here: the environments must be alive during the measurement.
await env.close();
process.disconnect();

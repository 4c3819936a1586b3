/** Makes so many environments, resets and steps them, and says what the process occupies then. */
import { actionsAt, makeOffice } from './play.js';

export type Residence = {
  /** Resident bytes of the process after a garbage collection. */
  readonly rss: number;
  /** The most that it ever had. */
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
// Closed only now: until here the environments must be alive.
await env.close();
process.disconnect();

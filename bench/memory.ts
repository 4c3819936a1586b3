/** Resident memory of live environments, and what a step leaves behind: each in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Group } from './group.js';
import { type Measure, measureOf } from './measure.js';
import type { Allocation } from './memory-allocation.js';
import type { Residence } from './memory-residence.js';

const MIB = 2 ** 20;

export const memory: Group = {
  name: 'memory',
  figures: {
    bytes_per_env: {
      what: 'resident bytes of one more environment, its text included: (RSS at 100,000 - RSS at 1,024) / 98,976',
      goal: { most: 12_000 },
    },
    bytes_per_env_20k: { what: 'the same from 1,024 to 20,000 environments' },
    resident_100k_mib: { what: 'MiB resident, 100,000 live environments, the whole process', goal: { most: 1_536 } },
    peak_100k_mib: { what: 'MiB at the peak of that process' },
    retained_bytes_per_step: { what: 'bytes still alive after garbage collection, for each step played' },
    allocated_bytes_per_step: { what: 'bytes allocated for each step, garbage for the most part' },
  },
  measure: measureMemory,
};

async function measureMemory(rounds: number, smoke: boolean): Promise<Record<string, Measure>> {
  const [small, medium, large] = smoke ? [64, 256, 1_024] : [1_024, 20_000, 100_000];
  const children = smoke ? 1 : Math.min(rounds, 3);
  const perEnv: number[] = [];
  const perEnvMedium: number[] = [];
  const resident: number[] = [];
  const peak: number[] = [];
  const retained: number[] = [];
  const allocated: number[] = [];
  for (let run = 0; run < children; run++) {
    const few = await residenceOf(small);
    const more = await residenceOf(medium);
    const many = await residenceOf(large);
    perEnvMedium.push((more.rss - few.rss) / (medium - small));
    perEnv.push((many.rss - few.rss) / (large - small));
    resident.push(many.rss / MIB);
    peak.push(many.peak / MIB);
    const { retainedPerStep, allocatedPerStep } = await inChild<Allocation>(
      'memory-allocation.js',
      smoke ? '64' : '1024',
    );
    retained.push(retainedPerStep);
    allocated.push(allocatedPerStep);
  }
  return {
    bytes_per_env: measureOf(perEnv),
    bytes_per_env_20k: measureOf(perEnvMedium),
    resident_100k_mib: measureOf(resident),
    peak_100k_mib: measureOf(peak),
    retained_bytes_per_step: measureOf(retained),
    allocated_bytes_per_step: measureOf(allocated),
  };
}

function residenceOf(numEnvs: number): Promise<Residence> {
  return inChild<Residence>('memory-residence.js', String(numEnvs));
}

/** The one message that a program says. Its young generation is large, so that what one batch allocates fits into it. */
async function inChild<T>(file: string, argument: string): Promise<T> {
  const execArgv = [
    '--expose-gc',
    ...(file === 'memory-allocation.js' ? ['--max-semi-space-size=128', '--min-semi-space-size=128'] : []),
  ];
  const child = fork(new URL(file, import.meta.url), [argument], { execArgv });
  const said = once(child, 'message');
  const [code] = await Promise.race([once(child, 'exit'), said.then(() => once(child, 'exit'))]);
  if (code !== 0) throw new Error(`${file} ${argument} ended with ${code}`);
  const [answer] = await said;
  return answer as T;
}

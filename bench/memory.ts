/** Resident memory of live environments, and the memory that a step leaves behind, each measured in a separate process. */
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
      what: 'resident bytes of one more environment in process, texts unread: (RSS at 100,000 - RSS at 1,024) / 98,976',
      goal: { most: 3_000 },
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
  const runs: { few: Residence; more: Residence; many: Residence; allocation: Allocation }[] = [];
  for (let run = 0; run < children; run++) {
    // The processes may share the cores: nothing here measures time.
    const [few, more, many, allocation] = await Promise.all([
      residenceOf(small),
      residenceOf(medium),
      residenceOf(large),
      inChild<Allocation>('memory-allocation.js', String(small)),
    ]);
    runs.push({ few, more, many, allocation });
  }
  return {
    bytes_per_env: measureOf(runs.map(({ few, many }) => (many.rss - few.rss) / (large - small))),
    bytes_per_env_20k: measureOf(runs.map(({ few, more }) => (more.rss - few.rss) / (medium - small))),
    resident_100k_mib: measureOf(runs.map(({ many }) => many.rss / MIB)),
    peak_100k_mib: measureOf(runs.map(({ many }) => many.peak / MIB)),
    retained_bytes_per_step: measureOf(runs.map(({ allocation }) => allocation.retainedPerStep)),
    allocated_bytes_per_step: measureOf(runs.map(({ allocation }) => allocation.allocatedPerStep)),
  };
}

function residenceOf(numEnvs: number): Promise<Residence> {
  return inChild<Residence>('memory-residence.js', String(numEnvs));
}

/** Runs a program and returns its message. For allocation the young generation is large enough to hold a whole batch. */
async function inChild<T>(file: string, argument: string): Promise<T> {
  const roomy = file === 'memory-allocation.js' ? ['--max-semi-space-size=128', '--min-semi-space-size=128'] : [];
  const child = fork(new URL(file, import.meta.url), [argument], { execArgv: ['--expose-gc', ...roomy] });
  const said = once(child, 'message');
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${file} ${argument} ended with ${code}`);
  const [answer] = await said;
  return answer as T;
}

/** Processes with disk faults, stalled readers and kills drawn from a seed; then --resume finishes the run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { asProcess, playProcesses } from '../support/fault-processes.ts';
import { clear, References } from '../support/fault-runs.ts';
import { describeCase, drawCase, drawShapes, seedsFrom } from '../support/faults.ts';

const FILE = 'test/rollout/faults-process.slow.test.ts';
const folder = mkdtempSync(join(tmpdir(), 'ghostexec-faults-process-'));
const references = new References(join(folder, 'references'));
const seeds = seedsFrom(10_001, 70);
beforeAll(() => references.prepare(drawShapes(seeds).map((shape) => ({ ...shape, own: false }))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(seeds)('seed %i', async (seed) => {
  const drawn = asProcess(drawCase(seed, (shape) => references.get({ ...shape, own: false }).calls));
  const out = join(folder, String(seed));
  const happened: string[] = [];
  try {
    await playProcesses(drawn, out, references.get(drawn.shape), happened);
  } catch (error) {
    throw new Error(`${describeCase(drawn, happened, FILE)}\n`, { cause: error });
  }
  clear(out);
});

/** Hundreds of small runs with disk faults drawn from a seed. Each is complete and correct, or says what to do; --resume finishes it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { clear, playCase, References } from '../support/fault-runs.ts';
import { describeCase, drawCase, drawShapes, seedsFrom } from '../support/faults.ts';

const FILE = 'test/rollout/faults.slow.test.ts';
const folder = mkdtempSync(join(tmpdir(), 'ghostexec-faults-'));
const references = new References(join(folder, 'references'));
const seeds = seedsFrom(1, 430);
beforeAll(() => references.prepare(drawShapes(seeds)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(seeds)('seed %i', async (seed) => {
  const drawn = drawCase(seed, (shape) => references.get(shape).calls);
  const out = join(folder, String(seed));
  const happened: string[] = [];
  try {
    await playCase(drawn, out, references.get(drawn.shape), happened);
  } catch (error) {
    throw new Error(`${describeCase(drawn, happened, FILE)}\n`, { cause: error });
  }
  clear(out);
});

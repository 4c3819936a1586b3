/** Reports and plans on a disk with faults drawn from a seed: each file has its old or its new content, and errors say what to do. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { solveCommand } from '../../src/cli/solve.ts';
import { disk, WriteError } from '../../src/lib/disk.ts';
import { Random } from '../../src/lib/random.ts';
import { writeReport } from '../../src/report/report.ts';
import { clear, leaveAsKilled, run } from '../support/fault-runs.ts';
import { describeCase, drawFaults, type Shape, seedsFrom } from '../support/faults.ts';
import { type Call, injectFaults } from '../support/faulty-disk.mjs';

const FILE = 'test/rollout/faults-files.slow.test.ts';
const OLD = 'what was there before\n';
const SHAPE: Shape = {
  policy: 'random',
  own: false,
  workers: 0,
  observations: 'none',
  records: true,
  episodes: 8,
  groupSize: 2,
};
const folder = mkdtempSync(join(tmpdir(), 'ghostexec-faults-files-'));
const played = join(folder, 'run');
const seeds = seedsFrom(20_001, 60);

/** Functions that write files to a folder. */
const WRITERS = {
  report: (out: string): Promise<unknown> => writeReport(join(played, 'trajectories.jsonl'), out),
  plan: (out: string): Promise<unknown> =>
    solveCommand(process).parseAsync(['phase2_core', '--beam', '2', '--max-expansions', '300', '--dir', out], {
      from: 'user',
    }),
};
type Name = keyof typeof WRITERS;

const whole = new Map<Name, { readonly files: ReadonlyMap<string, string>; readonly calls: readonly Call[] }>();
const filesIn = (out: string): Map<string, string> =>
  new Map(readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'utf8')]));

beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
  await run(SHAPE, played, false);
  for (const name of ['report', 'plan'] as const) {
    const injection = injectFaults(disk, []);
    await WRITERS[name](join(folder, name)).finally(() => injection.restore());
    whole.set(name, { files: filesIn(join(folder, name)), calls: injection.calls });
  }
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

test.each(seeds)('seed %i', async (seed) => {
  const dice = new Random(seed);
  const name: Name = dice.below(3) === 0 ? 'plan' : 'report';
  const { files = new Map<string, string>(), calls = [] } = whole.get(name) ?? {};
  const hasOld = dice.below(2) === 0;
  const out = join(folder, String(seed));
  if (hasOld) mkdirSync(out);
  for (const file of hasOld ? files.keys() : []) writeFileSync(join(out, file), OLD);
  const faults = drawFaults(dice, calls).filter(({ kind }) => kind !== 'second');
  const injection = injectFaults(disk, faults);
  try {
    let error: unknown;
    try {
      await WRITERS[name](out).catch((reason) => {
        error = reason;
      });
    } finally {
      injection.restore();
    }
    if (injection.isKilled()) leaveAsKilled(out, injection.open);
    else if (error === undefined) expect(filesIn(out)).toEqual(files);
    else {
      expect(error).toBeInstanceOf(WriteError);
      expect((error as WriteError).message).toMatch(/^cannot write .+: E[A-Z]+: .+ and run the command again$/);
      expect((error as WriteError).message).toContain(out);
    }
    for (const [file, text] of injection.calls.some(({ operation }) => operation === 'open') ? filesIn(out) : []) {
      if (files.has(file)) expect([hasOld ? OLD : undefined, files.get(file)]).toContain(text);
    }
    await WRITERS[name](out);
    expect(filesIn(out)).toEqual(files);
  } catch (error) {
    const drawn = { seed, shape: SHAPE, rounds: [faults] };
    throw new Error(`${name}, ${describeCase(drawn, injection.happened, FILE)}\n`, { cause: error });
  }
  clear(out);
});

/** Runs under faults in this process, and the conditions that each must meet. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'vitest';
import { disk, WriteError } from '../../src/lib/disk.ts';
import { GhostexecError } from '../../src/lib/errors.ts';
import { policyNamed } from '../../src/policies/policies.ts';
import { ADVANTAGE_KEY, NO_ADVANTAGE } from '../../src/records/line-writer.ts';
import { hasManifest, readRunManifest } from '../../src/rollout/manifest.ts';
import { MANIFEST, type RunResult, runRollout, SUMMARY, TRAJECTORIES } from '../../src/rollout/run.ts';
import { LOCK } from '../../src/rollout/run-lock.ts';
import type { Case, Shape } from './faults.ts';
import { type Call, type Fault, injectFaults } from './faulty-disk.mjs';

const NUM_ENVS = 3;

export const planOf = ({ policy, observations, records, episodes, groupSize }: Shape) => {
  const what = { rules: 'v2', rewardMode: 'full', seed: 11 } as const;
  return { tasks: ['phase2_core'], policy, observations, records, episodes, groupSize, ...what };
};

/** The files that a run of a shape writes without faults, and the calls that it makes. */
export type Reference = {
  readonly calls: readonly Call[];
  /** The trajectories, or the summary of a run without trajectories. */
  readonly bytes: Buffer;
  readonly manifest: string;
};

/** The name of the result file of a run. */
export const resultOf = ({ records }: Shape): string => (records ? TRAJECTORIES : SUMMARY);

export class References {
  private readonly folder: string;
  private readonly known = new Map<string, Reference>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Plays, without faults, all shapes for which `get` is called later. */
  async prepare(shapes: Iterable<Shape>): Promise<void> {
    for (const shape of shapes) {
      const key = keyOf(shape);
      if (this.known.has(key)) continue;
      const out = join(this.folder, String(this.known.size));
      const injection = injectFaults(disk, []);
      try {
        await run({ ...shape, workers: 0 }, out, false);
      } finally {
        injection.restore();
      }
      const manifest = readFileSync(join(out, MANIFEST), 'utf8');
      this.known.set(key, {
        calls: injection.calls,
        bytes: readFileSync(join(out, resultOf(shape))),
        manifest,
      });
    }
  }

  get(shape: Shape): Reference {
    const found = this.known.get(keyOf(shape));
    if (found === undefined) throw new Error(`there is no reference for ${keyOf(shape)}`);
    // The number of workers appears only in the manifest.
    return { ...found, manifest: found.manifest.replace('"workers": 0', `"workers": ${shape.workers}`) };
  }
}

const keyOf = (shape: Shape): string => JSON.stringify({ ...shape, workers: 0 });

export function run(shape: Shape, out: string, resume: boolean): Promise<RunResult> {
  const how = { plan: planOf(shape), out, workers: shape.workers, numEnvs: NUM_ENVS, resume };
  return runRollout(shape.own ? { ...how, policy: policyNamed(shape.policy) } : how);
}

/** The outcome of one run under faults. */
type Attempt = {
  readonly error: unknown;
  readonly isKilled: boolean;
  /** Whether another run tried to use the folder at the same time. */
  readonly hadSecond: boolean;
};

/** Plays a case to its end. @throws an assertion error if a condition is not met */
export async function playCase(
  { shape, rounds }: Case,
  out: string,
  reference: Reference,
  happened: string[],
): Promise<void> {
  let wasComplete = false;
  for (const [round, faults] of rounds.entries()) {
    const attempt = await attemptRun(shape, out, shape.records && round > 0, faults, happened);
    happened.push('|');
    const isComplete = look(shape, out, reference);
    if (!attempt.isKilled) judge(attempt, { shape, out, isComplete: isComplete && !wasComplete });
    if (isComplete && !shape.records) break;
    wasComplete = isComplete;
  }
  await finish(shape, out, reference);
}

/** Finishes the run without faults, as its messages say, and checks all files that are left. */
async function finish(shape: Shape, out: string, reference: Reference): Promise<void> {
  if (shape.records || !look(shape, out, reference)) {
    expect((await run(shape, out, shape.records)).manifest.status).toBe('complete');
  } else await expect(run(shape, out, false)).rejects.toMatchObject({ code: 'RUN_EXISTS' });
  expect(look(shape, out, reference)).toBe(true);
  expect(readFileSync(join(out, MANIFEST), 'utf8')).toBe(reference.manifest);
  expect(readdirSync(out).sort()).toEqual([MANIFEST, resultOf(shape)].sort());
}

async function attemptRun(
  shape: Shape,
  out: string,
  resume: boolean,
  faults: readonly Fault[],
  happened: string[],
): Promise<Attempt> {
  let second: Promise<unknown> | undefined;
  const injection = injectFaults(disk, faults, {
    second: () => {
      // Not within the call, because within one process, no other code runs between the calls of the lock.
      second ??= setImmediate().then(() => run(shape, out, shape.records));
      second.catch(() => {});
    },
  });
  let error: unknown;
  try {
    await run(shape, out, resume).catch((reason) => {
      error = reason;
    });
    const secondError = await second?.then(
      () => undefined,
      (reason) => reason,
    );
    if (secondError !== undefined && !injection.isKilled()) {
      expect(secondError).toBeInstanceOf(GhostexecError);
      expect(['RUN_IN_USE', 'RUN_EXISTS', 'FILE']).toContain((secondError as GhostexecError).code);
    }
  } finally {
    injection.restore();
    happened.push(...injection.happened);
  }
  const isKilled = injection.isKilled();
  if (isKilled) leaveAsKilled(out, injection.open);
  else expect([...injection.open]).toEqual([]);
  return { error, isKilled, hadSecond: second !== undefined };
}

/** Checks that the run is complete, or that its error says what to do. */
function judge(
  { error, hadSecond }: Attempt,
  { shape, out, isComplete }: { shape: Shape; out: string; isComplete: boolean },
): void {
  if (error === undefined) return;
  expect(error).toBeInstanceOf(GhostexecError);
  const { code, message } = error as GhostexecError;
  expect(message).toContain(out);
  if (hadSecond && (code === 'RUN_IN_USE' || code === 'RUN_EXISTS')) return;
  expect(error).toBeInstanceOf(WriteError);
  expect(message).toMatch(/^cannot write .+: E[A-Z]+: .+; (free|choose|allow|check|put) .+ and run the command again/);
  if (shape.records) expect(message).toContain(`again with --out ${out} --resume, which goes on`);
  else expect(message).not.toContain('--resume');
  // Another run may have finished it.
  if (!hadSecond) expect(isComplete).toBe(false);
}

/** Checks the files of the folder, which must be valid at any time. @returns whether the manifest says that the run is complete */
export function look(shape: Shape, out: string, { bytes }: Reference): boolean {
  const [result, manifest] = [join(out, resultOf(shape)), join(out, MANIFEST)];
  const there = existsSync(result) ? readFileSync(result) : Buffer.alloc(0);
  const isComplete = hasManifest(manifest) && readRunManifest(manifest).status === 'complete';
  if (hasManifest(manifest) && !isComplete) expect(readRunManifest(manifest).status).toBe('interrupted');
  if (isComplete) expect(there.equals(bytes)).toBe(true);
  if (shape.records) {
    expect(there.includes(0)).toBe(false);
    expect(bytes.subarray(0, there.length).equals(blank(there, bytes))).toBe(true);
  }
  return isComplete;
}

/** The file with the advantages of the reference, because its own may be half written or missing. */
function blank(there: Buffer, whole: Buffer): Buffer {
  const copy = Buffer.from(there);
  for (let at = whole.indexOf(ADVANTAGE_KEY); at >= 0; at = whole.indexOf(ADVANTAGE_KEY, at + 1)) {
    const from = at + ADVANTAGE_KEY.length;
    if (from >= copy.length) break;
    whole.copy(copy, from, from, Math.min(from + NO_ADVANTAGE.length, copy.length));
  }
  return copy;
}

const GONE = String(spawnSync(process.execPath, ['--eval', '0']).pid);

/** Changes the files that this process left as if it had been killed: they get the pid of a process that is gone. */
export function leaveAsKilled(out: string, open: ReadonlySet<number>): void {
  for (const file of open) closeSync(file);
  if (!existsSync(out)) return;
  const own = String(process.pid);
  for (const name of readdirSync(out)) {
    const path = join(out, name);
    if (name === LOCK || name.startsWith(`${LOCK}.`)) {
      writeFileSync(path, readFileSync(path, 'utf8').replace(`"pid":${own}`, `"pid":${GONE}`));
    }
    if (name.endsWith(`.${own}.tmp`)) renameSync(path, path.replace(`.${own}.tmp`, `.${GONE}.tmp`));
  }
}

/** Removes the folder of a case that has passed. */
export function clear(out: string): void {
  rmSync(out, { recursive: true, force: true });
}

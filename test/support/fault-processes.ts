/** Processes of the command line under faults, with readers that are gone, full or stalled, and the conditions each must meet. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readdirSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { deriveSeed, Random } from '../../src/lib/random.ts';
import { MANIFEST } from '../../src/rollout/run.ts';
import { endAfterTest } from './children.ts';
import { look, planOf, type Reference, resultOf } from './fault-runs.ts';
import type { Case, Shape } from './faults.ts';
import type { Fault } from './faulty-disk.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');
const FAULTY = join(ROOT, 'test/support/faulty-cli.mjs');
const POLL_MS = 5;

/** The reader of stdout: reads everything, is gone, is a full disk, or begins to read after the run has ended. */
const READERS = ['all', 'all', 'all', 'gone', 'full', 'stalled', 'stalled'] as const;
type Reader = (typeof READERS)[number];

export type Ended = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
};

/** The case for a process: the command line has no custom policies, and the rounds are at most two. */
export function asProcess({ seed, shape, rounds }: Case): Case {
  return { seed, shape: { ...shape, own: false }, rounds: rounds.slice(0, 2) };
}

export function argumentsOf(shape: Shape, out: string, resume: boolean): string[] {
  const { tasks, policy, observations, records, episodes, groupSize, seed } = planOf(shape);
  const plan = { tasks: tasks.join(','), policy, episodes, 'group-size': groupSize, seed };
  const how = { ...plan, workers: shape.workers, 'num-envs': 3, out };
  return [
    'rollout',
    ...Object.entries(how).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(records ? ['--observations', observations ?? 'all'] : ['--no-records']),
    ...(resume ? ['--resume'] : []),
  ];
}

/** Plays a case to its end. @throws an assertion error if a condition is not met */
export async function playProcesses(
  { seed, shape, rounds }: Case,
  out: string,
  reference: Reference,
  happened: string[],
): Promise<void> {
  const dice = new Random(deriveSeed(seed, 1));
  for (const [round, faults] of rounds.entries()) {
    const reader = dice.pick(READERS) ?? 'all';
    const before = look(shape, out, reference);
    const second = JSON.stringify(argumentsOf(shape, out, shape.records));
    const args = argumentsOf(shape, out, shape.records && round > 0);
    const ended = await runUnder([FAULTY, JSON.stringify(faults), second, ...args], reader, out);
    happened.push(`reader ${reader}: exit ${ended.code ?? ended.signal}: ${ended.err.trim().split('\n').at(-1)}`);
    const isComplete = look(shape, out, reference);
    judge(ended, { shape, out, faults, reader, isComplete, wasComplete: before });
    if (isComplete && !shape.records) break;
  }
  if (shape.records || !look(shape, out, reference)) {
    const ended = await runUnder([MAIN, ...argumentsOf(shape, out, shape.records)], 'all', out);
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining(`${shape.policy}: `) });
  } else {
    const refused = await runUnder([MAIN, ...argumentsOf(shape, out, false)], 'all', out);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('holds a run already') });
  }
  expect(look(shape, out, reference)).toBe(true);
  expect(readFileSync(join(out, MANIFEST), 'utf8')).toBe(reference.manifest);
  expect(readdirSync(out).sort()).toEqual([MANIFEST, resultOf(shape)].sort());
}

type Seen = {
  readonly shape: Shape;
  readonly out: string;
  readonly faults: readonly Fault[];
  readonly reader: Reader;
  readonly isComplete: boolean;
  readonly wasComplete: boolean;
};

/** Checks that the process completed the run, that it was killed by a fault, or that its message says what to do. */
function judge({ code, signal, out: output, err }: Ended, seen: Seen): void {
  const { shape, out, faults, reader, isComplete, wasComplete } = seen;
  const lines = err.split('\n').filter((line) => line !== '');
  for (const line of lines) expect(line).toMatch(/^(\d+\/\d+ episodes, .* steps\/s|ghostexec: .+|second: [02] .+)$/);
  const hasSecond = faults.some(({ kind }) => kind === 'second');
  if (signal !== null) {
    expect(signal).toBe('SIGKILL');
    expect(faults.some(({ kind }) => kind === 'kill')).toBe(true);
    return;
  }
  if (code === 0) {
    expect(isComplete).toBe(true);
    if (reader !== 'gone') expect(output).toContain(`${shape.policy}: `);
    return;
  }
  const complaint = lines.findLast((line) => line.startsWith('ghostexec: ')) ?? '';
  if (code === 2) {
    expect(hasSecond).toBe(true);
    expect(complaint).toMatch(/ is in use by process \d+ on | holds a run already; /);
    return;
  }
  expect(code).toBe(1);
  if (complaint.startsWith('ghostexec: cannot write to stdout: ENOSPC')) {
    expect([reader, isComplete]).toEqual(['full', true]);
    return;
  }
  expect(complaint).toMatch(
    /^ghostexec: cannot write .+: E[A-Z]+: .+; (free|choose|allow|check|put) .+ and run the command again/,
  );
  expect(complaint).toContain(out);
  expect(complaint.includes(`--out ${out} --resume`)).toBe(shape.records);
  if (!hasSecond && !wasComplete) expect(isComplete).toBe(false);
}

/** Runs node with these arguments to its end. The time limit of the test ends it if it hangs. */
export async function runUnder(args: readonly string[], reader: Reader, out: string): Promise<Ended> {
  if (reader === 'stalled') return runStalled(args, out);
  const target = reader === 'full' ? openSync('/dev/full', 'w') : 'pipe';
  const child = start(args, target);
  if (typeof target === 'number') closeSync(target);
  if (reader === 'gone') child.stdout?.destroy();
  const output = reader === 'gone' ? () => '' : textOf(child.stdout);
  return { ...(await endOf(child)), out: output() };
}

function start(args: readonly string[], target: number | 'pipe'): ChildProcess {
  return endAfterTest(spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', target, 'pipe'] }));
}

async function endOf(child: ChildProcess): Promise<Omit<Ended, 'out'>> {
  const err = textOf(child.stderr);
  const [code, signal] = await once(child, 'close');
  return { code, signal, err: err() };
}

function textOf(stream: ChildProcess['stdout']): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

/** Runs with a full pipe as stdout. The pipe is read only after everything is on the disk. */
async function runStalled(args: readonly string[], out: string): Promise<Ended> {
  const path = `${out}.pipe`;
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const filler = fill(pipe);
  const target = openSync(path, constants.O_WRONLY);
  let output = '';
  try {
    const child = start(args, target);
    closeSync(target);
    let hasEnded = false;
    const ended = endOf(child).finally(() => {
      hasEnded = true;
    });
    while (!hasEnded && !saysComplete(out)) await sleep(POLL_MS);
    while (!hasEnded) {
      output += drain(pipe);
      await sleep(POLL_MS);
    }
    output += drain(pipe);
    return { ...(await ended), out: output.slice(filler) };
  } finally {
    closeSync(pipe);
    rmSync(path);
  }
}

/** Fills a pipe. @returns the number of bytes written */
function fill(pipe: number): number {
  const bytes = Buffer.alloc(1024, '.');
  for (let done = 0; ; ) {
    try {
      done += writeSync(pipe, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return done;
      throw error;
    }
  }
}

function drain(pipe: number): string {
  const bytes = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    try {
      text += bytes.toString('utf8', 0, readSync(pipe, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return text;
      throw error;
    }
  }
}

function saysComplete(out: string): boolean {
  try {
    return readFileSync(join(out, MANIFEST), 'utf8').includes('"status": "complete"');
  } catch {
    return false;
  }
}

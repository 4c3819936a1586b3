/** Draws the faults of a run from a seed. They are aimed at the calls that the same run makes without faults. */
import { Random } from '../../src/lib/random.ts';
import type { Call, Fault, Operation } from './faulty-disk.mjs';
import { rerunOf } from './rerun.ts';

/** The options of a run: small, and varied enough that all code that writes files is used. */
export type Shape = {
  readonly policy: 'random' | 'greedy';
  /** Whether the main thread calls the policy at each step, as with a custom policy. Otherwise it plays inside the workers. */
  readonly own: boolean;
  readonly workers: number;
  readonly observations: 'all' | 'none';
  readonly records: boolean;
  readonly episodes: number;
  readonly groupSize: number;
};

/** A run, and the faults of its rounds: the run itself, and each resumed run. A last resumed run without faults follows. */
export type Case = { readonly seed: number; readonly shape: Shape; readonly rounds: readonly (readonly Fault[])[] };

const SIZES = [
  [8, 2],
  [12, 3],
  [16, 4],
  [24, 4],
] as const;

/** More calls than any run makes, so that a fault lasts for ever. */
export const ALWAYS = 1e9;

/** Draws a case. @param calls Returns the calls that a run of a shape makes without faults. */
export function drawCase(seed: number, calls: (shape: Shape) => readonly Call[]): Case {
  const dice = new Random(seed);
  const shape = drawShape(dice);
  const fresh = calls(shape);
  const rounds = [drawFaults(dice, fresh)];
  while (rounds.length < 3 && dice.below(10) < 4) rounds.push(drawFaults(dice, [...fresh, ...RESUME_CALLS]));
  return { seed, shape, rounds };
}

/** The shapes of the cases of these seeds. */
export const drawShapes = (seeds: readonly number[]): Shape[] => seeds.map((seed) => drawShape(new Random(seed)));

/** Describes a case: its faults, those that took effect, and how to run this seed alone. */
export function describeCase({ seed, shape, rounds }: Case, happened: readonly string[], file: string): string {
  const lines = [
    `seed ${seed}: ${JSON.stringify(shape)}`,
    ...rounds.map((faults, round) => `  round ${round}: ${faults.map((fault) => JSON.stringify(fault)).join(' ')}`),
    `  took effect: ${happened.join(', ') || 'none'}`,
    `Run it again: FAULT_SEED=${seed} ${rerunOf(file)}`,
  ];
  return lines.join('\n');
}

/** The seeds from the first on, or only the one in FAULT_SEED. */
export function seedsFrom(first: number, count: number): number[] {
  const one = process.env.FAULT_SEED;
  return one === undefined || one === '' ? Array.from({ length: count }, (_, index) => first + index) : [Number(one)];
}

function drawShape(dice: Random): Shape {
  const [episodes, groupSize] = dice.pick(SIZES) ?? SIZES[0];
  const own = dice.below(3) === 0;
  const threads = dice.below(100);
  const records = dice.below(5) > 0;
  return {
    policy: dice.below(2) === 0 ? 'random' : 'greedy',
    own,
    workers: threads < 86 ? 0 : threads < 97 ? 1 : 2,
    observations: records && dice.below(3) > 0 ? 'none' : 'all',
    records,
    episodes,
    groupSize,
  };
}

/** Calls that only a run makes which resumes an interrupted one. */
const RESUME_CALLS: readonly Call[] = (
  [
    ['open', 'lock'],
    ['writeSome', 'lock'],
    ['sync', 'lock'],
    ['close', 'lock'],
    ['link', 'lock'],
    ['rename', 'lock'],
    ['remove', 'lock'],
    ['remove', 'lock'],
    ['truncate', 'trajectories'],
    ['truncate', 'trajectories'],
    ['remove', 'manifest'],
  ] as const
).map(([operation, point]) => ({ operation, point, bytes: 0 }));

export function drawFaults(dice: Random, calls: readonly Call[]): Fault[] {
  const count = 1 + Math.min(dice.below(4), dice.below(4));
  return Array.from({ length: count }, () => drawFault(dice, calls));
}

function drawFault(dice: Random, calls: readonly Call[]): Fault {
  const kinds = new Map(calls.map((call) => [`${call.operation} ${call.point}`, call]));
  const { operation, point } = dice.pick([...kinds.values()]) ?? { operation: 'open', point: 'lock' };
  const count = calls.filter((call) => call.operation === operation && call.point === point).length;
  const aim = { operation, point, at: 1 + dice.below(count) };
  const kind = dice.below(100);
  if (kind < 40) {
    const code = dice.pick(CODES[operation]) ?? 'EIO';
    return { kind: 'error', ...aim, code, times: dice.pick([1, 1, 2, ALWAYS]) ?? 1 };
  }
  if (kind < 60) {
    const bytes = calls.reduce((sum, call) => sum + call.bytes, 0);
    return { kind: 'full', after: dice.below(bytes + 50), lasts: dice.pick([1, 2, 3, ALWAYS, ALWAYS]) ?? 1 };
  }
  if (kind < 72) return drawShort(dice, point);
  if (kind < 76) return { kind: 'stuck', ...aim, operation: 'writeSome', at: 1 + dice.below(3) };
  if (kind < 88) return { kind: 'kill', ...aim, when: dice.pick(['before', 'torn', 'after'] as const) ?? 'after' };
  if (kind < 96) return { kind: 'second', ...aim };
  return { kind: 'slow', ms: 1 + dice.below(2) };
}

/** Writes of a few bytes at a time, or of some hundreds of bytes for files that may have a megabyte. */
function drawShort(dice: Random, point: Call['point']): Fault {
  if (point === 'trajectories' || point === 'report') return { kind: 'short', point, most: 500 + dice.below(4_000) };
  return dice.below(3) === 0
    ? { kind: 'short', most: 500 + dice.below(4_000) }
    : { kind: 'short', point, most: 1 + dice.below(7) };
}

const CODES: Readonly<Record<Operation, readonly string[]>> = {
  makeFolder: ['ENOSPC', 'EACCES', 'EROFS'],
  open: ['EACCES', 'ENOSPC', 'EMFILE', 'EIO'],
  writeSome: ['ENOSPC', 'EIO', 'EDQUOT', 'EFBIG'],
  truncate: ['EIO', 'EPERM'],
  sync: ['EIO', 'ENOSPC'],
  close: ['EIO', 'EDQUOT'],
  rename: ['EXDEV', 'ENOSPC', 'EACCES', 'EIO'],
  link: ['EPERM', 'ENOTSUP', 'ENOSPC', 'EIO'],
  remove: ['EIO', 'EACCES'],
  touch: ['EIO'],
};

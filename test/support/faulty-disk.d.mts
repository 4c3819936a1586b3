import type { disk, Point } from '../../src/lib/disk.ts';

export type Operation = Exclude<keyof typeof disk, 'write'>;
/** Aims a fault at the `at`-th call (from 1) of an operation at a point. */
type Aimed = { readonly operation: Operation; readonly point: Point; readonly at: number };

export type Fault =
  /** `times` calls in a row fail. */
  | (Aimed & { readonly kind: 'error'; readonly code: string; readonly times: number })
  /** Nothing is written, and no error is reported. */
  | (Aimed & { readonly kind: 'stuck' })
  /** The process ends before or after the call, or `torn`: after half of the bytes were written. */
  | (Aimed & { readonly kind: 'kill'; readonly when: 'before' | 'torn' | 'after' })
  /** Another process, or another run of this process, tries to use the same folder. */
  | (Aimed & { readonly kind: 'second' })
  /** The disk is full after `after` bytes. After it has refused `lasts` calls, it has room again. */
  | { readonly kind: 'full'; readonly after: number; readonly lasts: number }
  /** A call writes at most `most` bytes. */
  | { readonly kind: 'short'; readonly point?: Point; readonly most: number }
  | { readonly kind: 'slow'; readonly point?: Point; readonly ms: number };

export type Call = { readonly operation: Operation; readonly point: Point; readonly bytes: number };

export class Killed extends Error {}

export type Injection = {
  /** Every call, in order. */
  readonly calls: readonly Call[];
  /** The faults that took effect. */
  readonly happened: readonly string[];
  /** Descriptors that were opened and not closed yet. */
  readonly open: ReadonlySet<number>;
  isKilled(): boolean;
  restore(): void;
};

export function injectFaults(
  target: typeof disk,
  faults: readonly Fault[],
  hooks?: { kill?: () => void; second?: () => void },
): Injection;

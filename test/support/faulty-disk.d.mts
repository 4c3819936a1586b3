import type { disk, Point } from '../../src/lib/disk.ts';

export type Operation = Exclude<keyof typeof disk, 'write'>;
/** At the `at`-th call (from 1) of an operation at a point. */
type Aimed = { readonly operation: Operation; readonly point: Point; readonly at: number };

export type Fault =
  /** `times` calls in a row fail, for all time where there is no number. */
  | (Aimed & { readonly kind: 'error'; readonly code: string; readonly times: number })
  /** Nothing is written, and no error is told. */
  | (Aimed & { readonly kind: 'stuck' })
  /** `torn`: with half of the bytes written. */
  | (Aimed & { readonly kind: 'kill'; readonly when: 'before' | 'torn' | 'after' })
  /** Another process, or another run of this one, goes for the same folder. */
  | (Aimed & { readonly kind: 'second' })
  /** The disk takes so many bytes; it has room again once it refused `lasts` times. */
  | { readonly kind: 'full'; readonly after: number; readonly lasts: number }
  | { readonly kind: 'short'; readonly point?: Point; readonly most: number }
  | { readonly kind: 'slow'; readonly point?: Point; readonly ms: number };

export type Call = { readonly operation: Operation; readonly point: Point; readonly bytes: number };

export class Killed extends Error {}

export type Injection = {
  /** Every call, in order. */
  readonly calls: readonly Call[];
  /** Which faults came to pass. */
  readonly happened: readonly string[];
  /** Descriptors that were opened and not closed. */
  readonly open: ReadonlySet<number>;
  isKilled(): boolean;
  restore(): void;
};

export function injectFaults(
  target: typeof disk,
  faults: readonly Fault[],
  hooks?: { kill?: () => void; second?: () => void },
): Injection;

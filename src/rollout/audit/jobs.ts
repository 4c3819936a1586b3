/** What an audit asks of a worker. */
import type { Rules } from '../../sim/rules.ts';

/** Whole episodes of one player. */
export type AuditJob = {
  readonly kind: 'play';
  readonly task: string;
  readonly rules: Rules;
  readonly player: string;
  /** Seeds from `from` on and below `to`. */
  readonly from: number;
  readonly to: number;
};

/** Steps of random programs. */
export type SearchJob = {
  readonly kind: 'search';
  readonly task: string;
  readonly rules: 'v2';
  readonly steps: number;
  readonly seed: number;
};

/** The jobs that an audit sends to its workers. */
import type { Rules } from '../../sim/rules.ts';

/** Whole episodes of one player. */
export type AuditJob = {
  readonly kind: 'play';
  readonly task: string;
  readonly rules: Rules;
  readonly player: string;
  /** First seed. The job plays the seeds from `from` (included) to `to` (excluded). */
  readonly from: number;
  readonly to: number;
};

/** A part of the search for exploits: steps of random programs. */
export type SearchJob = {
  readonly kind: 'search';
  readonly task: string;
  readonly rules: 'v2';
  readonly steps: number;
  readonly seed: number;
};

/** What the judge says of a reply. */
import type { Flaw } from './flaws.ts';
import type { Clause } from './reply.ts';

export type AskVerdict = {
  readonly id: string;
  readonly outcome: 'answered' | 'wrong' | 'missing';
  /** The clause that decided, and what it does. */
  readonly clause: string;
  readonly why: string;
};

export type Verdict = {
  readonly flaw: Flaw | undefined;
  readonly asks: readonly AskVerdict[];
  /** The denied facts that the reply tells. */
  readonly told: readonly string[];
};

/** Whether a reply is accepted: it has no flaw, tells nothing that it must not, and answers every ask. */
export function isAccepted({ flaw, asks, told }: Verdict): boolean {
  return flaw === undefined && told.length === 0 && asks.every(({ outcome }) => outcome === 'answered');
}

/** The verdict on one ask, without the id of the ask. */
export type Finding = Omit<AskVerdict, 'id'>;

export function finding(outcome: Finding['outcome'], clause: Clause | undefined, why: string): Finding {
  return { outcome, clause: clause?.text ?? '', why };
}

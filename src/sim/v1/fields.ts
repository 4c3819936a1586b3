/** What rules v1 remember of an episode besides its state. All of it can be computed from the state. */

/** Value of a count that must be taken from the state before it is used. */
export const UNCOUNTED = -1;

export class EpisodeFieldsV1 {
  /** No deadline passes before this instant, in microseconds. */
  quietUntil = Number.NEGATIVE_INFINITY;
  /** Number of critical emails without a reply; UNCOUNTED until the first step after a load. */
  criticalUnreplied = UNCOUNTED;
  /** Number of tasks past their deadline; UNCOUNTED until the first step after a load. */
  pastDeadline = UNCOUNTED;

  /** To be called when another state was put in place. */
  forget(): void {
    this.quietUntil = Number.NEGATIVE_INFINITY;
    this.criticalUnreplied = UNCOUNTED;
    this.pastDeadline = UNCOUNTED;
  }

  copyFrom({ quietUntil, criticalUnreplied, pastDeadline }: EpisodeFieldsV1): void {
    this.quietUntil = quietUntil;
    this.criticalUnreplied = criticalUnreplied;
    this.pastDeadline = pastDeadline;
  }
}

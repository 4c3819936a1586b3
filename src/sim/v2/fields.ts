/** What rules v2 remember of an episode besides its state. All of it can be computed from the state. */

export class EpisodeFieldsV2 {
  /** Nothing happens by itself before this instant, in microseconds, unless an action causes it. */
  quietUntil = Number.NEGATIVE_INFINITY;
  /** Whether harm was done that the sums of the ledger do not contain yet. */
  harmed = true;

  /** To be called when another state was put in place. */
  forget(): void {
    this.quietUntil = Number.NEGATIVE_INFINITY;
    this.harmed = true;
  }

  copyFrom({ quietUntil, harmed }: EpisodeFieldsV2): void {
    this.quietUntil = quietUntil;
    this.harmed = harmed;
  }
}

/** The batches of a server. */
export class Batches {
  readonly count = 0;
  readonly envs = 0;
  async close(): Promise<void> {}
}

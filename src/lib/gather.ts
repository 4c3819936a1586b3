/** Gathers requests that come one at a time, to carry out many of them together. */

type Waiting<Q, R> = {
  readonly request: Q;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
};

/** The requests of one turn of the event loop are carried out together. Those that come while enough are under way wait. */
export class Gather<Q, R> {
  private readonly carryOut: (requests: Q[]) => Promise<readonly R[]>;
  private readonly atOnce: number;
  private waiting: Waiting<Q, R>[] = [];
  private underWay = 0;

  /**
   * @param carryOut Carries out some requests, and returns a result for each, in their order.
   * @param atOnce How many of its calls may be under way at once.
   */
  constructor(carryOut: (requests: Q[]) => Promise<readonly R[]>, atOnce = Number.POSITIVE_INFINITY) {
    this.carryOut = carryOut;
    this.atOnce = atOnce;
  }

  /** Carries out a request together with others. If a call fails, all its requests fail. */
  add(request: Q): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.waiting.push({ request, resolve, reject }) === 1) setImmediate(() => this.flush());
    });
  }

  private async flush(): Promise<void> {
    if (this.waiting.length === 0 || this.underWay >= this.atOnce) return;
    const gathered = this.waiting;
    this.waiting = [];
    this.underWay++;
    try {
      const results = await this.carryOut(gathered.map(({ request }) => request));
      if (results.length !== gathered.length) {
        throw new RangeError(`expected ${gathered.length} results, one for each request, got ${results.length}`);
      }
      for (const [i, { resolve }] of gathered.entries()) resolve(results[i] as R);
    } catch (error) {
      for (const { reject } of gathered) reject(error);
    }
    this.underWay--;
    // A turn later, so that the answers to these results can join the next call.
    setImmediate(() => this.flush());
  }
}

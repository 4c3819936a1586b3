/** Divides long work into slices, so that other work of this thread gets a turn. */
const SLICE_MS = 10;

/** Measures the slices of one piece of work, each of 10 ms. */
export class Turns {
  private began = performance.now();

  /** Whether the slice is over. Check it often, and await `give` if it is true. */
  get over(): boolean {
    return performance.now() - this.began > SLICE_MS;
  }

  /** Lets other work run, and begins the next slice. */
  async give(): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.began = performance.now();
  }
}

/** Long work in slices, so that whoever else is waiting for this thread gets a turn. */
const SLICE_MS = 10;

export class Turns {
  private began = performance.now();

  /** To be asked often, and `give` to be awaited where it says so. */
  get over(): boolean {
    return performance.now() - this.began > SLICE_MS;
  }

  async give(): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.began = performance.now();
  }
}

/** A clock that stands still while anything can happen, and then jumps to the next moment for which something waits. */

/** Turns of the event loop without a new wait after which nothing can happen any more. A step in this process takes fewer. */
const QUIET_TURNS = 8;

/** Virtual time: waits of hours take as long as the work between them. */
export class VirtualClock {
  /** Milliseconds since the clock was made. */
  now = 0;
  private readonly waiting: { readonly at: number; readonly ring: () => void }[] = [];
  private waits = 0;

  /** Resolves after this number of milliseconds. */
  sleep(milliseconds: number): Promise<void> {
    this.waits++;
    return new Promise((ring) => {
      const at = this.now + milliseconds;
      // Sorted, the earliest last.
      let place = this.waiting.length;
      while (place > 0 && (this.waiting[place - 1]?.at ?? 0) < at) place--;
      this.waiting.splice(place, 0, { at, ring });
    });
  }

  /** Lets the time pass until `work` is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    work.then(over, over);
    while (!isOver) {
      for (let seen = this.waits, quiet = 0; quiet < QUIET_TURNS; quiet++) {
        await new Promise(setImmediate);
        if (this.waits !== seen) [seen, quiet] = [this.waits, -1];
      }
      const next = this.waiting.pop();
      if (next === undefined) continue;
      this.now = next.at;
      next.ring();
    }
    return work;
  }
}

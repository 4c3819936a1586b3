/** Long work gives way to everything else in the event loop: signals, timers, other clients. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Others are let in after so many milliseconds. */
const TURN_MS = 5;

/** One piece of work after another, for one client or one command. A turn lasts until the event loop goes on, or is made to. */
export class Turn {
  private running = false;
  private began = 0;
  private readonly end = (): void => {
    this.running = false;
  };

  /** Begins a turn, unless one is running already. */
  begin(): void {
    if (this.running) return;
    this.running = true;
    this.began = performance.now();
    setImmediate(this.end);
  }

  /** Whether others are to be let in before anything more is done. */
  get isOver(): boolean {
    return this.running && performance.now() - this.began >= TURN_MS;
  }

  /** To be awaited between two pieces of work. */
  async rest(): Promise<void> {
    this.begin();
    if (this.isOver) await nextTurn();
  }
}

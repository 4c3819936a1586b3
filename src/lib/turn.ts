/** Lets long work yield to the event loop: signals, timers, other clients. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Duration after which work must yield, in milliseconds. */
const TURN_MS = 5;

/** Divides work for one client or one command into turns. A turn lasts until the event loop continues, or until `rest`. */
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

  /** Whether the work must yield before it continues. */
  get isOver(): boolean {
    return this.running && performance.now() - this.began >= TURN_MS;
  }

  /** Lets the event loop run. The caller awaits this between two parts of its work. */
  async rest(): Promise<void> {
    this.begin();
    if (this.isOver) await nextTurn();
  }
}

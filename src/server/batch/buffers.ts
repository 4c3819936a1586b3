/** Memory for answers, used again once an answer has been sent: fresh pages cost as much as what is written to them. */

/** Bytes that are kept for later. */
const MAX_KEPT = 64 * 2 ** 20;
/** Below this, new memory costs nothing that could be noticed. */
const SMALL = 65_536;

export type Allocate = (size: number) => Buffer;

export class Buffers {
  private readonly free: Buffer[] = [];
  private kept = 0;

  /** At least so many bytes, of any content. */
  take(size: number): Buffer {
    const found = this.free.findIndex((buffer) => buffer.length >= size && buffer.length <= 4 * size);
    const [buffer] = found < 0 ? [] : this.free.splice(found, 1);
    this.kept -= buffer?.length ?? 0;
    return buffer ?? Buffer.allocUnsafeSlow(size);
  }

  /** Gives back the memory that these bytes lie in; nothing may read or write them any more. */
  give({ buffer }: Buffer): void {
    const whole = Buffer.from(buffer);
    if (whole.length < SMALL || this.kept + whole.length > MAX_KEPT) return;
    this.free.push(whole);
    this.kept += whole.length;
  }
}

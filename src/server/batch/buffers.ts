/** Memory for answers, reused once an answer has been sent: to touch fresh pages costs as much as to write the answer. */

/** The maximum number of bytes kept for reuse. */
const MAX_KEPT = 64 * 2 ** 20;
/** Below this number of bytes, the cost of new memory is not noticeable. */
const SMALL = 65_536;

export type Allocate = (size: number) => Buffer;

export class Buffers {
  private readonly free: Buffer[] = [];
  private kept = 0;

  /** A buffer of at least `size` bytes with arbitrary content. */
  take(size: number): Buffer {
    const found = this.free.findIndex((buffer) => buffer.length >= size && buffer.length <= 4 * size);
    const [buffer] = found < 0 ? [] : this.free.splice(found, 1);
    this.kept -= buffer?.length ?? 0;
    return buffer ?? Buffer.allocUnsafeSlow(size);
  }

  /** Returns the memory of a buffer for reuse. The caller must not read or write the buffer any more. */
  give({ buffer }: Buffer): void {
    const whole = Buffer.from(buffer);
    if (whole.length < SMALL || this.kept + whole.length > MAX_KEPT) return;
    this.free.push(whole);
    this.kept += whole.length;
  }
}

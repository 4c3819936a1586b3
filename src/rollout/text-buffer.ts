/** Bytes of UTF-8 text, appended to memory that grows as needed. To overwrite the last bytes, reduce `length`. */
export class TextBuffer {
  length = 0;
  private memory: Buffer;

  /** @param memory Is written to as long as the text fits into it. */
  constructor(memory: ArrayBuffer) {
    this.memory = Buffer.from(memory);
  }

  /** A view of the bytes written so far. */
  get bytes(): Buffer {
    return this.memory.subarray(0, this.length);
  }

  text(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.memory.write(text, this.length);
  }

  append(source: Uint8Array): void {
    this.reserve(source.length);
    this.memory.set(source, this.length);
    this.length += source.length;
  }

  private reserve(extra: number): void {
    if (this.length + extra <= this.memory.length) return;
    // Its own ArrayBuffer, not a slice of Node's pool, so that it can be transferred.
    const larger = Buffer.from(new ArrayBuffer(Math.max(this.memory.length * 2, this.length + extra)));
    larger.set(this.bytes);
    this.memory = larger;
  }
}

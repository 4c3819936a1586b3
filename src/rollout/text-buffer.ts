/** Bytes of UTF-8 text, appended to memory that grows as needed. Set `length` back to write over what came last. */
export class TextBuffer {
  length = 0;
  private memory: Buffer;

  /** @param memory To write to as long as it suffices. */
  constructor(memory: ArrayBuffer) {
    this.memory = Buffer.from(memory);
  }

  /** What was written, as a view. */
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
    // With memory of its own, which can be given away whole.
    const larger = Buffer.from(new ArrayBuffer(Math.max(this.memory.length * 2, this.length + extra)));
    larger.set(this.bytes);
    this.memory = larger;
  }
}

const encoder = new TextEncoder();

/** UTF-8 bytes of a text; lone surrogates become U+FFFD. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Appends to a buffer that grows as needed. Reset `length` to write from the beginning again. */
export class ByteWriter {
  buffer: Uint8Array;
  length = 0;

  constructor(capacity = 16_384) {
    this.buffer = new Uint8Array(capacity);
  }

  bytes(source: Uint8Array): void {
    this.reserve(source.length);
    this.buffer.set(source, this.length);
    this.length += source.length;
  }

  /** A text known to be ASCII. */
  ascii(text: string): void {
    this.reserve(text.length);
    const { buffer, length } = this;
    for (let i = 0; i < text.length; i++) buffer[length + i] = text.charCodeAt(i);
    this.length = length + text.length;
  }

  text(text: string): void {
    this.reserve(text.length * 3);
    this.length += encoder.encodeInto(text, this.buffer.subarray(this.length)).written;
  }

  private reserve(extra: number): void {
    if (this.length + extra <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.length + extra));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}

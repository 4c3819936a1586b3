/** Reads the lines of a file of any size, for every reader of trajectories: here, on a server and in a browser. */

/** Random access to the bytes of a file. */
export type Source = {
  /** The present size in bytes. It grows while a run still writes the file. */
  size(): Promise<number>;
  /** The bytes of a range; fewer only if the file ends within it. */
  read(offset: number, length: number): Promise<Uint8Array>;
};

/** A file that the user chose. The browser refuses to read it after it has changed. */
export function blobSource(blob: Blob): Source {
  return {
    size: async () => blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

/** A line, without its newline, and its place in bytes. */
export type Line = {
  readonly start: number;
  readonly length: number;
  /** Undefined if the line is longer than any record. */
  readonly bytes: Uint8Array | undefined;
  /** False for a last line without a newline: it is still being written, or was cut off. */
  readonly isWhole: boolean;
};

const NEWLINE = 0x0a;
export const CHUNK = 1 << 20;
/** The maximum number of bytes of a line; longer ones are not read. No episode is as long. */
const MAX_LINE = 1 << 26;

/**
 * The lines from an offset on, as far as the file reaches when they are read.
 * @param from The beginning of a line.
 * @param chunk Number of bytes per read.
 */
export async function* linesOf(source: Source, from = 0, chunk = CHUNK): AsyncGenerator<Line> {
  for (let at = from; ; ) {
    const bytes = await source.read(at, chunk);
    let begin = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, begin)) {
      yield { start: at + begin, length: end - begin, bytes: bytes.subarray(begin, end), isWhole: true };
      begin = end + 1;
    }
    at += begin;
    if (begin > 0) continue;
    if (bytes.length === 0) return;
    const line = await longLine(source, at, bytes, chunk);
    yield line;
    if (!line.isWhole) return;
    at += line.length + 1;
  }
}

/** A line of which `first` are the first bytes, without a newline. */
async function longLine(source: Source, start: number, first: Uint8Array, chunk: number): Promise<Line> {
  let { length } = first;
  let isWhole = false;
  while (!isWhole) {
    const more = await source.read(start + length, chunk);
    if (more.length === 0) break;
    const end = more.indexOf(NEWLINE);
    isWhole = end >= 0;
    length += isWhole ? end : more.length;
  }
  const bytes = length > MAX_LINE ? undefined : length === first.length ? first : await source.read(start, length);
  return { start, length, bytes, isWhole };
}

/** Whether there is nothing in a line. */
export function isBlankLine(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}

export const TOO_LONG = `it is longer than ${MAX_LINE} bytes`;

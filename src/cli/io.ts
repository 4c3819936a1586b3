/** Where a command reads and writes: the streams of the process, or those of a test. */
import type { Readable, Writable } from 'node:stream';

type TerminalPart = { readonly isTTY?: boolean; readonly columns?: number };

/** `process` is one. */
export type Io = {
  readonly stdin: Readable & TerminalPart;
  readonly stdout: Writable & TerminalPart;
  readonly stderr: Writable & TerminalPart;
};

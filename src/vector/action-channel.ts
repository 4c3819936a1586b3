/**
 * A channel that brings the answers of a step to a worker: memory that both threads share. The worker plays the first answers
 * while the main thread still writes the others, and no answer is part of a message. The steps stay in the memory, one after
 * the other, until `clear`, so that another worker can play them again.
 */
import type { PackedAnswers } from './packed-answers.ts';

/** Some environments of a step and their answers. */
export type Portion = { readonly envs: Uint32Array; readonly answers: PackedAnswers };

/** Size of the channel. A step that does not fit is sent without the channel. */
const BYTES = 8 * 2 ** 20;
/** Index of the control word: twice the number of chunks written, plus 1 once the step has ended. The chunks follow it. */
const CONTROL = 0;
const FIRST = 4;
const HAS_ENDED = 1;
const CHUNK = 2;
const WORD = Int32Array.BYTES_PER_ELEMENT;
/**
 * Header of a chunk: the numbers of environments, of numbers and of characters, and the bytes per character. The three arrays
 * follow it.
 */
const HEADER = 4;
/** Whether a text has characters outside of Latin-1, which take two bytes each. */
const WIDE = /[^\0-\xff]/;

/** One end of the channel. The main thread writes; the worker reads. */
export class ActionChannel {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly bytes: Buffer;
  /** Where the next chunk is written: an index into `words`. */
  private end = FIRST;

  /** @param memory The memory of the other thread's end; by default, new memory. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
    this.bytes = Buffer.from(memory);
  }

  /** Begins a step and returns its start. No thread may be reading. */
  open(): number {
    Atomics.store(this.words, CONTROL, 0);
    return this.end;
  }

  /** Writes a chunk. Returns false, without writing, if the chunk does not fit. */
  write({ envs, answers: { numbers, text } }: Portion): boolean {
    const { words, end: at } = this;
    const size = WIDE.test(text) ? 2 : 1;
    const numbersAt = at + HEADER + envs.length;
    const textAt = numbersAt + numbers.length;
    const end = textAt + Math.ceil((text.length * size) / WORD);
    if (end > words.length) return false;
    words[at] = envs.length;
    words[at + 1] = numbers.length;
    words[at + 2] = text.length;
    words[at + 3] = size;
    words.set(envs, at + HEADER);
    words.set(numbers, numbersAt);
    this.bytes.write(text, textAt * WORD, size === 1 ? 'latin1' : 'utf16le');
    this.end = end;
    this.signal(CHUNK);
    return true;
  }

  /** Marks the end of the step that begins at `start`. Returns the size of the step in bytes. */
  close(start: number): number {
    this.signal(HAS_ENDED);
    return (this.end - start) * WORD;
  }

  /** Discards all steps. The next step is written from the beginning of the memory. */
  clear(): void {
    this.end = FIRST;
  }

  /** The chunks of the current step, which begins at `start`, each as soon as it is written. Blocks while it waits. */
  read(start: number): Generator<Portion> {
    return this.chunks(start, (taken) => this.awaitMore(taken));
  }

  /** The first `count` chunks of a finished step, which begins at `start`. */
  readAgain(start: number, count: number): Generator<Portion> {
    return this.chunks(start, (taken) => taken < count);
  }

  private *chunks(start: number, isMore: (taken: number) => boolean): Generator<Portion> {
    let at = start;
    for (let taken = 0; isMore(taken); taken++) {
      const { chunk, end } = this.take(at);
      yield chunk;
      at = end;
    }
  }

  /** Waits until more than `taken` chunks are written. Returns false if the step has ended first. */
  private awaitMore(taken: number): boolean {
    for (;;) {
      const state = Atomics.load(this.words, CONTROL);
      if (state >= (taken + 1) * CHUNK) return true;
      if ((state & HAS_ENDED) !== 0) return false;
      Atomics.wait(this.words, CONTROL, state);
    }
  }

  /** Reads the chunk at this index. `end` is the index after the chunk. */
  private take(at: number): { chunk: Portion; end: number } {
    const { words } = this;
    const envs = words[at] ?? 0;
    const numbers = words[at + 1] ?? 0;
    const characters = words[at + 2] ?? 0;
    const size = words[at + 3] ?? 1;
    const numbersAt = at + HEADER + envs;
    const textAt = numbersAt + numbers;
    const encoding = size === 1 ? 'latin1' : 'utf16le';
    const chunk = {
      envs: Uint32Array.from(words.subarray(at + HEADER, numbersAt)),
      answers: {
        numbers: words.slice(numbersAt, textAt),
        text: this.bytes.toString(encoding, textAt * WORD, textAt * WORD + characters * size),
      },
    };
    return { chunk, end: textAt + Math.ceil((characters * size) / WORD) };
  }

  private signal(change: number): void {
    Atomics.add(this.words, CONTROL, change);
    Atomics.notify(this.words, CONTROL);
  }
}

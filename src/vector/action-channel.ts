/**
 * The way of a step's answers to a worker: memory that both threads share. The worker plays the first ones while the main
 * thread still writes the others, and none of them is part of a message.
 */
import type { PackedAnswers } from './packed-answers.ts';

/** Some environments of a step and what is answered in each. */
export type Portion = { readonly envs: Uint32Array; readonly answers: PackedAnswers };

/** Beyond so many bytes of answers a step goes on without the channel. */
const BYTES = 4 * 2 ** 20;
/** Two words: how many portions were written, twice; plus 1 when no more will be. The portions stand behind. */
const CONTROL = 0;
const FIRST = 4;
const HAS_ENDED = 1;
const PORTION = 2;
/** A portion: number of environments, of numbers and of characters, and the bytes of a character; then all of them. */
const HEADER = 4;
/** Whether a text has characters outside of Latin-1, which take two bytes. */
const WIDE = /[^\0-\xff]/;

export class ActionChannel {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly bytes: Buffer;
  /** Where the next portion is written or read: an index into `words`. */
  private at = FIRST;

  /** @param memory That of another thread's end; without it, a new one. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
    this.bytes = Buffer.from(memory);
  }

  /** Begins a step. To be called when nobody reads. */
  open(): void {
    this.at = FIRST;
    Atomics.store(this.words, CONTROL, 0);
  }

  /** Writes a portion; false, and nothing written, where it has no room. */
  write({ envs, answers: { numbers, text } }: Portion): boolean {
    const size = WIDE.test(text) ? 2 : 1;
    const textAt = this.at + HEADER + envs.length + numbers.length;
    const end = textAt + Math.ceil((text.length * size) / 4);
    if (end > this.words.length) return false;
    const { words } = this;
    words[this.at] = envs.length;
    words[this.at + 1] = numbers.length;
    words[this.at + 2] = text.length;
    words[this.at + 3] = size;
    words.set(envs, this.at + HEADER);
    words.set(numbers, this.at + HEADER + envs.length);
    this.bytes.write(text, textAt * 4, size === 1 ? 'latin1' : 'utf16le');
    this.at = end;
    this.signal(PORTION);
    return true;
  }

  /** Says that there are no more portions. */
  close(): void {
    this.signal(HAS_ENDED);
  }

  /** The portions of one step, each as soon as it is written. Blocks the thread while it waits. */
  *read(): Generator<Portion> {
    this.at = FIRST;
    for (let taken = 0; ; ) {
      const state = Atomics.load(this.words, CONTROL);
      if (state >= (taken + 1) * PORTION) {
        yield this.take();
        taken++;
      } else if ((state & HAS_ENDED) !== 0) return;
      else Atomics.wait(this.words, CONTROL, state);
    }
  }

  private take(): Portion {
    const { words, at } = this;
    const envs = words[at] ?? 0;
    const numbers = words[at + 1] ?? 0;
    const characters = words[at + 2] ?? 0;
    const size = words[at + 3] ?? 1;
    const numbersAt = at + HEADER + envs;
    const textAt = numbersAt + numbers;
    this.at = textAt + Math.ceil((characters * size) / 4);
    const encoding = size === 1 ? 'latin1' : 'utf16le';
    return {
      envs: Uint32Array.from(words.subarray(at + HEADER, numbersAt)),
      answers: {
        numbers: words.slice(numbersAt, textAt),
        text: this.bytes.toString(encoding, textAt * 4, textAt * 4 + characters * size),
      },
    };
  }

  private signal(change: number): void {
    Atomics.add(this.words, CONTROL, change);
    Atomics.notify(this.words, CONTROL);
  }
}

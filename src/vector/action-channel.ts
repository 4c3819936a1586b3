/**
 * The way of a step's answers to a worker: memory that both threads share. The worker plays the first ones while the main
 * thread still writes the others, and none of them is part of a message. There they stay, one step behind the other, for
 * another worker to play them again, until `clear`.
 */
import type { PackedAnswers } from './packed-answers.ts';

/** Some environments of a step and what is answered in each. */
export type Portion = { readonly envs: Uint32Array; readonly answers: PackedAnswers };

/** Where there is no room in so many bytes, a step goes on without the channel. */
const BYTES = 8 * 2 ** 20;
/** A word: how many portions were written, twice; plus 1 when no more will be. The portions stand behind. */
const CONTROL = 0;
const FIRST = 4;
const HAS_ENDED = 1;
const PORTION = 2;
const WORD = Int32Array.BYTES_PER_ELEMENT;
/** A portion: number of environments, of numbers and of characters, and the bytes of a character; then all of them. */
const HEADER = 4;
/** Whether a text has characters outside of Latin-1, which take two bytes. */
const WIDE = /[^\0-\xff]/;

export class ActionChannel {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly bytes: Buffer;
  /** Where the next portion is written: an index into `words`. */
  private end = FIRST;

  /** @param memory That of another thread's end; without it, a new one. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
    this.bytes = Buffer.from(memory);
  }

  /** Begins a step, and returns where it begins. To be called when nobody reads. */
  open(): number {
    Atomics.store(this.words, CONTROL, 0);
    return this.end;
  }

  /** Writes a portion; false, and nothing written, where it has no room. */
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
    this.signal(PORTION);
    return true;
  }

  /** Says that there are no more portions of the step that begins at `start`. Returns how many bytes it takes. */
  close(start: number): number {
    this.signal(HAS_ENDED);
    return (this.end - start) * WORD;
  }

  /** Forgets all steps: what is written from now on takes their place. */
  clear(): void {
    this.end = FIRST;
  }

  /** The portions of the step under way, which begins at `start`, each as soon as it is written. Blocks while it waits. */
  read(start: number): Generator<Portion> {
    return this.portions(start, (taken) => this.awaitMore(taken));
  }

  /** So many portions of a step that is over, which begins at `start`. */
  readAgain(start: number, count: number): Generator<Portion> {
    return this.portions(start, (taken) => taken < count);
  }

  private *portions(start: number, isMore: (taken: number) => boolean): Generator<Portion> {
    let at = start;
    for (let taken = 0; isMore(taken); taken++) {
      const { portion, end } = this.take(at);
      yield portion;
      at = end;
    }
  }

  /** Waits until more portions than these are written; false if there will be none. */
  private awaitMore(taken: number): boolean {
    for (;;) {
      const state = Atomics.load(this.words, CONTROL);
      if (state >= (taken + 1) * PORTION) return true;
      if ((state & HAS_ENDED) !== 0) return false;
      Atomics.wait(this.words, CONTROL, state);
    }
  }

  /** The portion at this place, and where it ends. */
  private take(at: number): { portion: Portion; end: number } {
    const { words } = this;
    const envs = words[at] ?? 0;
    const numbers = words[at + 1] ?? 0;
    const characters = words[at + 2] ?? 0;
    const size = words[at + 3] ?? 1;
    const numbersAt = at + HEADER + envs;
    const textAt = numbersAt + numbers;
    const encoding = size === 1 ? 'latin1' : 'utf16le';
    const portion = {
      envs: Uint32Array.from(words.subarray(at + HEADER, numbersAt)),
      answers: {
        numbers: words.slice(numbersAt, textAt),
        text: this.bytes.toString(encoding, textAt * WORD, textAt * WORD + characters * size),
      },
    };
    return { portion, end: textAt + Math.ceil((characters * size) / WORD) };
  }

  private signal(change: number): void {
    Atomics.add(this.words, CONTROL, change);
    Atomics.notify(this.words, CONTROL);
  }
}

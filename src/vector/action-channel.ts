/**
 * A channel that brings the answers of a step to a worker: memory that both threads share. The worker plays the first answers
 * while the main thread still writes the others, and no answer is part of a message. The steps stay in the memory, one after
 * the other, until `clear`, so that another worker can play them again.
 */
import { plainAction, type ReadAction, readAction } from '../world/completion/completion.ts';
import { ACTION_TYPES, type Action } from '../world/schema.ts';
import { answerToJson } from './wire-action.ts';

// * The answers of a step in the form in which they are sent to a worker: all their texts joined, and numbers that say how to divide the text. Writing, sending and reading this takes a fraction of the time of a list of objects, or of JSON.

/** `numbers` holds, for each answer, a number that says which texts follow, and then their lengths in UTF-16 units. */
export type PackedAnswers = { readonly numbers: Int32Array; readonly text: string };

/** These replace the bits of an action's fields. One text follows: the answer itself, or its JSON. */
const COMPLETION = -1;
const JSON_TEXT = -2;
/** The action's type lies above the bits of the text fields: from 1; 0 if the action has no type. */
const TYPE_SHIFT = 9;
const MOST_NUMBERS = 1 + TYPE_SHIFT;

/** A buffer for the numbers while their count is unknown. */
let scratch = new Int32Array(0);

/** An answer after unpacking: an action that follows the schema, a completion, or the JSON of anything else. */
type UnpackedAnswer = Action | string | { readonly json: string };

/** Packs the answers. Never throws: an answer that JSON cannot represent becomes a text without an action. */
export function packAnswers(answers: readonly unknown[]): PackedAnswers {
  const packer = new Packer(answers.length);
  for (const answer of answers) {
    const action = plainAction(answer);
    if (action !== undefined) packer.putAction(action);
    else if (typeof answer === 'string') packer.putText(COMPLETION, answer);
    else packer.putText(JSON_TEXT, answerToJson(answer));
  }
  return packer.packed;
}

/** Unpacks answers, in their order. */
export function unpackAnswers({ numbers, text }: PackedAnswers): UnpackedAnswer[] {
  const answers: UnpackedAnswer[] = [];
  let [at, start, fields] = [0, 0, 0];
  const next = (): string => {
    const from = start;
    start += numbers[at++] ?? 0;
    return text.slice(from, start);
  };
  const take = (bit: number): string | undefined => ((fields & bit) === 0 ? undefined : next());
  while (at < numbers.length) {
    fields = numbers[at++] ?? 0;
    if (fields === COMPLETION) answers.push(next());
    else if (fields === JSON_TEXT) answers.push({ json: next() });
    else {
      const action: Readonly<Record<Exclude<keyof Action, 'metadata'>, string | undefined>> = {
        action_type: ACTION_TYPES[(fields >> TYPE_SHIFT) - 1],
        email_id: take(1),
        message_body: take(2),
        meeting_id: take(4),
        new_time: take(8),
        reason: take(16),
        task_id: take(32),
        contact_name: take(64),
        channel: take(128),
        message: take(256),
      };
      answers.push(action as Action);
    }
  }
  return answers;
}

/** Joins several lists of answers. */
export function joinAnswers(parts: readonly PackedAnswers[]): PackedAnswers {
  const numbers = new Int32Array(parts.reduce((sum, part) => sum + part.numbers.length, 0));
  let at = 0;
  for (const part of parts) {
    numbers.set(part.numbers, at);
    at += part.numbers.length;
  }
  return { numbers, text: parts.map(({ text }) => text).join('') };
}

/** Reads an unpacked answer. An answer that was a valid action when it was packed is not checked again. */
export function readUnpacked(answer: UnpackedAnswer): ReadAction {
  if (typeof answer === 'string') return readAction(answer);
  return 'json' in answer ? readAction(JSON.parse(answer.json)) : answer;
}

/** Splits the answers into the first `count` and the rest. */
export function splitAnswers({ numbers, text }: PackedAnswers, count: number): [PackedAnswers, PackedAnswers] {
  let [at, start] = [0, 0];
  for (let i = 0; i < count; i++) {
    const fields = numbers[at++] ?? 0;
    for (let rest = fields < 0 ? 1 : fields & ((1 << TYPE_SHIFT) - 1); rest !== 0; rest &= rest - 1) {
      start += numbers[at++] ?? 0;
    }
  }
  return [
    { numbers: numbers.slice(0, at), text: text.slice(0, start) },
    { numbers: numbers.slice(at), text: text.slice(start) },
  ];
}

/** Packs one list of answers. Only one packer may exist at a time, since all use the same buffer. */
class Packer {
  private readonly numbers: Int32Array;
  private at = 0;
  private text = '';

  constructor(answers: number) {
    const most = answers * MOST_NUMBERS;
    if (scratch.length < most) scratch = new Int32Array(most);
    this.numbers = scratch;
  }

  get packed(): PackedAnswers {
    return { numbers: this.numbers.slice(0, this.at), text: this.text };
  }

  putAction(action: Action): void {
    const { numbers, at } = this;
    this.at++;
    numbers[at] =
      (typeNumber(action.action_type) << TYPE_SHIFT) |
      this.put(action.email_id, 1) |
      this.put(action.message_body, 2) |
      this.put(action.meeting_id, 4) |
      this.put(action.new_time, 8) |
      this.put(action.reason, 16) |
      this.put(action.task_id, 32) |
      this.put(action.contact_name, 64) |
      this.put(action.channel, 128) |
      this.put(action.message, 256);
  }

  putText(kind: number, text: string): void {
    this.numbers[this.at++] = kind;
    this.put(text, 0);
  }

  /** Returns the bit of a field, or 0 if the field has no text. */
  private put(text: string | undefined, bit: number): number {
    if (text === undefined) return 0;
    this.numbers[this.at++] = text.length;
    this.text += text;
    return bit;
  }
}

function typeNumber(type: Action['action_type']): number {
  return type === undefined ? 0 : ACTION_TYPES.indexOf(type) + 1;
}

/** Some environments of a step and their answers. */
export type ActionChunk = { readonly envs: Uint32Array; readonly answers: PackedAnswers };

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
  write({ envs, answers: { numbers, text } }: ActionChunk): boolean {
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
  read(start: number): Generator<ActionChunk> {
    return this.chunks(start, (taken) => this.awaitMore(taken));
  }

  /** The first `count` chunks of a finished step, which begins at `start`. */
  readAgain(start: number, count: number): Generator<ActionChunk> {
    return this.chunks(start, (taken) => taken < count);
  }

  private *chunks(start: number, isMore: (taken: number) => boolean): Generator<ActionChunk> {
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
  private take(at: number): { chunk: ActionChunk; end: number } {
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

/**
 * The results of all environments, column by column. The threads share this memory if there is more than one. The worker of a
 * shard writes the slots of its environments; the main thread reads them only after that worker has replied.
 */
import { BREAKDOWN_FIELDS } from '../sim/breakdown.ts';
import type { Strides } from './spec.ts';

/** What another thread needs to open the columns. */
export type ColumnsData = {
  readonly capacity: number;
  readonly strides: Strides;
  readonly numbers: ArrayBufferLike;
  readonly states: ArrayBufferLike;
  readonly texts: ArrayBufferLike;
};

/** Number of parts of a reward. */
export const BREAKDOWN_WIDTH = BREAKDOWN_FIELDS.length;

/** Matches a character that Latin-1 does not have. */
const WIDE = /[^\0-\xff]/;

/** The texts of an episode. Note and news are one line each. */
export type EpisodeTexts = { readonly note: string; readonly news: string; readonly briefing: string };

const DOUBLES = 3 + BREAKDOWN_WIDTH;
const WORDS = 2;
const BYTES = 6;

/** Views of the shared memory: one slot for each environment in every column. */
export class Columns {
  readonly data: ColumnsData;
  readonly reward: Float64Array;
  /** Seed of the episode that the slot holds. */
  readonly seed: Float64Array;
  /** Number of episodes that the environment has begun before this one. */
  readonly episode: Float64Array;
  /**
   * BREAKDOWN_WIDTH parts of the reward for each environment, in the order of BREAKDOWN_FIELDS. They lie side by side, unlike
   * the other columns: a step writes all of them, and separate columns would touch as many memory pages.
   */
  readonly breakdown: Float64Array;
  /** Length of the text in its slot, in UTF-16 units. */
  readonly textLength: Uint32Array;
  /** 1 if the text in the slot is UTF-16, 0 if it is Latin-1. */
  readonly textIsWide: Uint8Array;
  /** Index into the specs of the VectorEnv. */
  readonly spec: Uint32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly stepOk: Uint8Array;
  /** 1 if the observation follows a reset or a restore, so that there is not a reward yet. */
  readonly fresh: Uint8Array;
  /** 1 if the episode was ended because it could not be played, until the environment is reset or the episode replaced. */
  readonly failed: Uint8Array;

  constructor(data: ColumnsData) {
    this.data = data;
    const { capacity, numbers } = data;
    let at = 0;
    const doubles = (columns: number): Float64Array => {
      const view = new Float64Array(numbers, at, columns * capacity);
      at += view.byteLength;
      return view;
    };
    const words = (): Uint32Array => {
      const view = new Uint32Array(numbers, at, capacity);
      at += view.byteLength;
      return view;
    };
    const bytes = (): Uint8Array => {
      const view = new Uint8Array(numbers, at, capacity);
      at += view.byteLength;
      return view;
    };
    this.reward = doubles(1);
    this.seed = doubles(1);
    this.episode = doubles(1);
    this.breakdown = doubles(BREAKDOWN_WIDTH);
    this.textLength = words();
    this.spec = words();
    this.textIsWide = bytes();
    this.terminated = bytes();
    this.truncated = bytes();
    this.stepOk = bytes();
    this.fresh = bytes();
    this.failed = bytes();
  }

  /**
   * @param capacity Number of slots.
   * @param shared Whether other threads will write. Copies of shared memory use atomic accesses and are therefore slower than
   * copies of unshared memory.
   */
  static allocate(capacity: number, strides: Strides, shared: boolean): Columns {
    const allocate = (bytes: number): ArrayBufferLike =>
      shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    return new Columns({
      capacity,
      strides,
      numbers: allocate(capacity * (DOUBLES * 8 + WORDS * 4 + BYTES)),
      states: allocate(capacity * strides.state),
      // In one thread, texts are made where they are read.
      texts: allocate(shared ? capacity * strides.text : 0),
    });
  }

  /** Whether texts cross from one thread to another. */
  get hasTexts(): boolean {
    return this.data.texts.byteLength > 0;
  }

  /** Writes the texts of an environment into its slot. */
  putTexts(env: number, { note, news, briefing }: EpisodeTexts): void {
    const text = `${note}\n${news}\n${briefing}`;
    const isWide = WIDE.test(text);
    this.slot(env).write(text, isWide ? 'utf16le' : 'latin1');
    this.textLength[env] = text.length;
    this.textIsWide[env] = Number(isWide);
  }

  /** The texts in the slot of an environment. */
  texts(env: number): EpisodeTexts {
    const isWide = this.textIsWide[env] === 1;
    const length = (this.textLength[env] ?? 0) * (isWide ? 2 : 1);
    const text = this.slot(env).toString(isWide ? 'utf16le' : 'latin1', 0, length);
    const note = text.indexOf('\n');
    const news = text.indexOf('\n', note + 1);
    return { note: text.slice(0, note), news: text.slice(note + 1, news), briefing: text.slice(news + 1) };
  }

  /** Exactly the text slot of an environment: no write through this view can reach another slot. */
  private slot(env: number): Buffer {
    const { texts, strides } = this.data;
    return Buffer.from(texts, env * strides.text, strides.text);
  }
}

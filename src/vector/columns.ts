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

const DOUBLES = 3 + BREAKDOWN_WIDTH;
const WORDS = 5;
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
  /** Offset and length of the briefing within its slot, and of the note about the last action, in bytes. */
  readonly textStart: Uint32Array;
  readonly textLength: Uint32Array;
  readonly noteStart: Uint32Array;
  readonly noteLength: Uint32Array;
  /** 1 if the briefing is ASCII. */
  readonly textIsAscii: Uint8Array;
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
    this.textStart = words();
    this.textLength = words();
    this.noteStart = words();
    this.noteLength = words();
    this.spec = words();
    this.textIsAscii = bytes();
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
      texts: allocate(strides.lead + capacity * strides.text),
    });
  }

  /** Exactly the text slot of an environment: no write through this view can reach another slot. */
  text(env: number): Uint8Array {
    return this.textBytes(env, 0, this.data.strides.text);
  }

  /** A part of the text slot of an environment. */
  textBytes(env: number, start: number, length: number): Uint8Array {
    const { texts, strides } = this.data;
    return new Uint8Array(texts, strides.lead + env * strides.text + start, length);
  }
}

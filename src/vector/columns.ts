/**
 * The results of all environments, column by column, in memory that the threads share where there are several. A
 * shard's worker writes the slots of its own environments; the main thread reads them only once that worker has answered.
 */
import { BREAKDOWN_FIELDS } from '../sim/breakdown.ts';
import type { Strides } from './spec.ts';

/** What must be known to open the columns in another thread. */
export type ColumnsData = {
  readonly capacity: number;
  readonly strides: Strides;
  readonly numbers: ArrayBufferLike;
  readonly states: ArrayBufferLike;
  readonly texts: ArrayBufferLike;
};

export const BREAKDOWN_WIDTH = BREAKDOWN_FIELDS.length;

const DOUBLES = 3 + BREAKDOWN_WIDTH;
const WORDS = 5;
const BYTES = 6;

export class Columns {
  readonly data: ColumnsData;
  readonly reward: Float64Array;
  /** Seed of the episode that the slot holds. */
  readonly seed: Float64Array;
  /** How many episodes the environment has begun before this one. */
  readonly episode: Float64Array;
  /**
   * BREAKDOWN_WIDTH parts of the reward for each environment, in the order of BREAKDOWN_FIELDS. Not column by column like
   * the rest: a step writes all of them, and columns that lie far apart would be as many pages to reach.
   */
  readonly breakdown: Float64Array;
  /** Where in its slot the briefing begins and how long it is, and the same of the note about the last action, in bytes. */
  readonly textStart: Uint32Array;
  readonly textLength: Uint32Array;
  readonly noteStart: Uint32Array;
  readonly noteLength: Uint32Array;
  /** 1 where the briefing is ASCII. */
  readonly textIsAscii: Uint8Array;
  /** Index into the specs of the VectorEnv. */
  readonly spec: Uint32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly stepOk: Uint8Array;
  /** 1 where the observation follows a reset or a restore: there is no reward to speak of. */
  readonly fresh: Uint8Array;
  /** 1 where the episode was ended because it could not be played; until it is reset or replaced. */
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
   * @param shared Whether other threads will write. Memory that is not shared is copied faster, since copies of shared
   * memory are made of atomic accesses.
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

  /** The text slot of an environment, exactly: no write through it can reach another slot. */
  text(env: number): Uint8Array {
    return this.textBytes(env, 0, this.data.strides.text);
  }

  /** A part of it. */
  textBytes(env: number, start: number, length: number): Uint8Array {
    const { texts, strides } = this.data;
    return new Uint8Array(texts, strides.lead + env * strides.text + start, length);
  }
}

/**
 * The results of a command in a worker. They come back as one transferred buffer: a row for each environment of the command,
 * then a row for the end of each episode that was replaced (autoreset `same_step`). A row has numbers, a state and texts. The
 * main thread can therefore continue every episode from its last row.
 */
import { putBreakdown, readBreakdown } from '../sim/breakdown.ts';
import { Episode } from '../sim/episode.ts';
import { joinBriefing } from '../sim/observation/briefing.ts';
import type { BriefingParts } from '../sim/observation/observe.ts';
import { sectionGeneration } from '../sim/observation/sections.ts';
import { EpisodeState } from '../world/state.ts';
import { BREAKDOWN_WIDTH, type Columns } from './columns.ts';
import type { FinalStep, SavedEpisode, SerialEngine } from './engine.ts';
import type { Spec } from './spec.ts';

/** The message with the results. */
export type WireResults = {
  readonly buffer: ArrayBuffer;
  /** Number of rows for environments, and of rows for ends of episodes. */
  readonly envs: number;
  readonly finals: number;
  /** Texts of sections that rows name, by id, which were not sent before. */
  readonly texts: readonly (readonly [number, string])[];
  /** Whether the worker has forgotten the sections that it sent before, so that a new table of texts begins. */
  readonly isNewTable: boolean;
};

/** The texts of sections by id. Most sections of a step were seen before, so their texts cross once. */
export type SectionTable = Map<number, string>;

// The numbers of a row, followed by the parts of the reward.
const REWARD = 0;
const SEED = 1;
const SEED_BASE = 2;
const EPISODE = 3;
const BREAKDOWN = 4;
const NUMBERS = BREAKDOWN + BREAKDOWN_WIDTH;

// The words of a row. Offsets are in bytes, lengths in UTF-16 units; the texts follow one another.
const ENV = 0;
const SPEC = 1;
const FLAGS = 2;
const STATE = 3;
const TEXT = 4;
const NOTE_LENGTH = 5;
const NEWS_LENGTH = 6;
/** Length of the head of the briefing; 0 if the row has no briefing. */
const HEAD_LENGTH = 7;
const SECTIONS = 8;
/** Unread emails of each priority, unanswered emails, calendar, people, tasks; 0 for none. */
const MOST_SECTIONS = 8;
const WORDS = SECTIONS + MOST_SECTIONS;

const TERMINATED = 1;
const TRUNCATED = 2;
const STEP_OK = 4;
const FRESH = 8;
const FAILED = 16;
const RESET_DUE = 32;
/** The texts are UTF-16; otherwise they are Latin-1. */
const WIDE = 64;

const ROW_BYTES = NUMBERS * 8 + WORDS * 4;
/** Matches a character that Latin-1 does not have. */
const WIDE_CHARACTER = /[^\0-\xff]/;
/** Bytes of the state and the texts of a row, as a first guess for new memory. */
const FIRST_GUESS = 2_048;

/** Packs the results of a command. The memory of an earlier answer is used if it is large enough. */
export class ResultPacker {
  private readonly engine: SerialEngine;
  private readonly columns: Columns;
  private readonly hasBriefings: boolean;
  private readonly parts = new Float64Array(BREAKDOWN_WIDTH);
  /** Ids of the sections that the main thread has. */
  private readonly sent = new Set<number>();
  private generation = -1;

  /** @param hasBriefings Whether the rows of environments have a briefing. */
  constructor(engine: SerialEngine, columns: Columns, hasBriefings: boolean) {
    this.engine = engine;
    this.columns = columns;
    this.hasBriefings = hasBriefings;
  }

  pack(envs: ArrayLike<number>, finals: readonly FinalStep[], memory?: ArrayBuffer): WireResults {
    const { engine, columns } = this;
    const isNewTable = this.generation !== sectionGeneration();
    if (isNewTable) this.sent.clear();
    this.generation = sectionGeneration();
    const texts: [number, string][] = [];
    const writer = new RowWriter(envs.length + finals.length, memory);
    for (let row = 0; row < envs.length; row++) {
      const env = envs[row] ?? 0;
      const { head, sections } = this.hasBriefings ? engine.parts(env) : NO_BRIEFING;
      writer.add(env, engine.look(env), flagsOf(columns, env), head);
      writer.addReward(columns.reward[env] ?? 0, columns.breakdown, env * BREAKDOWN_WIDTH);
      for (let place = 0; place < sections.length; place++) {
        const section = sections[place];
        if (section === undefined) continue;
        writer.addSection(place, section.id);
        if (this.sent.has(section.id)) continue;
        this.sent.add(section.id);
        texts.push([section.id, section.text]);
      }
    }
    for (const final of finals) {
      writer.add(final.env, final, final.breakdown === undefined ? FAILED : 0, '');
      if (final.breakdown === undefined) continue;
      putBreakdown(final.breakdown, this.parts, 0);
      writer.addReward(0, this.parts, 0);
    }
    return { buffer: writer.buffer, envs: envs.length, finals: finals.length, texts, isNewTable };
  }
}

const NO_BRIEFING: BriefingParts = { head: '', sections: [] };

/** Writes rows into memory that grows as needed. */
class RowWriter {
  buffer: ArrayBuffer;
  private numbers: Float64Array;
  private words: Uint32Array;
  private bytes: Buffer;
  private readonly rows: number;
  private row = -1;
  /** The end of the last row. */
  private end: number;

  constructor(rows: number, memory?: ArrayBuffer) {
    this.rows = rows;
    this.end = rows * ROW_BYTES;
    const enough = memory !== undefined && memory.byteLength >= this.end;
    this.buffer = enough ? memory : new ArrayBuffer(this.end + rows * FIRST_GUESS);
    [this.numbers, this.words, this.bytes] = this.open();
  }

  /** @param head The head of the briefing; empty if the row has no briefing. */
  add(env: number, from: SavedEpisode, flags: number, head: string): void {
    const { note, news } = from;
    // States are multiples of 8 bytes long, and lie at such multiples.
    const state = Math.ceil(this.end / 8) * 8;
    const text = state + from.state.length;
    const isWide = WIDE_CHARACTER.test(note) || WIDE_CHARACTER.test(news) || WIDE_CHARACTER.test(head);
    this.reserve(text + 2 * (note.length + news.length + head.length));
    const { numbers, words, bytes } = this;
    this.row++;
    const number = this.row * NUMBERS;
    numbers[number + SEED] = from.seed;
    numbers[number + SEED_BASE] = from.seedBase;
    numbers[number + EPISODE] = from.episode;
    bytes.set(from.state, state);
    const encoding = isWide ? 'utf16le' : 'latin1';
    this.end = text + bytes.write(note + news + head, text, encoding);
    const word = this.row * WORDS;
    words[word + ENV] = env;
    words[word + SPEC] = from.spec;
    words[word + FLAGS] = flags | (from.resetDue ? RESET_DUE : 0) | (isWide ? WIDE : 0);
    words[word + STATE] = state;
    words[word + TEXT] = text;
    words[word + NOTE_LENGTH] = note.length;
    words[word + NEWS_LENGTH] = news.length;
    words[word + HEAD_LENGTH] = head.length;
    for (let place = 0; place < MOST_SECTIONS; place++) words[word + SECTIONS + place] = 0;
  }

  /** Adds a section to the briefing of the last row. */
  addSection(place: number, id: number): void {
    this.words[this.row * WORDS + SECTIONS + place] = id;
  }

  /** Adds the reward and its parts to the last row. */
  addReward(reward: number, parts: Float64Array, at: number): void {
    const { numbers, row } = this;
    numbers[row * NUMBERS + REWARD] = reward;
    const to = row * NUMBERS + BREAKDOWN;
    for (let part = 0; part < BREAKDOWN_WIDTH; part++) numbers[to + part] = parts[at + part] ?? 0;
  }

  private reserve(end: number): void {
    if (end <= this.buffer.byteLength) return;
    const larger = new ArrayBuffer(2 * end);
    new Uint8Array(larger).set(this.bytes);
    this.buffer = larger;
    [this.numbers, this.words, this.bytes] = this.open();
  }

  private open(): [Float64Array, Uint32Array, Buffer] {
    const numbers = new Float64Array(this.buffer, 0, this.rows * NUMBERS);
    const words = new Uint32Array(this.buffer, numbers.byteLength, this.rows * WORDS);
    return [numbers, words, Buffer.from(this.buffer)];
  }
}

function flagsOf(columns: Columns, env: number): number {
  return (
    (columns.terminated[env] === 1 ? TERMINATED : 0) |
    (columns.truncated[env] === 1 ? TRUNCATED : 0) |
    (columns.stepOk[env] === 1 ? STEP_OK : 0) |
    (columns.fresh[env] === 1 ? FRESH : 0) |
    (columns.failed[env] === 1 ? FAILED : 0)
  );
}

/** Results that have arrived. Nothing is decoded before it is read. */
export class ResultRows {
  readonly buffer: ArrayBuffer;
  readonly envs: number;
  readonly finals: number;
  /** Number of environments whose last row is one of these. */
  live: number;
  private readonly numbers: Float64Array;
  private readonly words: Uint32Array;
  private readonly bytes: TextBuffer;
  private readonly table: SectionTable;

  /** @param table The texts of the sections that the rows name. */
  constructor({ buffer, envs, finals }: Pick<WireResults, 'buffer' | 'envs' | 'finals'>, table: SectionTable) {
    const rows = envs + finals;
    this.buffer = buffer;
    this.envs = envs;
    this.finals = finals;
    this.live = envs;
    this.table = table;
    this.numbers = new Float64Array(buffer, 0, rows * NUMBERS);
    this.words = new Uint32Array(buffer, this.numbers.byteLength, rows * WORDS);
    this.bytes = Buffer.from(buffer) as TextBuffer;
  }

  env(row: number): number {
    return this.words[row * WORDS + ENV] ?? 0;
  }

  isFailed(row: number): boolean {
    return ((this.words[row * WORDS + FLAGS] ?? 0) & FAILED) !== 0;
  }

  /** Writes the numbers of an environment's row into the columns. */
  putNumbers(row: number, columns: Columns): void {
    const { numbers, words } = this;
    const [number, word] = [row * NUMBERS, row * WORDS];
    const env = words[word + ENV] ?? 0;
    const bits = words[word + FLAGS] ?? 0;
    columns.reward[env] = numbers[number + REWARD] ?? 0;
    columns.seed[env] = numbers[number + SEED] ?? 0;
    columns.episode[env] = numbers[number + EPISODE] ?? 0;
    columns.spec[env] = words[word + SPEC] ?? 0;
    columns.terminated[env] = bits & TERMINATED ? 1 : 0;
    columns.truncated[env] = bits & TRUNCATED ? 1 : 0;
    columns.stepOk[env] = bits & STEP_OK ? 1 : 0;
    columns.fresh[env] = bits & FRESH ? 1 : 0;
    columns.failed[env] = bits & FAILED ? 1 : 0;
    const to = env * BREAKDOWN_WIDTH;
    const { breakdown } = columns;
    for (let part = 0; part < BREAKDOWN_WIDTH; part++) {
      breakdown[to + part] = numbers[number + BREAKDOWN + part] ?? 0;
    }
  }

  /** A copy of some rows of environments, in a buffer of their own. */
  pick(rows: readonly number[]): ResultRows {
    let size = rows.length * ROW_BYTES;
    for (const row of rows) size += this.endOf(row) - (this.words[row * WORDS + STATE] ?? 0);
    const picked = new ResultRows({ buffer: new ArrayBuffer(size), envs: rows.length, finals: 0 }, this.table);
    let end = rows.length * ROW_BYTES;
    rows.forEach((row, at) => {
      const word = row * WORDS;
      const state = this.words[word + STATE] ?? 0;
      const text = this.words[word + TEXT] ?? 0;
      picked.numbers.set(this.numbers.subarray(row * NUMBERS, (row + 1) * NUMBERS), at * NUMBERS);
      picked.words.set(this.words.subarray(word, word + WORDS), at * WORDS);
      picked.words[at * WORDS + STATE] = end;
      picked.words[at * WORDS + TEXT] = end + text - state;
      picked.bytes.set(this.bytes.subarray(state, this.endOf(row)), end);
      end += this.endOf(row) - state;
    });
    return picked;
  }

  /** The end of the texts of a row, rounded up to a multiple of 8. */
  private endOf(row: number): number {
    const { words } = this;
    const word = row * WORDS;
    const units =
      (words[word + NOTE_LENGTH] ?? 0) + (words[word + NEWS_LENGTH] ?? 0) + (words[word + HEAD_LENGTH] ?? 0);
    const bytes = ((words[word + FLAGS] ?? 0) & WIDE) === 0 ? units : 2 * units;
    return Math.ceil(((words[word + TEXT] ?? 0) + bytes) / 8) * 8;
  }

  /** The episode of a row. Its state is not a copy. */
  saved(row: number): SavedEpisode {
    const { numbers, words } = this;
    const [number, word] = [row * NUMBERS, row * WORDS];
    const state = words[word + STATE] ?? 0;
    return {
      spec: words[word + SPEC] ?? 0,
      seedBase: numbers[number + SEED_BASE] ?? 0,
      seed: numbers[number + SEED] ?? 0,
      episode: numbers[number + EPISODE] ?? 0,
      resetDue: ((words[word + FLAGS] ?? 0) & RESET_DUE) !== 0,
      note: this.text(row, 0, words[word + NOTE_LENGTH] ?? 0),
      news: this.text(row, words[word + NOTE_LENGTH] ?? 0, words[word + NEWS_LENGTH] ?? 0),
      state: new Uint8Array(this.buffer, state, (words[word + TEXT] ?? 0) - state),
    };
  }

  /** The end of the episode of a row behind those of the environments. */
  final(row: number): FinalStep {
    const breakdown = this.isFailed(row) ? undefined : readBreakdown(this.numbers, row * NUMBERS + BREAKDOWN);
    const saved = this.saved(row);
    return { ...saved, state: Uint8Array.from(saved.state), env: this.env(row), breakdown };
  }

  /** The episode of a row, over the memory of these results. */
  episode(row: number, { compiled, rewardMode }: Spec): Episode {
    const { words } = this;
    const word = row * WORDS;
    const state = new EpisodeState(compiled.layout, this.buffer, words[word + STATE]);
    const episode = new Episode(compiled, state, rewardMode);
    episode.note = this.text(row, 0, words[word + NOTE_LENGTH] ?? 0);
    episode.news = this.text(row, words[word + NOTE_LENGTH] ?? 0, words[word + NEWS_LENGTH] ?? 0);
    return episode;
  }

  /** The briefing of a row; undefined if the worker wrote none. */
  briefing(row: number): string | undefined {
    const { words, table } = this;
    const word = row * WORDS;
    const length = words[word + HEAD_LENGTH] ?? 0;
    if (length === 0) return undefined;
    const parts = [this.text(row, (words[word + NOTE_LENGTH] ?? 0) + (words[word + NEWS_LENGTH] ?? 0), length)];
    for (let place = word + SECTIONS; place < word + WORDS; place++) {
      const id = words[place] ?? 0;
      if (id === 0) break;
      parts.push(table.get(id) ?? '');
    }
    return joinBriefing(parts);
  }

  /** A part of the texts of a row, in UTF-16 units. */
  private text(row: number, from: number, length: number): string {
    const word = row * WORDS;
    const start = this.words[word + TEXT] ?? 0;
    if (((this.words[word + FLAGS] ?? 0) & WIDE) === 0)
      return this.bytes.latin1Slice(start + from, start + from + length);
    return this.bytes.ucs2Slice(start + 2 * from, start + 2 * (from + length));
  }
}

/** A buffer with the methods behind `toString`. */
type TextBuffer = Buffer & {
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
};

/**
 * The results of a command in a worker. They come back as one transferred buffer: a row for each environment of the command,
 * then a row for the end of each episode that was replaced (autoreset `same_step`). A row has numbers, a state and texts. The
 * main thread can therefore continue every episode from its last row.
 */
import { Episode } from '../sim/episode.ts';
import type { BriefingParts } from '../sim/observation/observe.ts';
import { type SectionText, sectionGeneration } from '../sim/observation/section-cache.ts';
import { EpisodeState } from '../world/state.ts';
import { BREAKDOWN_WIDTH, type Columns } from './columns.ts';
import type { SerialEngine } from './engine.ts';
import type { SavedEpisode } from './saved.ts';
import type { Spec } from './spec.ts';

/** The message with the results. */
export type WireResults = {
  readonly buffer: ArrayBuffer;
  /** Number of rows for environments, and of rows for ends of episodes. */
  readonly envs: number;
  readonly finals: number;
  /** The note, the news and the head of the briefing of each row, in one text. */
  readonly texts: readonly string[];
  /** Texts of sections that rows name, by id, which were not sent before. */
  readonly sections: readonly (readonly [number, string])[];
  /** Whether the worker has forgotten the sections that it sent before, so that a new table of texts begins. */
  readonly isNewTable: boolean;
};

/** A section that a worker has sent. */
class SentSection implements SectionText {
  readonly text: string;
  private bytes: Buffer | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get utf8(): Buffer {
    this.bytes ??= Buffer.from(this.text);
    return this.bytes;
  }
}

/** The texts of sections by id. Most sections of a step were seen before, so their texts cross once. */
export class SectionTable {
  private readonly texts = new Map<number, SentSection>();

  add(sections: WireResults['sections']): void {
    for (const [id, text] of sections) this.texts.set(id, new SentSection(text));
  }

  get(id: number): SectionText {
    const text = this.texts.get(id);
    if (text === undefined) throw new RangeError(`section ${id} was not sent`);
    return text;
  }
}

// The numbers of a row, followed by the parts of the reward.
const REWARD = 0;
const SEED = 1;
const SEED_BASE = 2;
const EPISODE = 3;
const BREAKDOWN = 4;
const NUMBERS = BREAKDOWN + BREAKDOWN_WIDTH;

// The words of a row. Offsets are in bytes, lengths in UTF-16 units.
const ENV = 0;
const SPEC = 1;
const FLAGS = 2;
const STATE = 3;
const STATE_LENGTH = 4;
const NOTE_LENGTH = 5;
const NEWS_LENGTH = 6;
const SECTIONS = 7;
/** Unread emails of each priority, emails that were read, emails that are dealt with, calendar, people, tasks; 0 for none. */
const MOST_SECTIONS = 9;
const WORDS = SECTIONS + MOST_SECTIONS;

const TERMINATED = 1;
const TRUNCATED = 2;
const STEP_OK = 4;
const FRESH = 8;
const FAILED = 16;
const RESET_DUE = 32;

/** The offset of the states behind this number of rows. States are multiples of 8 bytes long, and begin at such multiples. */
function statesAfter(rows: number): number {
  return rows * NUMBERS * 8 + Math.ceil(rows / 2) * WORDS * 8;
}

/** Packs the results of a command. */
export class ResultPacker {
  private readonly engine: SerialEngine;
  private readonly columns: Columns;
  private readonly hasBriefings: boolean;
  /** Ids of the sections that the main thread has. */
  private readonly sent = new Set<number>();
  private generation = -1;

  /** @param hasBriefings Whether the rows of environments have a briefing. */
  constructor(engine: SerialEngine, columns: Columns, hasBriefings: boolean) {
    this.engine = engine;
    this.columns = columns;
    this.hasBriefings = hasBriefings;
  }

  /** @param memory The memory of an earlier answer, which is used if it is large enough. */
  pack(envs: readonly number[], memory?: ArrayBuffer): WireResults {
    const { columns } = this;
    const isNewTable = this.generation !== sectionGeneration();
    if (isNewTable) this.sent.clear();
    this.generation = sectionGeneration();
    const ended = envs.filter((env) => columns.final[env] !== undefined);
    const episodes = [...envs.map((env) => this.engine.look(env)), ...ended.flatMap((env) => columns.final[env] ?? [])];
    const buffer = memoryFor(episodes, memory);
    const rows = new RowMemory(buffer, episodes.length);
    const sections: [number, string][] = [];
    let state = statesAfter(episodes.length);
    const texts = episodes.map((from, row) => {
      const isFinal = row >= envs.length;
      const env = (isFinal ? ended[row - envs.length] : envs[row]) ?? 0;
      rows.put(row, env, from, state);
      state += from.state.length;
      if (isFinal) return from.note + from.news;
      rows.putResults(row, env, columns);
      return from.note + from.news + this.putBriefing(rows, row, env, sections);
    });
    return { buffer, envs: envs.length, finals: ended.length, texts, sections, isNewTable };
  }

  /** @returns the head of the briefing; empty if rows have no briefing */
  private putBriefing(rows: RowMemory, row: number, env: number, unsent: [number, string][]): string {
    if (!this.hasBriefings) return '';
    const { head, sections } = this.engine.briefingParts(env);
    for (let place = 0; place < sections.length; place++) {
      const section = sections[place];
      if (section === undefined) continue;
      rows.putSection(row, place, section.id);
      if (this.sent.has(section.id)) continue;
      this.sent.add(section.id);
      unsent.push([section.id, section.text]);
    }
    return head;
  }
}

/** Memory for the rows of these episodes. */
function memoryFor(episodes: readonly SavedEpisode[], memory?: ArrayBuffer): ArrayBuffer {
  let size = statesAfter(episodes.length);
  for (const { state } of episodes) size += state.length;
  return memory !== undefined && memory.byteLength >= size ? memory : new ArrayBuffer(size);
}

/** The memory of rows: their numbers, their words, then their states. */
class RowMemory {
  readonly numbers: Float64Array;
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;

  constructor(buffer: ArrayBuffer, rows: number) {
    this.numbers = new Float64Array(buffer, 0, rows * NUMBERS);
    this.words = new Uint32Array(buffer, this.numbers.byteLength, rows * WORDS);
    this.bytes = new Uint8Array(buffer);
  }

  /** @param state Where the state goes. */
  put(row: number, env: number, from: SavedEpisode, state: number): void {
    const { numbers, words } = this;
    const number = row * NUMBERS;
    numbers[number + SEED] = from.seed;
    numbers[number + SEED_BASE] = from.seedBase;
    numbers[number + EPISODE] = from.episode;
    const word = row * WORDS;
    words[word + ENV] = env;
    words[word + SPEC] = from.spec;
    words[word + FLAGS] = from.resetDue ? RESET_DUE : 0;
    words[word + STATE] = state;
    words[word + STATE_LENGTH] = from.state.length;
    words[word + NOTE_LENGTH] = from.note.length;
    words[word + NEWS_LENGTH] = from.news.length;
    for (let place = 0; place < MOST_SECTIONS; place++) words[word + SECTIONS + place] = 0;
    this.bytes.set(from.state, state);
  }

  putSection(row: number, place: number, id: number): void {
    this.words[row * WORDS + SECTIONS + place] = id;
  }

  /** Adds the last results of the environment. */
  putResults(row: number, env: number, columns: Columns): void {
    const { numbers, words } = this;
    const number = row * NUMBERS;
    const word = row * WORDS;
    numbers[number + REWARD] = columns.reward[env] ?? 0;
    const from = env * BREAKDOWN_WIDTH;
    for (let part = 0; part < BREAKDOWN_WIDTH; part++) {
      numbers[number + BREAKDOWN + part] = columns.breakdown[from + part] ?? 0;
    }
    words[word + FLAGS] = (words[word + FLAGS] ?? 0) | flagsOf(columns, env);
  }

  /** Copies a row of other memory. @param state Where the state goes. */
  copy(row: number, from: RowMemory, other: number, state: number): void {
    this.numbers.set(from.numbers.subarray(other * NUMBERS, (other + 1) * NUMBERS), row * NUMBERS);
    this.words.set(from.words.subarray(other * WORDS, (other + 1) * WORDS), row * WORDS);
    this.words[row * WORDS + STATE] = state;
    this.bytes.set(from.stateOf(other), state);
  }

  stateOf(row: number): Uint8Array {
    const state = this.words[row * WORDS + STATE] ?? 0;
    return this.bytes.subarray(state, state + (this.words[row * WORDS + STATE_LENGTH] ?? 0));
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

/** Results that have arrived. */
export class ResultRows {
  readonly buffer: ArrayBuffer;
  readonly envs: number;
  readonly finals: number;
  /** Number of environments whose last row is one of these. */
  live: number;
  private readonly memory: RowMemory;
  private readonly texts: readonly string[];
  private readonly table: SectionTable;

  /** @param table The texts of the sections that the rows name. */
  constructor({ buffer, envs, finals, texts }: Omit<WireResults, 'sections' | 'isNewTable'>, table: SectionTable) {
    this.buffer = buffer;
    this.envs = envs;
    this.finals = finals;
    this.live = envs;
    this.memory = new RowMemory(buffer, envs + finals);
    this.texts = texts;
    this.table = table;
  }

  env(row: number): number {
    return this.word(row, ENV);
  }

  /** Writes the numbers of an environment's row into the columns. */
  putNumbers(row: number, columns: Columns): void {
    const { numbers, words } = this.memory;
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
    columns.final[env] = undefined;
    const to = env * BREAKDOWN_WIDTH;
    const { breakdown } = columns;
    for (let part = 0; part < BREAKDOWN_WIDTH; part++) {
      breakdown[to + part] = numbers[number + BREAKDOWN + part] ?? 0;
    }
  }

  /** A copy of some rows of environments, in a buffer of their own. */
  pick(rows: readonly number[]): ResultRows {
    let state = statesAfter(rows.length);
    const size = rows.reduce((sum, row) => sum + this.word(row, STATE_LENGTH), state);
    const texts = rows.map((row) => this.texts[row] ?? '');
    const picked = new ResultRows({ buffer: new ArrayBuffer(size), envs: rows.length, finals: 0, texts }, this.table);
    rows.forEach((row, at) => {
      picked.memory.copy(at, this.memory, row, state);
      state += this.word(row, STATE_LENGTH);
    });
    return picked;
  }

  /** The episode of a row. Its state is not a copy. */
  saved(row: number): SavedEpisode {
    const { numbers } = this.memory;
    const number = row * NUMBERS;
    return {
      spec: this.word(row, SPEC),
      seedBase: numbers[number + SEED_BASE] ?? 0,
      seed: numbers[number + SEED] ?? 0,
      episode: numbers[number + EPISODE] ?? 0,
      resetDue: (this.word(row, FLAGS) & RESET_DUE) !== 0,
      ...this.news(row),
      state: this.memory.stateOf(row),
    };
  }

  /** Writes copies of the ends of episodes into the columns. */
  putFinals(columns: Columns): void {
    for (let row = this.envs; row < this.envs + this.finals; row++) {
      const saved = this.saved(row);
      columns.final[this.env(row)] = { ...saved, state: Buffer.from(saved.state) };
    }
  }

  /** The episode of a row, over the memory of these results. */
  episode(row: number, { compiled, rewardMode }: Spec): Episode {
    const state = new EpisodeState(compiled.layout, this.buffer, this.word(row, STATE));
    return Object.assign(new Episode(compiled, state, rewardMode), this.news(row));
  }

  /** The parts of the briefing of a row; undefined if the worker wrote none. */
  briefingParts(row: number): BriefingParts | undefined {
    const head = this.text(row).slice(this.word(row, NOTE_LENGTH) + this.word(row, NEWS_LENGTH));
    if (head === '') return undefined;
    const sections: SectionText[] = [];
    for (let place = SECTIONS; place < WORDS; place++) {
      const id = this.word(row, place);
      if (id === 0) break;
      sections.push(this.table.get(id));
    }
    return { head, sections };
  }

  private news(row: number): { note: string; news: string } {
    const text = this.text(row);
    const end = this.word(row, NOTE_LENGTH);
    return { note: text.slice(0, end), news: text.slice(end, end + this.word(row, NEWS_LENGTH)) };
  }

  private text(row: number): string {
    return this.texts[row] ?? '';
  }

  private word(row: number, word: number): number {
    return this.memory.words[row * WORDS + word] ?? 0;
  }
}

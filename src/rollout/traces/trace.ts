/**
 * A file of trajectories of any size, episode by episode. It is indexed bit by bit, so that neither a server nor a page stands
 * still, and can be asked from the first bit on; the lines themselves stay in the file. A file that has grown is read on from the
 * beginning of its last group, whose advantages may have been filled in since; one that was written anew, from its beginning.
 */
import { GhostexecError, messageOf } from '../../lib/errors.ts';
import type { EpisodeRecord, EpisodeSummary } from '../records.ts';
import { Column } from './columns.ts';
import { EpisodeTable } from './episode-table.ts';
import { headOf, isNoRecord, readHead, readRecord } from './line.ts';
import { type EpisodeQuery, Queries } from './query.ts';
import type { Source } from './source.ts';
import { Turns } from './turn.ts';

const NEWLINE = 0x0a;
const CHUNK = 1 << 20;
/** Longer lines are no records. */
const MAX_LINE = 1 << 26;
/** Of so many lines that are no records it is said why. */
const MAX_TOLD = 20;

/** A line that is no record; its number is from 1. */
export type Damaged = { readonly line: number; readonly why: string };

export type Progress = {
  readonly bytes: number;
  readonly indexed_bytes: number;
  readonly episodes: number;
  readonly done: boolean;
  /** Why the file could not be read to its end. */
  readonly error: string | null;
  readonly tasks: readonly string[];
  readonly policies: readonly string[];
  /** Lines that are no records: how many, and the first of them. */
  readonly damaged: { readonly count: number; readonly first: readonly Damaged[] };
  /** The last line where it is not whole: an episode that is, or was, being written. */
  readonly incomplete: { readonly line: number; readonly bytes: number } | null;
};

/** A summary, and which record of its file it is, from 0: its `index`, where one run has written the file. */
export type EpisodeRow = EpisodeSummary & { readonly row: number };

export type Page = Pick<Progress, 'bytes' | 'indexed_bytes' | 'done'> & {
  /** Episodes on all pages together. */
  readonly total: number;
  readonly rows: readonly EpisodeRow[];
};

export class Trace {
  private readonly source: Source;
  private readonly chunk: number;
  private known = new EpisodeTable();
  private queries = new Queries(this.known);
  private bytes = 0;
  /** Where the next line begins, its number, and how far was looked for its end. */
  private at = 0;
  private line = 1;
  private seen = 0;
  private damagedLines = new Column('uint32');
  private damaged: Damaged[] = [];
  private incomplete: Progress['incomplete'] = null;
  private error: string | null = null;
  private isDone = false;
  private isStopped = false;
  private indexing: Promise<void> | undefined;

  /** @param chunk Bytes that are read at once. */
  constructor(source: Source, chunk = CHUNK) {
    this.source = source;
    this.chunk = chunk;
  }

  /** The episodes that are indexed. Another one after the file was written anew. */
  get table(): EpisodeTable {
    return this.known;
  }

  get progress(): Progress {
    const { names, count } = this.known;
    return {
      ...this.extent,
      episodes: count,
      error: this.error,
      tasks: names.task.list,
      policies: names.policy.list,
      damaged: { count: this.damagedLines.size, first: this.damaged },
      incomplete: this.incomplete,
    };
  }

  /** Indexes what is not indexed yet, as of a file that has grown. Never throws: `progress` says what went wrong. */
  index(): Promise<void> {
    this.indexing ??= this.readOn().finally(() => {
      this.indexing = undefined;
    });
    return this.indexing;
  }

  /** Reads no further. */
  stop(): void {
    this.isStopped = true;
  }

  /**
   * The episodes that a query asks for, among those that are indexed.
   * @throws GhostexecError where they are no longer in the file
   */
  async page(query: EpisodeQuery): Promise<Page> {
    const { known, extent } = this;
    const { total, rows } = this.queries.page(query);
    const places = rows.map((row) => known.placeOf(row));
    const read = await Promise.all(places.map(({ offset, head }) => this.source.read(offset, head)));
    return {
      ...extent,
      total,
      rows: read.map((bytes, i) => {
        const summary = this.summaryIn(bytes, places[i]?.bytes);
        const row = rows[i];
        if (summary === undefined || row === undefined) throw changed();
        return { ...summary, row };
      }),
    };
  }

  /**
   * The whole record of a row; undefined where there is no such row.
   * @throws GhostexecError where its steps are damaged
   */
  async record(row: number): Promise<EpisodeRecord | undefined> {
    if (!(row < this.known.count)) return undefined;
    const { offset, bytes, line } = this.known.placeOf(row);
    const record = readRecord(await this.source.read(offset, bytes));
    if (!isNoRecord(record)) return record;
    throw new GhostexecError('BAD_RECORD', `line ${line} cannot be shown: ${record.why}`);
  }

  private get extent(): Pick<Progress, 'bytes' | 'indexed_bytes' | 'done'> {
    return { bytes: this.bytes, indexed_bytes: this.isDone ? this.bytes : this.seen, done: this.isDone };
  }

  private summaryIn(bytes: Uint8Array, whole: number | undefined): EpisodeSummary | undefined {
    if (bytes.length !== whole) return headOf(bytes);
    const head = readHead(bytes);
    return isNoRecord(head) ? undefined : head.summary;
  }

  private async readOn(): Promise<void> {
    try {
      const size = await this.source.size();
      if (this.isDone && this.error === null && size === this.bytes) return;
      if (this.at > 0) await this.goBack(size);
      this.isDone = false;
      this.error = this.incomplete = null;
      await this.scan();
    } catch (error) {
      this.error = messageOf(error);
    }
    this.isDone = true;
  }

  /** To the beginning of the last group, or of the file where that group is no longer there. */
  private async goBack(size: number): Promise<void> {
    const { known } = this;
    const row = known.lastGroup;
    const { offset, head, bytes, line } = known.placeOf(row);
    const isThere =
      known.count > 0 &&
      offset + bytes <= size &&
      this.summaryIn(await this.source.read(offset, head), bytes)?.episode_id === known.episodeIds[row];
    if (isThere) {
      known.truncate(row);
      let kept = this.damagedLines.size;
      while (kept > 0 && this.damagedLines.at(kept - 1) >= line) kept--;
      this.damagedLines.truncate(kept);
    } else {
      this.known = new EpisodeTable();
      this.queries = new Queries(this.known);
      this.damagedLines = new Column('uint32');
    }
    this.damaged = this.damaged.slice(0, this.damagedLines.size);
    this.queries.forget();
    this.at = this.seen = isThere ? offset : 0;
    this.line = isThere ? line : 1;
  }

  private async scan(): Promise<void> {
    const turns = new Turns();
    this.bytes = await this.source.size();
    while (this.at < this.bytes && !this.isStopped) {
      const chunk = await this.source.read(this.at, this.chunk);
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        this.take(chunk.subarray(from, end), this.at + from);
        from = end + 1;
        if (turns.over) await turns.give();
      }
      this.at += from;
      this.seen = this.at;
      if (from === 0) await this.scanLong(chunk.length);
      if (this.at >= this.bytes || this.incomplete !== null) {
        const size = await this.source.size();
        if (size <= this.bytes) break;
        this.bytes = size;
        this.incomplete = null;
      }
    }
  }

  /** A line of which `begun` bytes hold no end. */
  private async scanLong(begun: number): Promise<void> {
    let length = begun;
    let hasEnd = false;
    while (!hasEnd && !this.isStopped) {
      const chunk = await this.source.read(this.at + length, this.chunk);
      if (chunk.length === 0) break;
      const end = chunk.indexOf(NEWLINE);
      hasEnd = end >= 0;
      length += hasEnd ? end : chunk.length;
      this.seen = this.at + length;
    }
    if (this.isStopped) return;
    const line = length > MAX_LINE ? undefined : await this.source.read(this.at, length);
    if (hasEnd) {
      if (line === undefined) this.tell(`it is longer than ${MAX_LINE} bytes`);
      else this.take(line, this.at);
      this.at += length + 1;
    } else if (line !== undefined && (isBlank(line) || !isNoRecord(readRecord(line)))) {
      this.take(line, this.at);
      this.at += length;
    } else {
      this.incomplete = { line: this.line, bytes: length };
    }
  }

  /** Takes a line without its end. Blank ones are nothing. */
  private take(line: Uint8Array, offset: number): void {
    if (!isBlank(line)) {
      const head = readHead(line);
      if (isNoRecord(head)) {
        this.tell(head.why);
        return;
      }
      this.known.add(head.summary, { offset, bytes: line.length, head: head.bytes, line: this.line });
    }
    this.line++;
  }

  private tell(why: string): void {
    if (this.damaged.length < MAX_TOLD) this.damaged.push({ line: this.line, why });
    this.damagedLines.push(this.line++);
  }
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}

function changed(): GhostexecError {
  return new GhostexecError('TRACE_CHANGED', 'the file was written anew since it was indexed; open it once more');
}

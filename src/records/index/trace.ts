/**
 * The episodes of a file of trajectories of any size. The file is indexed in slices, so that neither a server nor a page blocks,
 * and the indexed part can be queried at any time. The lines stay in the file. If the file has grown, indexing continues from the
 * beginning of its last group, whose advantages may have been filled in since. If the file was rewritten, it starts over.
 */
import { GhostexecError, messageOf } from '../../lib/errors.ts';
import { CHUNK, isBlankLine, type Line, linesOf, type Source, TOO_LONG } from '../lines.ts';
import type { EpisodeRecord, EpisodeSummary } from '../schema.ts';
import { headOf, isNoRecord, parseRecord, readHead } from './line.ts';
import { type EpisodeQuery, Queries } from './query.ts';
import { EpisodeTable, type FailureCounts, NumberColumn } from './table.ts';

/** Divides long work into slices, so that other work of this thread gets a turn. */
const SLICE_MS = 10;

/** Measures the slices of one piece of work, each of 10 ms. */
export class Turns {
  private began = performance.now();

  /** Whether the slice is over. Check it often, and await `give` if it is true. */
  get over(): boolean {
    return performance.now() - this.began > SLICE_MS;
  }

  /** Lets other work run, and begins the next slice. */
  async give(): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.began = performance.now();
  }
}

/** The maximum number of damaged lines that are reported with their reason. */
const MAX_REPORTED = 20;

/** A line that is not a record, by its number from 1. */
export type Damaged = { readonly line: number; readonly why: string };

/** How far a file is indexed, and what was found in it. */
export type Progress = {
  readonly bytes: number;
  readonly indexed_bytes: number;
  readonly episodes: number;
  readonly done: boolean;
  /** Why the file could not be read to its end. */
  readonly error: string | null;
  readonly tasks: readonly string[];
  readonly policies: readonly string[];
  /** Means of the episodes that have the value; null if none has. */
  readonly mean_return: number | null;
  readonly mean_grade: number | null;
  /** The number of failed episodes by kind of failure. */
  readonly failures: FailureCounts;
  /** The number of lines that are not records, and the first 20 of them. */
  readonly damaged: { readonly count: number; readonly first: readonly Damaged[] };
  /** The last line, if it is incomplete: the run is writing it, or was interrupted. */
  readonly incomplete: { readonly line: number; readonly bytes: number } | null;
};

/** A summary, and its position among the records of the file, from 0. It equals `index` if one run wrote the file. */
export type EpisodeRow = EpisodeSummary & { readonly row: number };

/** A page of the episodes that match a query. */
export type Page = Pick<Progress, 'bytes' | 'indexed_bytes' | 'done'> & {
  /** Number of episodes on all pages together. */
  readonly total: number;
  readonly rows: readonly EpisodeRow[];
};

/** The indexed episodes of one file. */
export class Trace {
  private readonly source: Source;
  private readonly chunk: number;
  private known = new EpisodeTable();
  private queries = new Queries(this.known);
  private bytes = 0;
  /** The offset of the next line, its number, and the offset up to which the file was read. */
  private at = 0;
  private line = 1;
  private seen = 0;
  private damagedLines = new NumberColumn('uint32');
  private damaged: Damaged[] = [];
  private incomplete: Progress['incomplete'] = null;
  private error: string | null = null;
  private isDone = false;
  private isStopped = false;
  private indexing: Promise<void> | undefined;

  /** @param chunk Number of bytes per read. */
  constructor(source: Source, chunk = CHUNK) {
    this.source = source;
    this.chunk = chunk;
  }

  /** The indexed episodes. It is another table after the file was rewritten. */
  get table(): EpisodeTable {
    return this.known;
  }

  get progress(): Progress {
    const { names, count, failures } = this.known;
    return {
      ...this.extent,
      episodes: count,
      error: this.error,
      tasks: names.task.list,
      policies: names.policy.list,
      mean_return: this.known.return.mean,
      mean_grade: this.known.grade.mean,
      failures,
      damaged: { count: this.damagedLines.size, first: this.damaged },
      incomplete: this.incomplete,
    };
  }

  /** Indexes the rest of the file, or what was appended since. Never throws: `progress.error` has the reason of a failure. */
  index(): Promise<void> {
    this.indexing ??= this.readOn().finally(() => {
      this.indexing = undefined;
    });
    return this.indexing;
  }

  /** Stops indexing. */
  stop(): void {
    this.isStopped = true;
  }

  /**
   * The episodes that match a query, among the indexed ones.
   * @throws GhostexecError (TRACE_CHANGED) if they are no longer in the file
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
   * The whole record of a row; undefined if there is no such row.
   * @throws GhostexecError (BAD_RECORD) if its steps are damaged
   */
  async record(row: number): Promise<EpisodeRecord | undefined> {
    if (!(row < this.known.count)) return undefined;
    const { offset, bytes, line } = this.known.placeOf(row);
    const record = parseRecord(await this.source.read(offset, bytes));
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

  /** Returns to the beginning of the last group, or to the beginning of the file if that group is no longer there. */
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
      this.damagedLines = new NumberColumn('uint32');
    }
    this.damaged = this.damaged.slice(0, this.damagedLines.size);
    this.queries.forget();
    this.at = this.seen = isThere ? offset : 0;
    this.line = isThere ? line : 1;
  }

  private async scan(): Promise<void> {
    const turns = new Turns();
    this.bytes = await this.source.size();
    for await (const line of linesOf(this.source, this.at, this.chunk)) {
      if (this.isStopped) return;
      this.seen = line.start + line.length;
      if (!line.isWhole && !isComplete(line)) {
        this.incomplete = { line: this.line, bytes: line.length };
        break;
      }
      this.take(line);
      this.at = this.seen = this.seen + Number(line.isWhole);
      if (turns.over) await turns.give();
    }
    this.bytes = await this.source.size();
  }

  /** Indexes a line. Blank lines are skipped. */
  private take({ start: offset, length, bytes }: Line): void {
    const head = bytes === undefined ? { why: TOO_LONG } : isBlankLine(bytes) ? undefined : readHead(bytes);
    if (head === undefined) this.line++;
    else if (isNoRecord(head)) this.addDamaged(head.why);
    else this.known.add(head.summary, { offset, bytes: length, head: head.bytes, line: this.line++ });
  }

  private addDamaged(why: string): void {
    if (this.damaged.length < MAX_REPORTED) this.damaged.push({ line: this.line, why });
    this.damagedLines.push(this.line++);
  }
}

/** Whether a line without a newline is a record already, or is blank. */
function isComplete({ bytes }: Line): boolean {
  return bytes !== undefined && (isBlankLine(bytes) || !isNoRecord(parseRecord(bytes)));
}

function changed(): GhostexecError {
  return new GhostexecError('TRACE_CHANGED', 'the file was rewritten after it was indexed; open it again');
}

import type { EpisodeSummary, FailureKind } from '../schema.ts';

/** A growing column of numbers, so that hundreds of thousands of episodes take a few arrays instead of as many objects. */
export class NumberColumn {
  private values: Float64Array | Uint32Array;
  private count = 0;

  constructor(kind: 'float' | 'uint32') {
    this.values = kind === 'float' ? new Float64Array(256) : new Uint32Array(256);
  }

  push(value: number): void {
    if (this.count === this.values.length) {
      const more = this.values instanceof Float64Array ? Float64Array : Uint32Array;
      const grown = new more(this.count * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.count++] = value;
  }

  get size(): number {
    return this.count;
  }

  at(row: number): number {
    return this.values[row] ?? Number.NaN;
  }

  truncate(count: number): void {
    this.count = count;
  }

  /** The mean of the values that are not NaN; null without any. */
  get mean(): number | null {
    let [sum, counted] = [0, 0];
    for (let row = 0; row < this.count; row++) {
      const value = this.at(row);
      if (Number.isNaN(value)) continue;
      sum += value;
      counted++;
    }
    return counted === 0 ? null : sum / counted;
  }
}

/** Gives repeated texts ids, from 0 in the order of their first occurrence. */
export class Names {
  readonly list: string[] = [];
  private readonly ids = new Map<string, number>();

  idOf(name: string): number {
    let id = this.ids.get(name);
    if (id === undefined) {
      id = this.list.length;
      this.list.push(name);
      this.ids.set(name, id);
    }
    return id;
  }

  /** The id of a text; undefined if it has none. */
  find(name: string): number | undefined {
    return this.ids.get(name);
  }
}

// The episode summaries of a file as columns: the values to filter and sort by, and the position of each line in the file.

/** The position of an episode's line, in bytes. The summary is read from its first `head` bytes. `line` is its number, from 1. */
export type LinePlace = {
  readonly offset: number;
  readonly bytes: number;
  readonly head: number;
  readonly line: number;
};

/** Numbers of failed episodes; `unknown` are those whose record names no kind. Kinds without any are left out. */
export type FailureCounts = Partial<Readonly<Record<FailureKind | 'unknown', number>>>;

/** The number of a row is the position of the episode among the records of its file, from 0. */
export class EpisodeTable {
  /** A text column holds ids, which index its list in `names`. */
  readonly task = new NumberColumn('uint32');
  readonly policy = new NumberColumn('uint32');
  readonly status = new NumberColumn('uint32');
  readonly error = new NumberColumn('uint32');
  readonly failure = new NumberColumn('uint32');
  readonly group = new NumberColumn('uint32');
  readonly seed = new NumberColumn('float');
  /** In `return`, `grade` and `advantage`, NaN means null. */
  readonly return = new NumberColumn('float');
  readonly grade = new NumberColumn('float');
  readonly advantage = new NumberColumn('float');
  readonly length = new NumberColumn('uint32');
  readonly invalid_steps = new NumberColumn('uint32');
  private readonly offset = new NumberColumn('float');
  private readonly bytes = new NumberColumn('uint32');
  private readonly head = new NumberColumn('uint32');
  private readonly line = new NumberColumn('uint32');
  readonly episodeIds: string[] = [];
  /** In `error` and `failure`, the empty text means null. */
  readonly names = {
    task: new Names(),
    policy: new Names(),
    status: new Names(),
    error: new Names(),
    failure: new Names(),
    group: new Names(),
  };

  get count(): number {
    return this.episodeIds.length;
  }

  add(summary: EpisodeSummary, { offset, bytes, head, line }: LinePlace): void {
    const { names } = this;
    this.task.push(names.task.idOf(summary.task_id));
    this.policy.push(names.policy.idOf(summary.policy));
    this.status.push(names.status.idOf(summary.status));
    this.error.push(names.error.idOf(summary.error ?? ''));
    this.failure.push(names.failure.idOf(summary.failure ?? ''));
    this.group.push(names.group.idOf(summary.group_id));
    this.seed.push(summary.seed);
    this.return.push(summary.return ?? Number.NaN);
    this.grade.push(summary.grade ?? Number.NaN);
    this.advantage.push(summary.advantage ?? Number.NaN);
    this.length.push(summary.length);
    this.invalid_steps.push(summary.invalid_steps);
    this.offset.push(offset);
    this.bytes.push(bytes);
    this.head.push(head);
    this.line.push(line);
    this.episodeIds.push(summary.episode_id);
  }

  placeOf(row: number): LinePlace {
    const { offset, bytes, head, line } = this;
    return { offset: offset.at(row), bytes: bytes.at(row), head: head.at(row), line: line.at(row) };
  }

  /** The number of failed episodes by kind of failure. */
  get failures(): FailureCounts {
    const { names, status, failure } = this;
    const failed = names.status.find('failed');
    const counts: Partial<Record<keyof FailureCounts, number>> = {};
    for (let row = 0; row < this.count; row++) {
      if (status.at(row) !== failed) continue;
      const kind = (names.failure.list[failure.at(row)] || 'unknown') as keyof FailureCounts;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }

  /** The first row of the last group. The lines of that group may still change in the file. */
  get lastGroup(): number {
    let row = this.count;
    while (row > 0 && this.group.at(row - 1) === this.group.at(this.count - 1)) row--;
    return row;
  }

  /** Removes the rows from `count` on, but not their names. */
  truncate(count: number): void {
    for (const column of Object.values(this)) if (column instanceof NumberColumn) column.truncate(count);
    this.episodeIds.length = count;
  }
}

/**
 * `trajectories.jsonl`: one line for each episode, in the order of the run and not in the order in which the episodes ended, so
 * that equal runs leave equal bytes. The advantage of an episode depends on the whole group: it is a field of fixed width that is
 * filled in when the last episode of the group has ended.
 */

import { existsSync, fstatSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { z } from 'zod';
import { disk, writing } from '../lib/disk.ts';
import { GhostexecError } from '../lib/errors.ts';
import { parseJson } from '../lib/text.ts';
import { ADVANTAGE_KEY, advantageField, NO_ADVANTAGE, type PlayedRange } from './line-writer.ts';
import { type Line, linesOf, TOO_LONG } from './lines.ts';
import { fileSource } from './read.ts';
import { type EpisodeSummary, episodeSummarySchema, OLD_STEPS, oldForm, STEPS_KEY } from './schema.ts';

/** Added to the standard deviation, so that advantages stay small if the returns of a group hardly differ. */
const EPSILON = 1e-4;

/**
 * Group-relative advantages as in GRPO (Shao et al., 2024, DeepSeekMath, 4.1.2), with the sample standard deviation
 * and the epsilon that TRL uses: (return - mean) / (std + 1e-4). The return of a failed episode is null, and so is its advantage.
 * All advantages are null if fewer than two episodes are complete. If all returns are equal, the advantages are 0.
 * @param returns The returns of the episodes of one group.
 * @example
 * groupAdvantages([1, 3]); // [-0.707, 0.707], to three digits
 */
export function groupAdvantages(returns: readonly (number | null)[]): (number | null)[] {
  const complete = returns.filter((value) => value !== null);
  if (complete.length < 2) return returns.map(() => null);
  // The mean may be rounded: the mean of three times 0.1 is not 0.1.
  if (complete.every((value) => value === complete[0])) return returns.map((value) => (value === null ? null : 0));
  const center = mean(complete);
  const spread = sampleStandardDeviation(complete) + EPSILON;
  return returns.map((value) => (value === null ? null : (value - center) / spread));
}

/** Fills in the advantages of episodes, which are added in the order of the run. */
export class GroupAdvantages<T extends { readonly summary: EpisodeSummary }> {
  private readonly size: number;
  private group: T[] = [];

  constructor(size: number) {
    this.size = size;
  }

  /** Adds the next episode. @returns the episodes whose advantage has changed */
  add(episode: T): T[] {
    this.group.push(episode);
    if (this.group.length < this.size) return [];
    const { group } = this;
    this.group = [];
    const advantages = groupAdvantages(group.map(({ summary }) => summary.return));
    return group.filter(({ summary }, member) => {
      const advantage = advantages[member] ?? null;
      if (summary.advantage === advantage) return false;
      summary.advantage = advantage;
      return true;
    });
  }
}

type Written = { readonly summary: EpisodeSummary; readonly advantageAt: number };

/** The open trajectories of a run, to which episodes are appended. */
export class TrajectoryFile {
  private readonly path: string;
  private readonly file: number;
  private isOpen = true;
  private readonly done: EpisodeSummary[];
  private readonly first: number;
  private readonly groups: GroupAdvantages<Written>;
  private size: number;

  private constructor(
    path: string,
    file: number,
    groupSize: number,
    first: number,
    size: number,
    done: readonly Written[],
  ) {
    this.path = path;
    this.file = file;
    this.groups = new GroupAdvantages(groupSize);
    this.first = first;
    this.size = size;
    this.done = done.map(({ summary }) => summary);
  }

  /**
   * Creates an empty file.
   * @param first Index of the first episode.
   * @throws WriteError, as does every method here that writes
   */
  static create(path: string, groupSize: number, first = 0): TrajectoryFile {
    const file = writing(path, () => disk.open('trajectories', path, 'w'));
    return new TrajectoryFile(path, file, groupSize, first, 0, []);
  }

  /**
   * Opens the file of an interrupted run, and cuts an incomplete last line off. It also cuts off everything from the first episode on
   * that failed by `infrastructure`, to be played again.
   */
  static async resume(path: string, groupSize: number, first = 0): Promise<TrajectoryFile> {
    const written: Written[] = [];
    let size = 0;
    if (existsSync(path)) {
      for await (const line of wholeLines(path)) {
        const episode = readSummary(line, written.length, first);
        if (episode.summary.failure === 'infrastructure') break;
        written.push(episode);
        size = line.start + line.length + 1;
      }
    }
    const file = writing(path, () => disk.open('trajectories', path, existsSync(path) ? 'r+' : 'w'));
    const resumed = new TrajectoryFile(path, file, groupSize, first, size, written);
    try {
      resumed.mend(written);
    } catch (error) {
      resumed.discard();
      throw error;
    }
    return resumed;
  }

  /** Removes the bytes after the last whole line, and fills in the advantages that the interrupted run had not filled in. */
  private mend(written: readonly Written[]): void {
    writing(this.path, () => disk.truncate('trajectories', this.file, this.size));
    for (const { summary, advantageAt } of written.flatMap((one) => this.groups.add(one))) {
      this.write(advantageBytes(summary), advantageAt);
    }
  }

  /** The episodes in the file, in its order. */
  get summaries(): readonly EpisodeSummary[] {
    return this.done;
  }

  /** Number of episodes in the file. */
  get count(): number {
    return this.done.length;
  }

  /** Appends the next episodes of the run. Fills in advantages in the lines and in the summaries. */
  append({ summaries, lines }: PlayedRange): void {
    if (lines === undefined) throw new TypeError('there are no lines to append');
    const { bytes, advantages } = lines;
    const before: Written[] = [];
    summaries.forEach((summary, index) => {
      for (const written of this.groups.add({ summary, advantageAt: this.size + (advantages[index] ?? 0) })) {
        if (written.advantageAt < this.size) before.push(written);
        else bytes.set(advantageBytes(written.summary), written.advantageAt - this.size);
      }
    });
    this.write(bytes, this.size);
    this.size += bytes.length;
    for (const summary of summaries) this.done.push(summary);
    for (const { summary, advantageAt } of before) this.write(advantageBytes(summary), advantageAt);
  }

  /**
   * Appends the episodes of another file, which are the next ones. Their advantages are computed again.
   * @throws GhostexecError (BAD_RECORD) if they are not the next ones
   */
  async appendFile(path: string): Promise<void> {
    const first = this.first + this.done.length;
    let read = 0;
    for await (const line of wholeLines(path)) {
      const { summary, advantageAt } = readSummary(line, read++, first);
      const bytes = Buffer.concat([line.bytes, Buffer.from('\n')]);
      const at = advantageAt - line.start;
      bytes.set(Buffer.from(NO_ADVANTAGE), at);
      this.append({ summaries: [{ ...summary, advantage: null }], lines: { bytes, advantages: [at] } });
    }
  }

  /**
   * Compares the file with the lines that were written to it.
   * @throws GhostexecError (DAMAGED) that describes the first difference
   */
  async check(): Promise<void> {
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there?.ino !== fstatSync(this.file).ino) throw this.damaged('it was moved, removed or replaced');
    if (there.size !== this.size) throw this.damaged(`it has ${there.size} bytes, ${this.size} were written`);
    let index = 0;
    for await (const line of wholeLines(this.path)) {
      const expected = this.done[index];
      const summary = line.bytes.includes(0) ? undefined : readSummary(line, index, this.first).summary;
      if (summary === undefined || !isDeepStrictEqual(summary, expected)) {
        throw this.damaged(`line ${index + 1} is not what was written`);
      }
      index++;
    }
    if (index !== this.done.length) throw this.damaged(`it has ${index} lines, ${this.done.length} were written`);
  }

  /** Syncs the file to the disk and closes it. */
  close(): void {
    try {
      writing(this.path, () => disk.sync('trajectories', this.file));
    } catch (error) {
      this.discard();
      throw error;
    }
    this.isOpen = false;
    writing(this.path, () => disk.close('trajectories', this.file));
  }

  /**
   * Closes the file of a failed run, unless it is closed already. An incomplete last line is removed first, which on a full
   * disk makes room for the manifest.
   */
  discard(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const work of [
      () => disk.truncate('trajectories', this.file, this.size),
      () => disk.close('trajectories', this.file),
    ]) {
      try {
        work();
      } catch {
        // The error that ended the run is reported instead.
      }
    }
  }

  private damaged(why: string): GhostexecError {
    return new GhostexecError(
      'DAMAGED',
      `${this.path} was changed by another process while the run wrote it: ${why}; play the run again in another directory`,
    );
  }

  private write(bytes: Uint8Array, at: number): void {
    writing(this.path, () => disk.write('trajectories', this.file, bytes, at));
  }
}

function advantageBytes({ advantage }: EpisodeSummary): Uint8Array {
  return Buffer.from(advantageField(advantage));
}

type WholeLine = Pick<Line, 'start' | 'length'> & { readonly bytes: Buffer };

/** The lines of a file that end with a newline. */
async function* wholeLines(path: string): AsyncGenerator<WholeLine> {
  for await (const { start, length, bytes, isWhole } of linesOf(fileSource(path))) {
    if (bytes === undefined) throw new GhostexecError('BAD_RECORD', `a line of ${path} cannot be read: ${TOO_LONG}`);
    if (isWhole) yield { start, length, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, length) };
  }
}

/**
 * Reads the summary of a line. It comes before the steps, which may be long and are not read.
 * @param row Number of the line, from 0.
 * @param first Index of the episode in the first line.
 */
function readSummary({ bytes: line, start }: WholeLine, row: number, first: number): Written {
  const steps = line.indexOf(`,${STEPS_KEY}`);
  const advantage = line.indexOf(ADVANTAGE_KEY);
  const complain = (why: string): GhostexecError =>
    new GhostexecError('BAD_RECORD', `line ${row + 1} of the trajectories is not one of this run's: ${why}`);
  const [from, to] = [advantage + ADVANTAGE_KEY.length, advantage + ADVANTAGE_KEY.length + NO_ADVANTAGE.length];
  if (steps < 0 || advantage < 0 || to > steps) throw complain('it has no advantage and steps');
  if (isOldForm(line.subarray(steps))) throw complain(OLD_STEPS);
  // The process may have ended while it filled this field in, so the field is read separately.
  const head = parsed(`${line.toString('utf8', 0, from)}${NO_ADVANTAGE}${line.toString('utf8', to, steps)}}`);
  if (head === undefined) throw complain('it is not JSON');
  const summary = episodeSummarySchema.safeParse(head);
  if (!summary.success) throw complain(oldForm(head) ?? z.prettifyError(summary.error));
  if (summary.data.index !== first + row)
    throw complain(`expected episode ${first + row}, found ${summary.data.index}`);
  const found = parsed(line.toString('utf8', from, to));
  return {
    summary: { ...summary.data, advantage: typeof found === 'number' ? found : null },
    advantageAt: start + from,
  };
}

/** Whether there are steps, and none has `extra_json`, which all steps have since format 2. Quotes inside a text are escaped. */
function isOldForm(steps: Buffer): boolean {
  return !steps.includes(',"extra_json":') && !steps.includes(`${STEPS_KEY}[]`);
}

/** The value of a JSON text; `undefined` if the text is not JSON. */
function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/**
 * `trajectories.jsonl`: one line for each episode, in the order of the run, whatever the order in which they ended, so
 * that equal runs leave equal bytes. A line is written as soon as the lines before it are; its advantage, which only the
 * whole group decides, is a field of fixed width that is filled in when the last member of the group is there.
 */
import { closeSync, createReadStream, existsSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { GhostexecError } from '../lib/errors.ts';
import { groupAdvantages } from './advantage.ts';
import { type EpisodeRecord, type EpisodeSummary, episodeRecordSchema } from './records.ts';

/** No double needs more characters in JSON. */
const ADVANTAGE_WIDTH = 25;
const ADVANTAGE_KEY = '"advantage":';
const STEPS_KEY = '"steps":';
const NEWLINE = 0x0a;

const summarySchema = episodeRecordSchema.omit({ steps: true }) satisfies z.ZodType<EpisodeSummary>;

type Written = { readonly summary: EpisodeSummary; readonly advantageAt: number };

export class TrajectoryFile {
  private readonly file: number;
  private readonly groupSize: number;
  private readonly waiting = new Map<number, EpisodeRecord>();
  private readonly done: EpisodeSummary[];
  private group: Written[] = [];
  private size: number;

  private constructor(file: number, groupSize: number, size: number, done: readonly Written[]) {
    this.file = file;
    this.groupSize = groupSize;
    this.size = size;
    this.done = done.map(({ summary }) => summary);
    // Advantages of the last groups may be missing where a run was cut short between a line and its group's end.
    for (const written of done) this.join(written);
  }

  /** An empty file. */
  static create(path: string, groupSize: number): TrajectoryFile {
    return new TrajectoryFile(openSync(path, 'w'), groupSize, 0, []);
  }

  /** A file that an interrupted run has left; an incomplete last line is cut off. */
  static async resume(path: string, groupSize: number): Promise<TrajectoryFile> {
    const written: Written[] = [];
    let size = 0;
    if (existsSync(path)) {
      for await (const { line, start } of linesOf(path)) {
        written.push(readSummary(line, start, written.length));
        size = start + line.length + 1;
      }
    }
    const file = openSync(path, existsSync(path) ? 'r+' : 'w');
    ftruncateSync(file, size);
    return new TrajectoryFile(file, groupSize, size, written);
  }

  /** The episodes that are in the file, in its order. */
  get summaries(): readonly EpisodeSummary[] {
    return this.done;
  }

  /** Number of episodes that are in the file. */
  get count(): number {
    return this.done.length;
  }

  /** Takes a record; it is in the file as soon as all earlier ones are. */
  add(record: EpisodeRecord): void {
    this.waiting.set(record.index, record);
    for (;;) {
      const next = this.waiting.get(this.done.length);
      if (next === undefined) return;
      this.waiting.delete(next.index);
      this.append(next);
    }
  }

  close(): void {
    fsyncSync(this.file);
    closeSync(this.file);
  }

  private append(record: EpisodeRecord): void {
    const { steps, advantage: _, ...rest } = record;
    const head = `${JSON.stringify(rest).slice(0, -1)},${ADVANTAGE_KEY}`;
    const bytes = Buffer.from(`${head}${field(null)},${STEPS_KEY}${JSON.stringify(steps)}}\n`);
    const summary = { ...rest, advantage: null };
    const advantageAt = this.size + Buffer.byteLength(head);
    this.write(bytes, this.size);
    this.size += bytes.length;
    this.done.push(summary);
    this.join({ summary, advantageAt });
  }

  private join(written: Written): void {
    this.group.push(written);
    if (this.group.length < this.groupSize) return;
    const advantages = groupAdvantages(this.group.map(({ summary }) => summary.return));
    this.group.forEach(({ summary, advantageAt }, member) => {
      const advantage = advantages[member] ?? null;
      if (summary.advantage === advantage) return;
      summary.advantage = advantage;
      this.write(Buffer.from(field(advantage)), advantageAt);
    });
    this.group = [];
  }

  private write(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.file, bytes, done, bytes.length - done, at + done);
    }
  }
}

function field(advantage: number | null): string {
  return JSON.stringify(advantage).padEnd(ADVANTAGE_WIDTH);
}

/** Reads what stands before the steps, which may be long. */
function readSummary(line: Buffer, start: number, index: number): Written {
  const steps = line.indexOf(`,${STEPS_KEY}`);
  const advantage = line.indexOf(ADVANTAGE_KEY);
  const complain = (why: string): GhostexecError =>
    new GhostexecError('BAD_RECORD', `line ${index + 1} of the trajectories is not one of this run's: ${why}`);
  if (steps < 0 || advantage < 0 || advantage > steps) throw complain('it has no advantage and steps');
  let head: unknown;
  try {
    head = JSON.parse(`${line.toString('utf8', 0, steps)}}`);
  } catch {
    throw complain('it is not JSON');
  }
  const summary = summarySchema.safeParse(head);
  if (!summary.success) throw complain(z.prettifyError(summary.error));
  if (summary.data.index !== index) throw complain(`expected episode ${index}, found ${summary.data.index}`);
  return { summary: summary.data, advantageAt: start + advantage + ADVANTAGE_KEY.length };
}

/** The complete lines of a file, without their newlines, and where they begin. */
async function* linesOf(path: string): AsyncGenerator<{ line: Buffer; start: number }> {
  let pieces: Buffer[] = [];
  let start = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    let rest: Buffer = chunk;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      pieces.push(rest.subarray(0, end));
      const line = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
      pieces = [];
      yield { line, start };
      start += line.length + 1;
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) pieces.push(rest);
  }
}

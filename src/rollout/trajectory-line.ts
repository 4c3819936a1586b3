/** The lines of `trajectories.jsonl`, as bytes: what `JSON.stringify` would make of a record, with room for its advantage. */
import { ByteWriter } from '../lib/byte-writer.ts';
import { BREAKDOWN_FIELDS, type Breakdown } from '../sim/breakdown.ts';
import type { Episode } from '../sim/episode.ts';
import type { PolicyAnswer } from '../world/completion.ts';
import type { Recorder } from './play.ts';
import type { EpisodeSummary, StepRecord } from './records.ts';

/** No double needs more characters in JSON. */
const ADVANTAGE_WIDTH = 25;
export const ADVANTAGE_KEY = '"advantage":';
export const STEPS_KEY = '"steps":';

/** An advantage as it stands in a line: always of the same width. */
export function advantageField(advantage: number | null): string {
  return JSON.stringify(advantage).padEnd(ADVANTAGE_WIDTH);
}
export const NO_ADVANTAGE = advantageField(null);

/** Where the lines of some episodes lie in `bytes`, one after the other, and in each of them the field of its advantage. */
export type Lines = {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
  readonly advantages: readonly number[];
};

/** Begins a line; the steps follow, and then `]}`. Returns the place of the advantage in `w`. */
function beginLine(w: ByteWriter, { advantage: _, ...rest }: EpisodeSummary): number {
  w.text(`${JSON.stringify(rest).slice(0, -1)},${ADVANTAGE_KEY}`);
  const at = w.length;
  w.ascii(`${NO_ADVANTAGE},${STEPS_KEY}`);
  return at;
}

/** The line of one episode. */
export function lineOf(summary: EpisodeSummary, steps: readonly StepRecord[]): Lines {
  const w = new ByteWriter();
  const advantage = beginLine(w, summary);
  w.text(`${JSON.stringify(steps)}}\n`);
  return { bytes: w.buffer.subarray(0, w.length), ends: [w.length], advantages: [advantage] };
}

/** Writes the lines of episodes while they are played. */
export class LineWriter implements Recorder {
  readonly observe?: (briefing: Uint8Array) => void;
  private readonly steps = new ByteWriter(1 << 18);
  private readonly lines: ByteWriter;
  private readonly ends: number[] = [];
  private readonly advantages: number[] = [];
  /** Where the last whole step ends. */
  private whole = 0;

  /** @param memory To write to as long as it suffices. */
  constructor(observations: 'all' | 'none', memory: Uint8Array) {
    this.lines = new ByteWriter(0);
    this.lines.buffer = memory;
    if (observations === 'all') this.observe = (briefing) => this.observation(briefing);
  }

  step(answer: PolicyAnswer, reward: number, breakdown: Readonly<Breakdown>, { s, note }: Episode): void {
    const { steps } = this;
    if (this.observe === undefined) {
      steps.ascii(steps.length === 0 ? '[{"observation":null' : ',{"observation":null');
    }
    const isOver = !s.active;
    let text = `,"action":${JSON.stringify(answer)},"reward":${json(reward)},"reward_breakdown":{`;
    for (let part = 0; part < BREAKDOWN_FIELDS.length; part++) {
      text += `${BREAKDOWN_KEYS[part]}${json(breakdown[BREAKDOWN_FIELDS[part] ?? 'final'])}`;
    }
    text += `},"terminated":${isOver && !s.limitReached},"truncated":${isOver && s.limitReached}`;
    text += `,"step_ok":${s.stepOk},"error":${s.stepOk ? null : JSON.stringify(note)}}`;
    steps.text(text);
    this.whole = steps.length;
  }

  /** Ends the line of the episode whose steps were written last. */
  end(summary: EpisodeSummary): void {
    const { steps, lines } = this;
    // What it was shown before its policy failed is no step.
    steps.length = this.whole;
    if (steps.length === 0) steps.ascii('[');
    this.advantages.push(beginLine(lines, summary));
    lines.bytes(steps.buffer.subarray(0, steps.length));
    lines.ascii(']}\n');
    this.ends.push(lines.length);
    steps.length = this.whole = 0;
  }

  finish(): Lines {
    const { lines, ends, advantages } = this;
    return { bytes: lines.buffer.subarray(0, lines.length), ends, advantages };
  }

  private observation(briefing: Uint8Array): void {
    const { steps } = this;
    steps.ascii(steps.length === 0 ? '[{"observation":' : ',{"observation":');
    const { buffer, byteOffset, length } = briefing;
    steps.text(JSON.stringify(Buffer.from(buffer, byteOffset, length).toString('utf8')));
  }
}

const BREAKDOWN_KEYS = BREAKDOWN_FIELDS.map((field, index) => `${index === 0 ? '' : ','}${JSON.stringify(field)}:`);

/** A number as JSON has it. */
function json(value: number): string {
  return Number.isFinite(value) ? `${value}` : 'null';
}

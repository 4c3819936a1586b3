/** The lines of `trajectories.jsonl`, as bytes: JSON that reads as the record, with room for its advantage. */
import type { Breakdown } from '../sim/breakdown.ts';
import type { BriefingSlot } from '../sim/briefing/slot.ts';
import type { Episode } from '../sim/episode.ts';
import type { PolicyAnswer, ReadAction } from '../world/completion.ts';
import { BriefingJson } from './briefing-json.ts';
import type { Recorder } from './play.ts';
import { recordAnswer } from './record-answer.ts';
import { floatJson, stepJson, stepsJson, summaryJson } from './record-json.ts';
import { type EpisodeSummary, STEPS_KEY, type StepRecord } from './records.ts';
import { TextBuffer } from './text-buffer.ts';

/** No double needs more characters in JSON. */
const ADVANTAGE_WIDTH = 25;
export const ADVANTAGE_KEY = '"advantage":';

/** An advantage as it stands in a line: always of the same width. */
export function advantageField(advantage: number | null): string {
  return floatJson(advantage).padEnd(ADVANTAGE_WIDTH);
}
export const NO_ADVANTAGE = advantageField(null);

/** Where the lines of some episodes lie in `bytes`, one after the other, and in each of them the field of its advantage. */
export type Lines = {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
  readonly advantages: readonly number[];
};

/** Begins a line; the steps follow, and then `]}`. Returns the place of the advantage. */
function beginLine(out: TextBuffer, summary: EpisodeSummary): number {
  out.text(`{${summaryJson(summary)}${ADVANTAGE_KEY}`);
  const at = out.length;
  out.text(`${NO_ADVANTAGE},${STEPS_KEY}`);
  return at;
}

/** The line of one episode. */
export function lineOf(summary: EpisodeSummary, steps: readonly StepRecord[]): Lines {
  const out = new TextBuffer(new ArrayBuffer(0));
  const advantage = beginLine(out, summary);
  out.text(`${stepsJson(steps)}}\n`);
  return { bytes: out.bytes, ends: [out.length], advantages: [advantage] };
}

/** Writes the lines of episodes while they are played. */
export class LineWriter implements Recorder {
  readonly observe?: (briefing: BriefingSlot) => void;
  private readonly steps = new TextBuffer(new ArrayBuffer(1 << 18));
  private readonly briefings = new BriefingJson();
  private lines = new TextBuffer(new ArrayBuffer(0));
  private ends: number[] = [];
  private advantages: number[] = [];
  /** Where the last whole step ends. */
  private whole = 0;

  constructor(observations: 'all' | 'none') {
    if (observations === 'none') return;
    this.observe = (briefing) => {
      this.steps.text(`${this.separator}{"observation":`);
      this.briefings.write(briefing, this.steps);
    };
  }

  /** @param memory To write to as long as it suffices. */
  begin(memory = new ArrayBuffer(0)): void {
    this.lines = new TextBuffer(memory);
    this.ends = [];
    this.advantages = [];
  }

  step(
    answer: PolicyAnswer,
    read: ReadAction,
    reward: number,
    breakdown: Readonly<Breakdown>,
    { s, note }: Episode,
  ): void {
    const isOver = !s.active;
    let text = this.observe === undefined ? `${this.separator}{"observation":null` : '';
    text += stepJson(recordAnswer(answer, read), {
      reward,
      reward_breakdown: breakdown,
      terminated: isOver && !s.limitReached,
      truncated: isOver && s.limitReached,
      step_ok: s.stepOk,
      error: s.stepOk ? null : note,
    });
    this.steps.text(`${text}}`);
    this.whole = this.steps.length;
  }

  /** Ends the line of the episode whose steps were written last. */
  end(summary: EpisodeSummary): void {
    const { steps, lines } = this;
    // What it was shown before its policy failed is no step.
    steps.length = this.whole;
    this.advantages.push(beginLine(lines, summary));
    lines.append(steps.bytes);
    lines.text(this.whole === 0 ? '[]}\n' : ']}\n');
    this.ends.push(lines.length);
    steps.length = this.whole = 0;
  }

  /** The lines since `begin`. */
  finish(): Lines {
    return { bytes: this.lines.bytes, ends: this.ends, advantages: this.advantages };
  }

  private get separator(): string {
    return this.whole === 0 ? '[' : ',';
  }
}

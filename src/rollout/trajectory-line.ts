/** The lines of `trajectories.jsonl` as bytes: the JSON of a record, with a field of fixed width for its advantage. */
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

/** The maximum number of characters of a double in JSON. */
const ADVANTAGE_WIDTH = 25;
export const ADVANTAGE_KEY = '"advantage":';

/** The text of an advantage in a line, padded to a fixed width. */
export function advantageField(advantage: number | null): string {
  return floatJson(advantage).padEnd(ADVANTAGE_WIDTH);
}
export const NO_ADVANTAGE = advantageField(null);

/** Consecutive lines in `bytes`: the offset of the end of each line, and of its advantage. */
export type Lines = {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
  readonly advantages: readonly number[];
};

/** Begins a line, to which the caller appends the steps and `]}`. @returns the offset of the advantage */
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
  /** The offset of the end of the last whole step. */
  private whole = 0;

  constructor(observations: 'all' | 'none') {
    if (observations === 'none') return;
    this.observe = (briefing) => {
      this.steps.text(`${this.separator}{"observation":`);
      this.briefings.write(briefing, this.steps);
    };
  }

  /** Begins new lines. @param memory Is written to as long as the lines fit into it. */
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
    // If the policy failed, the observation before the failure is not part of a step.
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

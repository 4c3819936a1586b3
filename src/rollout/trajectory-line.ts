/** The lines of `trajectories.jsonl`, as bytes: what `JSON.stringify` would make of a record, with room for its advantage. */
import { BREAKDOWN_FIELDS, type Breakdown, emptyBreakdown } from '../sim/breakdown.ts';
import type { BriefingSlot } from '../sim/briefing/slot.ts';
import type { Episode } from '../sim/episode.ts';
import type { PolicyAnswer } from '../world/completion.ts';
import { BriefingJson } from './briefing-json.ts';
import type { Recorder } from './play.ts';
import { type EpisodeSummary, STEPS_KEY, type StepRecord } from './records.ts';
import { TextBuffer } from './text-buffer.ts';

/** No double needs more characters in JSON. */
const ADVANTAGE_WIDTH = 25;
export const ADVANTAGE_KEY = '"advantage":';

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

/** Begins a line; the steps follow, and then `]}`. Returns the place of the advantage. */
function beginLine(out: TextBuffer, { advantage: _, ...rest }: EpisodeSummary): number {
  out.text(`${JSON.stringify(rest).slice(0, -1)},${ADVANTAGE_KEY}`);
  const at = out.length;
  out.text(`${NO_ADVANTAGE},${STEPS_KEY}`);
  return at;
}

/** The line of one episode. */
export function lineOf(summary: EpisodeSummary, steps: readonly StepRecord[]): Lines {
  const out = new TextBuffer(new ArrayBuffer(0));
  const advantage = beginLine(out, summary);
  out.text(`${JSON.stringify(steps)}}\n`);
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

  step(answer: PolicyAnswer, reward: number, breakdown: Readonly<Breakdown>, { s, note }: Episode): void {
    const isOver = !s.active;
    let text = this.observe === undefined ? `${this.separator}{"observation":null` : '';
    text += `,"action":${JSON.stringify(answer)},"reward":${json(reward)},"reward_breakdown":`;
    text += breakdownJson(breakdown);
    text += `,"terminated":${isOver && !s.limitReached},"truncated":${isOver && s.limitReached}`;
    text += s.stepOk ? ',"step_ok":true,"error":null}' : `,"step_ok":false,"error":${JSON.stringify(note)}}`;
    this.steps.text(text);
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

/** A breakdown in which nothing was paid, and where in it the values stand: most are 0. */
const NOTHING_PAID = JSON.stringify(emptyBreakdown());
const VALUES_AT = BREAKDOWN_FIELDS.map((field) => NOTHING_PAID.indexOf(`"${field}":`) + field.length + 3);

function breakdownJson(breakdown: Readonly<Breakdown>): string {
  let text = '';
  let from = 0;
  for (let part = 0; part < BREAKDOWN_FIELDS.length; part++) {
    const value = breakdown[BREAKDOWN_FIELDS[part] ?? 'final'];
    if (value === 0) continue;
    const at = VALUES_AT[part] ?? 0;
    text += NOTHING_PAID.slice(from, at) + json(value);
    from = at + 1;
  }
  return text + NOTHING_PAID.slice(from);
}

/** A number as JSON has it. */
function json(value: number): string {
  return Number.isFinite(value) ? `${value}` : 'null';
}

import type { Breakdown } from '../sim/breakdown.ts';
import type { Episode } from '../sim/episode.ts';
import { isCut, joinParts, type Observer } from '../sim/observation/observe.ts';
import { asSent, readAnswer } from '../vector/wire-action.ts';
import { isUnreadable, type PolicyAnswer, plainAction, type ReadAction } from '../world/completion/completion.ts';
import { floatJson, stepJson, stepsJson, summaryJson, textJson } from './record-json.ts';
import { type RecordedAnswer, recordCompletion, recordPlain, recordValue, withMetadata } from './recorded-answer.ts';
import { type EpisodeRecord, type EpisodeSummary, STEPS_KEY } from './schema.ts';

/** Bytes of UTF-8 text, appended to memory that grows as needed. To overwrite the last bytes, reduce `length`. */
class TextBuffer {
  length = 0;
  private memory: Buffer;

  /** @param memory Is written to as long as the text fits into it. */
  constructor(memory: ArrayBuffer) {
    this.memory = Buffer.from(memory);
  }

  /** A view of the bytes written so far. */
  get bytes(): Buffer {
    return this.memory.subarray(0, this.length);
  }

  text(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.memory.write(text, this.length);
  }

  append(source: Uint8Array): void {
    this.reserve(source.length);
    this.memory.set(source, this.length);
    this.length += source.length;
  }

  private reserve(extra: number): void {
    if (this.length + extra <= this.memory.length) return;
    // Its own ArrayBuffer, not a slice of Node's pool, so that it can be transferred.
    const larger = Buffer.from(new ArrayBuffer(Math.max(this.memory.length * 2, this.length + extra)));
    larger.set(this.bytes);
    this.memory = larger;
  }
}

/** Appends the current briefing of an episode as a JSON string. */
function appendBriefing(observer: Observer, out: TextBuffer): void {
  const parts = observer.parts();
  if (isCut(parts)) {
    out.text(textJson(joinParts(parts)));
    return;
  }
  out.text(textJson(parts.head).slice(0, -1));
  for (const { jsonBytes } of parts.sections) out.append(jsonBytes);
  out.text('"');
}

// Converts the answer of a policy, of any type, to the fields of a record.

/**
 * The fields of a record for an answer. Never throws.
 * @param read The action that was played, if it is known.
 * @param metadata What else the policy returned.
 */
export function recordAnswer(answer: unknown, read?: ReadAction, metadata?: unknown): RecordedAnswer {
  if (metadata !== undefined) return withMetadata(recordAnswer(answer, read), asSent(metadata));
  if (typeof answer === 'string') {
    const action = read ?? readAnswer(answer);
    return recordCompletion(answer, isUnreadable(action) ? undefined : action);
  }
  // The answer of a built-in policy is played unchanged.
  const plain = read !== undefined && answer === read && !isUnreadable(read) ? read : plainAction(answer);
  return (plain && recordPlain(plain)) ?? recordValue(asSent(answer));
}

/** `extra_json` of an episode, from what its policy returned at its end: its metadata, if they are an object. */
export function notesJson(notes: unknown): string | null {
  const { metadata } = Object(notes);
  return typeof metadata === 'object' && metadata !== null ? JSON.stringify({ metadata: asSent(metadata) }) : null;
}

// The lines of `trajectories.jsonl` as bytes: the JSON of a record, with a field of fixed width for its advantage.

/** The maximum number of characters of a double in JSON. */
const ADVANTAGE_WIDTH = 25;
export const ADVANTAGE_KEY = '"advantage":';

/** The text of an advantage in a line, padded to a fixed width. */
export function advantageField(advantage: number | null): string {
  return floatJson(advantage).padEnd(ADVANTAGE_WIDTH);
}
export const NO_ADVANTAGE = advantageField(null);

/** Consecutive lines in `bytes`, and the offset of the advantage in each. */
export type WrittenLines = {
  readonly bytes: Uint8Array;
  readonly advantages: readonly number[];
};

/** Begins a line, to which the caller appends the steps and `]}`. @returns the offset of the advantage */
function beginLine(out: TextBuffer, summary: EpisodeSummary): number {
  out.text(`{${summaryJson(summary)}${ADVANTAGE_KEY}`);
  const at = out.length;
  out.text(`${NO_ADVANTAGE},${STEPS_KEY}`);
  return at;
}

/** Consecutive episodes that were played. */
export type PlayedRange = {
  readonly summaries: readonly EpisodeSummary[];
  /** The lines of the episodes; undefined if the plan wants no records. Those of a worker are valid until the next range is requested. */
  readonly lines?: WrittenLines;
};

/** One episode with its line. */
export function writtenEpisode({ steps, ...summary }: EpisodeRecord): Required<PlayedRange> {
  const out = new TextBuffer(new ArrayBuffer(0));
  const advantage = beginLine(out, summary);
  out.text(`${stepsJson(steps)}}\n`);
  return { summaries: [summary], lines: { bytes: out.bytes, advantages: [advantage] } };
}

/** Receives every step. The values that it receives are valid until it returns. */
export type Recorder = {
  /** Receives the episode before the step. */
  observe?(observer: Observer): void;
  /** @param read The action that was played. */
  step(answer: PolicyAnswer, read: ReadAction, reward: number, breakdown: Readonly<Breakdown>, episode: Episode): void;
};

/** Writes the lines of episodes while they are played. */
export class LineWriter implements Recorder {
  readonly observe?: (observer: Observer) => void;
  private readonly steps = new TextBuffer(new ArrayBuffer(1 << 18));
  private lines = new TextBuffer(new ArrayBuffer(0));
  private advantages: number[] = [];
  /** The offset of the end of the last whole step. */
  private whole = 0;

  constructor(observations: 'all' | 'none') {
    if (observations === 'none') return;
    this.observe = (observer) => {
      this.steps.text(`${this.separator}{"observation":`);
      appendBriefing(observer, this.steps);
    };
  }

  /** Begins new lines. @param memory Is written to as long as the lines fit into it. */
  begin(memory = new ArrayBuffer(0)): void {
    this.lines = new TextBuffer(memory);
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
    steps.length = this.whole = 0;
  }

  /** The lines since `begin`. */
  finish(): WrittenLines {
    return { bytes: this.lines.bytes, advantages: this.advantages };
  }

  private get separator(): string {
    return this.whole === 0 ? '[' : ',';
  }
}

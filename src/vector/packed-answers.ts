/**
 * The answers of a step in the form in which they are sent to a worker: all their texts joined, and numbers that say how to
 * divide the text. Writing, sending and reading this takes a fraction of the time of a list of objects, or of JSON.
 */
import { plainAction, type ReadAction, readAction } from '../world/completion.ts';
import { ACTION_TYPES, type Action } from '../world/schema.ts';
import { answerToJson } from './wire-action.ts';

/** `numbers` holds, for each answer, a number that says which texts follow, and then their lengths in UTF-16 units. */
export type PackedAnswers = { readonly numbers: Int32Array; readonly text: string };

/** These replace the bits of an action's fields. One text follows: the answer itself, or its JSON. */
const COMPLETION = -1;
const JSON_TEXT = -2;
/** The action's type lies above the bits of the text fields: from 1; 0 if the action has no type. */
const TYPE_SHIFT = 9;
const MOST_NUMBERS = 1 + TYPE_SHIFT;

/** A buffer for the numbers while their count is unknown. */
let scratch = new Int32Array(0);

/** An answer after unpacking: an action that follows the schema, a completion, or the JSON of anything else. */
export type UnpackedAnswer = Action | string | { readonly json: string };

/** Packs the answers. Never throws: an answer that JSON cannot represent becomes a text without an action. */
export function packAnswers(answers: readonly unknown[]): PackedAnswers {
  const packer = new Packer(answers.length);
  for (const answer of answers) {
    const action = plainAction(answer);
    if (action !== undefined) packer.putAction(action);
    else if (typeof answer === 'string') packer.putText(COMPLETION, answer);
    else packer.putText(JSON_TEXT, answerToJson(answer));
  }
  return packer.packed;
}

/** Unpacks answers, in their order. */
export function unpackAnswers({ numbers, text }: PackedAnswers): UnpackedAnswer[] {
  const answers: UnpackedAnswer[] = [];
  let [at, start, fields] = [0, 0, 0];
  const next = (): string => {
    const from = start;
    start += numbers[at++] ?? 0;
    return text.slice(from, start);
  };
  const take = (bit: number): string | undefined => ((fields & bit) === 0 ? undefined : next());
  while (at < numbers.length) {
    fields = numbers[at++] ?? 0;
    if (fields === COMPLETION) answers.push(next());
    else if (fields === JSON_TEXT) answers.push({ json: next() });
    else {
      const action: Readonly<Record<Exclude<keyof Action, 'metadata'>, string | undefined>> = {
        action_type: ACTION_TYPES[(fields >> TYPE_SHIFT) - 1],
        email_id: take(1),
        message_body: take(2),
        meeting_id: take(4),
        new_time: take(8),
        reason: take(16),
        task_id: take(32),
        contact_name: take(64),
        channel: take(128),
        message: take(256),
      };
      answers.push(action as Action);
    }
  }
  return answers;
}

/** Joins several lists of answers. */
export function joinAnswers(parts: readonly PackedAnswers[]): PackedAnswers {
  const numbers = new Int32Array(parts.reduce((sum, part) => sum + part.numbers.length, 0));
  let at = 0;
  for (const part of parts) {
    numbers.set(part.numbers, at);
    at += part.numbers.length;
  }
  return { numbers, text: parts.map(({ text }) => text).join('') };
}

/** Reads an unpacked answer. An answer that was a valid action when it was packed is not checked again. */
export function readUnpacked(answer: UnpackedAnswer): ReadAction {
  if (typeof answer === 'string') return readAction(answer);
  return 'json' in answer ? readAction(JSON.parse(answer.json)) : answer;
}

/** Splits the answers into the first `count` and the rest. */
export function splitAnswers({ numbers, text }: PackedAnswers, count: number): [PackedAnswers, PackedAnswers] {
  let [at, start] = [0, 0];
  for (let i = 0; i < count; i++) {
    const fields = numbers[at++] ?? 0;
    for (let rest = fields < 0 ? 1 : fields & ((1 << TYPE_SHIFT) - 1); rest !== 0; rest &= rest - 1) {
      start += numbers[at++] ?? 0;
    }
  }
  return [
    { numbers: numbers.slice(0, at), text: text.slice(0, start) },
    { numbers: numbers.slice(at), text: text.slice(start) },
  ];
}

/** Packs one list of answers. Only one packer may exist at a time, since all use the same buffer. */
class Packer {
  private readonly numbers: Int32Array;
  private at = 0;
  private text = '';

  constructor(answers: number) {
    const most = answers * MOST_NUMBERS;
    if (scratch.length < most) scratch = new Int32Array(most);
    this.numbers = scratch;
  }

  get packed(): PackedAnswers {
    return { numbers: this.numbers.slice(0, this.at), text: this.text };
  }

  putAction(action: Action): void {
    const { numbers, at } = this;
    this.at++;
    numbers[at] =
      (typeNumber(action.action_type) << TYPE_SHIFT) |
      this.put(action.email_id, 1) |
      this.put(action.message_body, 2) |
      this.put(action.meeting_id, 4) |
      this.put(action.new_time, 8) |
      this.put(action.reason, 16) |
      this.put(action.task_id, 32) |
      this.put(action.contact_name, 64) |
      this.put(action.channel, 128) |
      this.put(action.message, 256);
  }

  putText(kind: number, text: string): void {
    this.numbers[this.at++] = kind;
    this.put(text, 0);
  }

  /** Returns the bit of a field, or 0 if the field has no text. */
  private put(text: string | undefined, bit: number): number {
    if (text === undefined) return 0;
    this.numbers[this.at++] = text.length;
    this.text += text;
    return bit;
  }
}

function typeNumber(type: Action['action_type']): number {
  return type === undefined ? 0 : ACTION_TYPES.indexOf(type) + 1;
}

/**
 * A step's answers on the way to a worker: one JSON list of numbers and texts, which takes half the time of a list of
 * objects to write and to read. Each answer is a number that says which texts follow.
 */
import { plainAction, type ReadAction, readAction } from '../world/completion.ts';
import { ACTION_TYPES, type Action } from '../world/schema.ts';
import { answerToJson } from './wire-action.ts';

type List = (number | string)[];

/** In place of the bits of an action's fields: one text follows, the answer itself or its JSON. */
const COMPLETION = -1;
const JSON_TEXT = -2;
/** Above the bits of the fields that hold a text: the action's type, from 1; 0 where it has none. */
const TYPE_SHIFT = 9;

/** An answer as it is unpacked: an action that follows the schema, a completion, or the JSON of anything else. */
export type UnpackedAnswer = Action | string | { readonly json: string };

/** Never throws; an answer that JSON cannot hold becomes a text that holds no action. */
export function packAnswers(answers: readonly unknown[]): string {
  const list: List = [];
  for (const answer of answers) {
    const action = plainAction(answer);
    if (action !== undefined) putAction(list, action);
    else if (typeof answer === 'string') list.push(COMPLETION, answer);
    else list.push(JSON_TEXT, answerToJson(answer));
  }
  return JSON.stringify(list);
}

export function unpackAnswers(packed: string): UnpackedAnswer[] {
  const list: List = JSON.parse(packed);
  const answers: UnpackedAnswer[] = [];
  let at = 0;
  let fields = 0;
  const take = (bit: number): string | undefined => ((fields & bit) === 0 ? undefined : String(list[at++]));
  while (at < list.length) {
    fields = Number(list[at++]);
    if (fields === COMPLETION) answers.push(String(list[at++]));
    else if (fields === JSON_TEXT) answers.push({ json: String(list[at++]) });
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

/** What was an action when it was packed is not looked at again. */
export function readUnpacked(answer: UnpackedAnswer): ReadAction {
  if (typeof answer === 'string') return readAction(answer);
  return 'json' in answer ? readAction(JSON.parse(answer.json)) : answer;
}

/** The first `count` of these answers, and the others. */
export function splitAnswers(packed: string, count: number): [string, string] {
  const list: List = JSON.parse(packed);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const fields = Number(list[at++]);
    if (fields < 0) at++;
    else for (let rest = fields & ((1 << TYPE_SHIFT) - 1); rest !== 0; rest &= rest - 1) at++;
  }
  return [JSON.stringify(list.slice(0, at)), JSON.stringify(list.slice(at))];
}

function putAction(list: List, action: Action): void {
  const at = list.length;
  list.push(0);
  list[at] =
    (typeNumber(action.action_type) << TYPE_SHIFT) |
    put(list, action.email_id, 1) |
    put(list, action.message_body, 2) |
    put(list, action.meeting_id, 4) |
    put(list, action.new_time, 8) |
    put(list, action.reason, 16) |
    put(list, action.task_id, 32) |
    put(list, action.contact_name, 64) |
    put(list, action.channel, 128) |
    put(list, action.message, 256);
}

function typeNumber(type: Action['action_type']): number {
  return type === undefined ? 0 : ACTION_TYPES.indexOf(type) + 1;
}

/** The bit, if there is such a text. */
function put(list: List, text: string | undefined, bit: number): number {
  if (text === undefined) return 0;
  list.push(text);
  return bit;
}

/**
 * What a policy answers, made an action: an object, or a model's raw completion, from which the JSON object is taken.
 * What cannot be read, or does not follow the schema, is not an exception: it is an action that will be invalid.
 */
import { messageOf } from '../lib/errors.ts';
import { clip, quote } from '../lib/text.ts';
import { ACTION_TYPES, type Action, type ActionType, actionSchema, CHANNELS } from './schema.ts';
import { describeIssues } from './validate.ts';

/** An answer that is not an action; `unreadable` says why. */
export type Unreadable = { readonly unreadable: string };
export type ReadAction = Action | Unreadable;
/** What a policy may answer: an action, or a completion that holds one. Anything else becomes an invalid step. */
export type PolicyAnswer = Action | string;

/** A completion longer than this many UTF-16 units is not searched. */
const MAX_COMPLETION = 1_000_000;
/** The search for objects looks at each character so often at the most, so that no completion costs quadratic time. */
const MAX_PASSES = 8;
/** So many of the objects in a completion are held against the schema. */
const MAX_CANDIDATES = 64;
/** How a JSON object can begin: braces of prose and of formulas are passed over. */
const OBJECT_START = /\{\s*["}]/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** Marks between which an action is looked for, in this order; none: in the whole text. */
const REGIONS = [
  ['<action>', '</action>'],
  ['```', '```'],
  ['', ''],
] as const;

/** The constants themselves by their text: what they are compared with later is found to be the same string at once. */
const TYPES: ReadonlyMap<string, ActionType> = new Map(ACTION_TYPES.map((type) => [type, type]));
const WAYS: ReadonlySet<string> = new Set(CHANNELS);

export function isUnreadable(action: ReadAction): action is Unreadable {
  return 'unreadable' in action;
}

/**
 * What nearly every answer is: a plain object of known fields with texts in them, which the schema would take as it is, at
 * a tenth of its cost. Undefined for anything else. Never throws.
 */
export function plainAction(answer: unknown): Action | undefined {
  try {
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;
    if (Object.getPrototypeOf(answer) !== Object.prototype && strangeKind(answer) !== undefined) return undefined;
    const given = answer as Readonly<Record<string, unknown>>;
    const action = emptyAction();
    for (const key in answer) {
      const value = given[key];
      if (typeof value !== 'string' && value !== undefined) return undefined;
      switch (key) {
        case 'action_type':
          action.action_type = value;
          break;
        case 'email_id':
          action.email_id = value;
          break;
        case 'message_body':
          action.message_body = value;
          break;
        case 'meeting_id':
          action.meeting_id = value;
          break;
        case 'new_time':
          action.new_time = value;
          break;
        case 'reason':
          action.reason = value;
          break;
        case 'task_id':
          action.task_id = value;
          break;
        case 'contact_name':
          action.contact_name = value;
          break;
        case 'channel':
          action.channel = value;
          break;
        case 'message':
          action.message = value;
          break;
        default:
          return undefined;
      }
    }
    const { action_type, channel } = action;
    if (action_type !== undefined) {
      action.action_type = TYPES.get(action_type);
      if (action.action_type === undefined) return undefined;
    }
    if (channel !== undefined && !WAYS.has(channel)) return undefined;
    return action as Action;
  } catch {
    // An object can have getters, or be a proxy, that throw.
    return undefined;
  }
}

/** Actions have all fields, so that those who read them find them in the same places. */
function emptyAction(): Record<Exclude<keyof Action, 'metadata'>, string | undefined> {
  return {
    action_type: undefined,
    email_id: undefined,
    message_body: undefined,
    meeting_id: undefined,
    new_time: undefined,
    reason: undefined,
    task_id: undefined,
    contact_name: undefined,
    channel: undefined,
    message: undefined,
  };
}

/** Never throws. */
export function readAction(answer: unknown): ReadAction {
  try {
    return typeof answer === 'string' ? readText(answer) : readObject(answer);
  } catch (error) {
    // An object can have getters, or be a proxy, that throw.
    return { unreadable: `the action cannot be read: ${messageOf(error)}` };
  }
}

/**
 * What kind of object it is that is neither plain nor a list: `Promise`, where an `await` was forgotten. Such a one has no
 * fields of its own, so it would pass for an action in which every field is missing.
 */
export function strangeKind(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Plain objects of another realm have a root prototype too, though not this realm's.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return undefined;
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function readObject(value: unknown): ReadAction {
  const kind = strangeKind(value);
  if (kind === undefined) return validateAction(value);
  return { unreadable: `the action is no plain object, it is a ${kind}; expected an object or a text` };
}

function readText(answer: string): ReadAction {
  if (answer.length > MAX_COMPLETION) {
    return { unreadable: `the completion has ${answer.length} characters; at most ${MAX_COMPLETION} are read` };
  }
  return readCompletion(answer);
}

function validateAction(value: unknown): ReadAction {
  const plain = plainAction(value);
  if (plain !== undefined) return plain;
  const result = actionSchema.safeParse(value);
  if (result.success) return result.data;
  return { unreadable: `the action does not follow its schema: ${describeIssues(result.error, value).join('; ')}` };
}

/**
 * Looks, in this order, inside `<action>` tags, inside fences and in the whole text, each time from the last to the
 * first, since a model thinks before it answers. The first JSON object that is an action is taken; if there is none,
 * the message is about the last object found.
 */
function readCompletion(completion: string): ReadAction {
  const lone = loneAction(completion);
  if (lone !== undefined) return lone;
  const bare = completion.trim();
  let complaint: Unreadable | undefined;
  if (bare.startsWith('{') && bare.endsWith('}')) {
    const whole = parseObject(bare);
    if (whole !== undefined) return validateAction(whole);
  }
  let tried = 0;
  search: for (const [open, close] of REGIONS) {
    for (const region of open === '' ? [completion] : between(completion, open, close)) {
      for (const candidate of objectsIn(region).reverse()) {
        if (tried++ === MAX_CANDIDATES) break search;
        const action = validateAction(candidate);
        if (!isUnreadable(action)) return action;
        complaint ??= action;
      }
    }
  }
  if (complaint !== undefined) return complaint;
  if (!completion.includes('{')) {
    return { unreadable: `the completion holds no JSON object: ${quote(completion, 80)}` };
  }
  return {
    unreadable: `the completion holds no JSON object that can be read: ${quote(jsonComplaint(completion), 120)}`,
  };
}

/**
 * What nearly every completion holds: an action between the only two braces that there are. Wherever it stands, no search
 * would find another one.
 */
function loneAction(completion: string): Action | undefined {
  const open = completion.indexOf('{');
  const end = open < 0 ? undefined : loneEnd(completion, open);
  return end === undefined ? undefined : plainAction(parseObject(completion.slice(open, end + 1)));
}

/** What stands between the marks, last first. An opening mark that is never closed reaches to the end. */
function between(text: string, open: string, close: string): string[] {
  const found: string[] = [];
  let at = text.indexOf(open);
  while (at >= 0) {
    const start = at + open.length;
    const end = text.indexOf(close, start);
    found.push(text.slice(start, end < 0 ? text.length : end));
    at = end < 0 ? -1 : text.indexOf(open, end + close.length);
  }
  return found.reverse();
}

/** The outermost JSON objects that stand in a text, first to last; braces inside JSON strings do not count. */
function objectsIn(text: string): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let budget = MAX_PASSES * text.length;
  for (let start = text.indexOf('{'); start >= 0 && budget > 0; ) {
    let next = start + 1;
    if (isObjectStart(text, start)) {
      const end = loneEnd(text, start) ?? closingBrace(text, start);
      budget -= (end < 0 ? text.length : end) - start;
      const value = end < 0 ? undefined : parseObject(text.slice(start, end + 1));
      if (value !== undefined) {
        found.push(value);
        next = end + 1;
      }
    }
    start = text.indexOf('{', next);
  }
  return found;
}

function isObjectStart(text: string, brace: number): boolean {
  const unit = text.charCodeAt(brace + 1);
  if (unit === QUOTE || unit === CLOSE) return true;
  OBJECT_START.lastIndex = brace;
  return OBJECT_START.test(text);
}

/**
 * The closing brace, where no brace but these two is in the rest of the text: nearly every action. Should it stand in a
 * string, what ends there is no JSON.
 */
function loneEnd(text: string, open: number): number | undefined {
  const end = text.indexOf('}', open);
  const isLone = end >= 0 && text.indexOf('}', end + 1) < 0 && text.indexOf('{', open + 1) < 0;
  return isLone ? end : undefined;
}

function closingBrace(text: string, open: number): number {
  let depth = 0;
  let quoted = false;
  for (let i = open; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (quoted) {
      if (unit === BACKSLASH) i++;
      else if (unit === QUOTE) quoted = false;
    } else if (unit === QUOTE) quoted = true;
    else if (unit === OPEN) depth++;
    else if (unit === CLOSE && --depth === 0) return i;
  }
  return -1;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What JSON.parse says of the text from its first brace on. */
function jsonComplaint(completion: string): string {
  const start = completion.indexOf('{');
  const end = closingBrace(completion, start);
  if (end < 0) return 'a { is never closed';
  try {
    JSON.parse(completion.slice(start, end + 1));
    return 'not an object';
  } catch (error) {
    return clip(messageOf(error), 110);
  }
}

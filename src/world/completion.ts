/**
 * What a policy answers, made an action: an object, or a model's raw completion, from which the JSON object is taken.
 * What cannot be read, or does not follow the schema, is not an exception: it is an action that will be invalid.
 */
import { messageOf } from '../lib/errors.ts';
import { clip, quote } from '../lib/text.ts';
import { ObjectSearch, type Region, SearchBudget, SearchGivenUp } from './object-search.ts';
import { ACTION_TYPES, type Action, type ActionType, actionSchema, CHANNELS } from './schema.ts';
import { describeIssues } from './validate.ts';

/** An answer that is not an action; `unreadable` says why. */
export type Unreadable = { readonly unreadable: string };
export type ReadAction = Action | Unreadable;
/** What a policy may answer: an action, or a completion that holds one. Anything else becomes an invalid step. */
export type PolicyAnswer = Action | string;

/** A completion longer than this many UTF-16 units is not searched. */
const MAX_COMPLETION = 1_000_000;
/** The search for objects looks at each character so often at the most, JSON.parse included. */
const MAX_VISITS = 4;
/** So many texts of a completion are given to JSON.parse. */
const MAX_CANDIDATES = 64;
/** Between which marks an action is looked for, in this order, before it is looked for in the whole text. */
const MARKS = [
  ['<action>', '</action>'],
  ['```', '```'],
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
  const { metadata, rest } = withoutMetadata(value);
  const result = actionSchema.safeParse(rest);
  if (result.success) return metadata === undefined ? result.data : { ...result.data, metadata };
  return { unreadable: `the action does not follow its schema: ${describeIssues(result.error, value).join('; ')}` };
}

/** Takes metadata that follow the schema out of an action: they are ignored, and there may be so many that they are not gone through. */
function withoutMetadata(value: unknown): { metadata?: Record<string, unknown>; rest: unknown } {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return { rest: value };
  const { metadata, ...rest } = value;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return { rest: value };
  const isPlain = strangeKind(metadata) === undefined;
  return isPlain ? { metadata: metadata as Record<string, unknown>, rest } : { rest: value };
}

/** What the search for an action in a completion may cost. */
export function searchBudget(completion: string): SearchBudget {
  return new SearchBudget(MAX_VISITS * completion.length, MAX_CANDIDATES);
}

/**
 * Looks, in this order, inside `<action>` tags, inside fences and in the whole text, each time from the last to the
 * first, since a model thinks before it answers. The first JSON object that is an action is taken; if there is none,
 * the message is about the last object found. A search that would cost more than its budget is given up.
 */
export function readCompletion(completion: string, budget = searchBudget(completion)): ReadAction {
  let complaint: Unreadable | undefined;
  const take = (object: Record<string, unknown>): Action | undefined => {
    const action = validateAction(object);
    if (!isUnreadable(action)) return action;
    complaint ??= action;
    return undefined;
  };
  try {
    const text = completion.trim();
    budget.visit(completion.length - text.length);
    const search = new ObjectSearch(text, budget);
    if (!search.hasBrace) return { unreadable: `the completion holds no JSON object: ${quote(text, 80)}` };
    const only = search.lone() ?? search.whole();
    if (only !== undefined) return validateAction(only);
    for (const region of regionsOf(text, search)) {
      const action = search.lastFirst(region, take);
      if (action !== undefined) return action;
    }
    if (complaint !== undefined) return complaint;
    const why = quote(clip(search.complaint(), 110), 120);
    return { unreadable: `the completion holds no JSON object that can be read: ${why}` };
  } catch (error) {
    if (!(error instanceof SearchGivenUp)) throw error;
    const found = complaint === undefined ? '' : `; of the last object found: ${complaint.unreadable}`;
    return { unreadable: `the search for an action in the completion was given up, since ${error.message}${found}` };
  }
}

/** Where an action is looked for, in this order: between each kind of marks, last first, and in the whole text. */
function regionsOf(text: string, search: ObjectSearch): Region[] {
  const kinds = MARKS.map(([open, close]) => ({ open, close, from: -1, free: 0, regions: [] as Region[] }));
  for (const at of search.markStarts) {
    for (const kind of kinds) {
      const mark = kind.from < 0 ? kind.open : kind.close;
      if (at < kind.free || !search.holdsAt(at, mark)) continue;
      kind.free = at + mark.length;
      if (kind.from >= 0) kind.regions.push({ from: kind.from, to: at });
      kind.from = kind.from < 0 ? kind.free : -1;
    }
  }
  const regions = kinds.flatMap((kind) => {
    // An opening mark that is never closed reaches to the end.
    if (kind.from >= 0) kind.regions.push({ from: kind.from, to: text.length });
    return kind.regions.reverse();
  });
  return [...regions, { from: 0, to: text.length }];
}

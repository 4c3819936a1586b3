/**
 * What a policy answers, made an action: an object, or a model's raw completion, from which the JSON object is taken.
 * What cannot be read, or does not follow the schema, is not an exception: it is an action that will be invalid.
 */
import { messageOf } from '../lib/errors.ts';
import { clip, plural, quote } from '../lib/text.ts';
import { CallText } from './call-text.ts';
import { ACTION, FENCE } from './marks.ts';
import { ObjectSearch, type Region, SearchBudget, SearchGivenUp } from './object-search.ts';
import { answerIn } from './reasoning.ts';
import { ACTION_TYPES, type Action, type ActionType, actionSchema, CHANNELS } from './schema.ts';
import { type Call, callsOf, fieldsOf, isFields } from './tool-calls.ts';
import { describeIssues } from './validate.ts';

/** An answer that is not an action; `unreadable` says why. */
export type Unreadable = { readonly unreadable: string };
/** What is to be said about how an action was read, besides what it does; not enumerable. */
const REMARK = Symbol('remark');
export type ReadAction = (Action | Unreadable) & { readonly [REMARK]?: string };
/** What a policy may answer: an action, or a completion that holds one. Anything else becomes an invalid step. */
export type PolicyAnswer = Action | string;

/** A completion longer than this many UTF-16 units is not searched. */
export const MAX_COMPLETION = 1_000_000;
/** The search for objects looks at each character so often at the most, JSON.parse included. */
const MAX_VISITS = 4;
/** So many texts of a completion are given to JSON.parse. */
const MAX_CANDIDATES = 64;
/** Between which marks an action is looked for, in this order, before it is looked for in the whole text. */
const MARKS = [ACTION, [FENCE, FENCE]] as const;
/** An object that has one of these keys first begins like an action or a call. */
const FIRST_KEYS: ReadonlySet<string> = new Set([
  ...Object.keys(actionSchema.shape),
  ...['name', 'arguments', 'parameters', 'function', 'function_call', 'tool_calls', 'type', 'role'],
  ...['action', 'thought', 'thoughts', 'thinking', 'reasoning'],
]);

/** The constants themselves by their text: what they are compared with later is found to be the same string at once. */
const TYPES: ReadonlyMap<string, ActionType> = new Map(ACTION_TYPES.map((type) => [type, type]));
const WAYS: ReadonlySet<string> = new Set(CHANNELS);

export function isUnreadable(action: ReadAction): action is Unreadable {
  return 'unreadable' in action;
}

/** What is to be said about how the action was read, besides what it does; undefined where there is nothing to say. */
export function remarkOf(action: ReadAction): string | undefined {
  return action[REMARK];
}

/** The action with something to be said about how it was read. */
export function remarked<A extends ReadAction>(action: A, remark: string): A {
  return Object.defineProperty(action, REMARK, { value: remark });
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
      const value = given[key] ?? undefined;
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
 * Reads the answer of a completion, as docs/COMPLETIONS.md has it. Reasoning is left out. An answer that is cut off is none. Of
 * calls of tools the last is read. Where there are none an action is looked for, in this order, inside `<action>` tags, inside
 * fences and in the whole answer, each time from the last to the first; the first object that follows the schema is taken; if
 * there is none, the message is about the last object found. A search that would cost more than its budget is given up.
 */
export function readCompletion(completion: string, budget = searchBudget(completion)): ReadAction {
  const complaints: Complaints = { complaint: undefined };
  try {
    const text = completion.trim();
    budget.visit(completion.length - text.length);
    return new Reading(text, new ObjectSearch(text, budget), complaints).action();
  } catch (error) {
    if (!(error instanceof SearchGivenUp)) throw error;
    const { complaint } = complaints;
    const found = complaint === undefined ? '' : `; of the last object found: ${complaint.unreadable}`;
    return { unreadable: `the search for an action in the completion was given up, since ${error.message}${found}` };
  }
}

/** About the last object found that is no action. */
type Complaints = { complaint: Unreadable | undefined };

/** One completion, as it is read. */
class Reading {
  private readonly text: string;
  private readonly search: ObjectSearch;
  private readonly complaints: Complaints;

  constructor(text: string, search: ObjectSearch, complaints: Complaints) {
    this.text = text;
    this.search = search;
    this.complaints = complaints;
  }

  action(): ReadAction {
    const { text, search } = this;
    const only = search.lone();
    if (only !== undefined) return this.object(only) ?? this.complaints.complaint ?? notAnAction(only);
    const answer = answerIn(text, search);
    if (typeof answer === 'string') return { unreadable: `the completion holds no answer: ${answer}` };
    const cut = this.cutIn(answer);
    if (cut !== undefined) {
      return {
        unreadable: `the completion is cut off: what begins with ${quote(text.slice(cut, cut + 60), 70)} is never closed`,
      };
    }
    const textOfCalls = new CallText(text, search, answer);
    const calls =
      answer.sent.length > 0
        ? answer.sent.map(({ name, region }) => textOfCalls.given(name, region))
        : textOfCalls.calls();
    if (calls.length > 0) return this.lastOf(calls);
    for (const region of regionsOf(answer, search)) {
      const action = this.lastIn(region);
      if (action !== undefined) return action;
    }
    return this.complaints.complaint ?? this.nothing(answer);
  }

  /** The last object of the region that is an action; or, where there are calls, the last of those and what is behind it. */
  private lastIn(region: Region): ReadAction | undefined {
    const calls: Call[] = [];
    const action = this.search.lastFirst(region, ({ object }) => {
      if (!isTyped(object)) {
        const stated = callsOf(object);
        if (stated !== undefined) {
          calls.unshift(...stated);
          return undefined;
        }
      }
      return calls.length === 0 ? this.object(object) : undefined;
    });
    return action ?? (calls.length === 0 ? undefined : this.lastOf(calls));
  }

  /** The action that an object of a text is; undefined where it is none, and then there is a complaint. */
  private object(object: Record<string, unknown>): ReadAction | undefined {
    const { action: wrapped } = object;
    const inner = !isAnswer(object) && isFields(wrapped) ? wrapped : object;
    const calls = isTyped(inner) ? undefined : callsOf(inner);
    if (calls !== undefined) return this.lastOf(calls);
    const action = isTyped(inner) ? validateAction(inner) : notAnAction(object);
    if (!isUnreadable(action)) return action;
    this.complaints.complaint ??= action;
    return undefined;
  }

  private lastOf(calls: readonly Call[]): ReadAction {
    const last = calls.at(-1) ?? 'no call';
    const fields = fieldsOf(last, (json) => this.search.read(json));
    const action = typeof fields === 'string' ? { unreadable: fields } : validateAction(fields);
    const others = calls.length - 1;
    if (others > 0) {
      const remark = `${plural(others, 'other call')} ${others === 1 ? 'was' : 'were'} left out: a step plays the last one`;
      return remarked<ReadAction>(action, remark);
    }
    return action;
  }

  /**
   * Where something begins that is like an action and is never closed, as the last thing of the answer. Behind it an action or a
   * call may begin anew; one that is the value of a key, or stands in a list, is a part of what is cut off.
   */
  private cutIn(region: Region): number | undefined {
    const { search } = this;
    const cuts = search.unclosedIn(region, FIRST_KEYS);
    if (cuts.length === 0) return undefined;
    const isWhole = search.lastFirst(region, ({ object, from, to }) => {
      // What is inside of an object is text.
      while ((cuts.at(-1) ?? -1) > from && (cuts.at(-1) ?? to) < to) cuts.pop();
      const cut = cuts.at(-1);
      if (cut === undefined) return true;
      if (cut > from) return false;
      return isAnswer(object) && !search.isNested(from) ? true : undefined;
    });
    return isWhole ? undefined : cuts.at(-1);
  }

  private nothing({ from, to }: Region): Unreadable {
    const complaint = this.search.complaint();
    if (complaint === undefined) {
      return { unreadable: `the completion holds no JSON object: ${quote(this.text.slice(from, to).trim(), 80)}` };
    }
    const why = quote(clip(complaint, 110), 120);
    return { unreadable: `the completion holds no JSON object that can be read: ${why}` };
  }
}

/** Whether it says what type of action it is. */
function isTyped(object: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(object, 'action_type') && object.action_type != null;
}

function isAnswer(object: Readonly<Record<string, unknown>>): boolean {
  return isTyped(object) || callsOf(object) !== undefined;
}

function notAnAction(object: Readonly<Record<string, unknown>>): Unreadable {
  const expected = `expected one of ${ACTION_TYPES.join(', ')}`;
  return { unreadable: `the object ${quote(object)} has no action_type; ${expected}` };
}

/** Where an action is looked for, in this order: between each kind of marks, last first, and in the whole text. */
function regionsOf(answer: Region, search: ObjectSearch): Region[] {
  const kinds = MARKS.map(([open, close]) => ({ open, close, from: -1, free: 0, regions: [] as Region[] }));
  for (const { name, at, end } of search.marks) {
    if (at < answer.from || end > answer.to) continue;
    for (const kind of kinds) {
      if (at < kind.free || name !== (kind.from < 0 ? kind.open : kind.close)) continue;
      kind.free = end;
      if (kind.from >= 0) kind.regions.push({ from: kind.from, to: at });
      kind.from = kind.from < 0 ? end : -1;
    }
  }
  const regions = kinds.flatMap((kind) => {
    // An opening mark that is never closed reaches to the end.
    if (kind.from >= 0) kind.regions.push({ from: kind.from, to: answer.to });
    return kind.regions.reverse();
  });
  return [...regions, answer];
}

/**
 * Converts the answer of a policy to an action. The answer is an object, or a raw completion of a model, from which the JSON
 * object is extracted. An answer that is unreadable or does not follow the schema never throws: it becomes an invalid action.
 */
import { messageOf } from '../../lib/errors.ts';
import { clip, plural, quote } from '../../lib/text.ts';
import { ACTION_TYPES, type Action, type ActionType, actionSchema, CHANNELS } from '../schema.ts';
import { describeIssues } from '../validate.ts';
import { ACTION, FENCE } from './marks.ts';
import { ObjectSearch, type Region, SearchBudget, SearchGivenUp } from './object-search.ts';
import { answerIn } from './reasoning.ts';
import { actionFieldsOf, CallText, callsOf, isFields, type ToolCall } from './tool-calls.ts';

/** An answer that is not an action. `unreadable` is the reason. */
export type Unreadable = { readonly unreadable: string };
/** A remark about how an action was read, in addition to its effect; not enumerable. */
const REMARK = Symbol('remark');
/** An action, or the reason why there is none. `remarkOf` returns its remark, if there is one. */
export type ReadAction = (Action | Unreadable) & { readonly [REMARK]?: string };
/** An answer of a policy: an action, or a completion that contains one. Any other answer becomes an invalid step. */
export type PolicyAnswer = Action | string;

/** A completion longer than this many UTF-16 units is not searched. */
export const MAX_COMPLETION = 1_000_000;
/** The search for objects visits each character at most this many times, including JSON.parse. */
const MAX_VISITS = 4;
/** At most this number of parts of a completion are passed to JSON.parse. */
const MAX_CANDIDATES = 64;
/** The marks between which an action is searched for, in this order, before the whole text is searched. */
const MARKS = [ACTION, [FENCE, FENCE]] as const;
/** An object whose first key is one of these begins like an action or a call. */
const FIRST_KEYS: ReadonlySet<string> = new Set([
  ...Object.keys(actionSchema.shape),
  ...['name', 'arguments', 'parameters', 'function', 'function_call', 'tool_calls', 'type', 'role'],
  ...['action', 'thought', 'thoughts', 'thinking', 'reasoning'],
]);

/** Maps each text to the constant itself. Later comparisons then see identical strings, which is fast. */
const TYPES: ReadonlyMap<string, ActionType> = new Map(ACTION_TYPES.map((type) => [type, type]));
const WAYS: ReadonlySet<string> = new Set(CHANNELS);

/** Whether an answer could not be read as an action. */
export function isUnreadable(action: ReadAction): action is Unreadable {
  return 'unreadable' in action;
}

/** The remark about how the action was read, in addition to its effect; undefined if there is none. */
export function remarkOf(action: ReadAction): string | undefined {
  return action[REMARK];
}

/** The action with something to be said about how it was read. */
export function remarked<A extends ReadAction>(action: A, remark: string): A {
  return Object.defineProperty(action, REMARK, { value: remark });
}

/**
 * The fast path for nearly every answer: a plain object of known fields with string values, which the schema would accept
 * unchanged at ten times the cost. Undefined for anything else. Never throws.
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
    // An object may have getters, or be a proxy, that throw.
    return undefined;
  }
}

/** Actions have all fields, so that they share one hidden class. */
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

/**
 * Reads an answer as an action. Never throws.
 * @param answer An object that follows the action schema, or a completion that contains one; anything else becomes
 * `unreadable`.
 * @example
 * readAction('<think>…</think>{"action_type": "archive_email", "email_id": "e05"}').action_type; // 'archive_email'
 */
export function readAction(answer: unknown): ReadAction {
  try {
    if (typeof answer !== 'string') return readObject(answer);
    if (answer.length <= MAX_COMPLETION) return readCompletion(answer);
    return { unreadable: `the completion has ${answer.length} characters; at most ${MAX_COMPLETION} are read` };
  } catch (error) {
    // An object may have getters, or be a proxy, that throw.
    return { unreadable: `the action cannot be read: ${messageOf(error)}` };
  }
}

/**
 * The kind of an object that is neither plain nor a list, for example `Promise` if an `await` was forgotten. Such an object has
 * no own fields, so it would pass for an action in which every field is missing.
 */
export function strangeKind(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Plain objects of another realm have a root prototype too, but not the one of this realm.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return undefined;
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function readObject(value: unknown): ReadAction {
  const kind = strangeKind(value);
  if (kind === undefined) return validateAction(value);
  return { unreadable: `the action is no plain object, it is a ${kind}; expected an object or a text` };
}

function validateAction(value: unknown): ReadAction {
  const plain = plainAction(value);
  if (plain !== undefined) return plain;
  const { metadata, rest } = withoutMetadata(value);
  const result = actionSchema.safeParse(rest);
  if (result.success) return metadata === undefined ? result.data : { ...result.data, metadata };
  return { unreadable: `the action does not follow its schema: ${describeIssues(result.error, value).join('; ')}` };
}

/**
 * Separates metadata that follow the schema from an action. Metadata are ignored and may be large, so they are not copied or
 * iterated.
 */
function withoutMetadata(value: unknown): { metadata?: Record<string, unknown>; rest: unknown } {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return { rest: value };
  const { metadata, ...rest } = value;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return { rest: value };
  const isPlain = strangeKind(metadata) === undefined;
  return isPlain ? { metadata: metadata as Record<string, unknown>, rest } : { rest: value };
}

/** The budget of the search for an action in a completion. */
export function searchBudget(completion: string): SearchBudget {
  return new SearchBudget(MAX_VISITS * completion.length, MAX_CANDIDATES);
}

/**
 * Reads the answer in a completion, as docs/COMPLETIONS.md specifies.
 *
 * - Reasoning is skipped. An answer that is cut off is unreadable.
 * - Of several tool calls the last is read.
 * - Without tool calls, an action is searched for, in this order, inside `<action>` tags, inside fences and in the whole answer,
 * each time from the last to the first. The first object that follows the schema is taken; if none does, the message is about
 * the last object found.
 * - A search that would exceed its budget is given up.
 */
export function readCompletion(completion: string, budget = searchBudget(completion)): ReadAction {
  let reading: Reading | undefined;
  try {
    const text = completion.trim();
    budget.visit(completion.length - text.length);
    reading = new Reading(text, new ObjectSearch(text, budget));
    return reading.action();
  } catch (error) {
    if (!(error instanceof SearchGivenUp)) throw error;
    const complaint = reading?.complaint;
    const found = complaint === undefined ? '' : `; of the last object found: ${complaint.unreadable}`;
    return { unreadable: `the search for an action in the completion was given up, since ${error.message}${found}` };
  }
}

/** Reads one completion. */
class Reading {
  /** The problem of the last object found that is not an action. */
  complaint: Unreadable | undefined;
  private readonly text: string;
  private readonly search: ObjectSearch;

  constructor(text: string, search: ObjectSearch) {
    this.text = text;
    this.search = search;
  }

  action(): ReadAction {
    const { text, search } = this;
    const only = search.lone();
    if (only !== undefined) return this.object(only) ?? this.complaint ?? notAnAction(only);
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
    return this.complaint ?? this.nothing(answer);
  }

  /** The last action in the region; or, if there are calls, the last call and what follows it. */
  private lastIn(region: Region): ReadAction | undefined {
    const calls: ToolCall[] = [];
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

  /** Reads an object as an action. If it is not one, records the problem and returns undefined. */
  private object(object: Record<string, unknown>): ReadAction | undefined {
    const { action: wrapped } = object;
    const inner = !isAnswer(object) && isFields(wrapped) ? wrapped : object;
    const calls = isTyped(inner) ? undefined : callsOf(inner);
    if (calls !== undefined) return this.lastOf(calls);
    const action = isTyped(inner) ? validateAction(inner) : notAnAction(object);
    if (!isUnreadable(action)) return action;
    this.complaint ??= action;
    return undefined;
  }

  private lastOf(calls: readonly ToolCall[]): ReadAction {
    const last = calls.at(-1) ?? 'no call';
    const fields = actionFieldsOf(last, (json) => this.search.read(json));
    const action = typeof fields === 'string' ? { unreadable: fields } : validateAction(fields);
    const others = calls.length - 1;
    if (others > 0) {
      const remark = `${plural(others, 'other call')} ${others === 1 ? 'was' : 'were'} left out: a step plays the last one`;
      return remarked<ReadAction>(action, remark);
    }
    return action;
  }

  /**
   * Where the object begins that cuts the answer off: it looks like an action, is never closed, and no other action or call
   * begins after it. An object that is the value of a key, or an entry of a list, does not count as another one: it is a part
   * of the unclosed object.
   */
  private cutIn(region: Region): number | undefined {
    const { search } = this;
    const cuts = search.unclosedIn(region, FIRST_KEYS);
    if (cuts.length === 0) return undefined;
    const isWhole = search.lastFirst(region, ({ object, from, to }) => {
      // Everything inside an object counts as text.
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

/** Whether the object states an action type. */
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

/** The regions in which an action is searched for, in order: between each kind of marks, last first, and then the whole text. */
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
    // An opening mark that is never closed extends to the end.
    if (kind.from >= 0) kind.regions.push({ from: kind.from, to: answer.to });
    return kind.regions.reverse();
  });
  return [...regions, answer];
}

/**
 * Reads tool calls of models as the objects of actions. The budget of the search counts every character that is examined or
 * parsed as JSON.
 */
import { quote } from '../../lib/text.ts';
import { ACTION_TYPES } from '../schema.ts';
import { LenientError, LenientReader, setField } from './lenient-json.ts';
import {
  DEEPSEEK_CALL,
  DEEPSEEK_CALLS,
  DEEPSEEK_SEPARATOR,
  FUNCTION,
  PARAMETER,
  PYTHON_TAG,
  TOOL_CALL,
  TOOL_CALLS,
} from './marks.ts';
import type { Mark, ObjectSearch, Region } from './object-search.ts';

/** A call: its name and its arguments; or, as a text, why it cannot be read. */
export type ToolCall = { readonly name: string; readonly given: unknown } | string;

/** Reads a text as a JSON object; undefined if it is not one. */
type ReadJson = (text: string) => unknown;

type ActionFields = Readonly<Record<string, unknown>>;

const TYPES: ReadonlySet<string> = new Set(ACTION_TYPES);

/** Whether a value is an object with fields, and not a list. */
export function isFields(value: unknown): value is ActionFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The calls in an object; undefined if it is not a call. `CallText` reads the other forms. */
export function callsOf(object: ActionFields): readonly ToolCall[] | undefined {
  const { tool_calls, function: called, function_call, name } = object;
  if (Array.isArray(tool_calls) && tool_calls.length > 0) return tool_calls.map(oneCall);
  if (isFields(called)) return [namedCall(called)];
  if (isFields(function_call)) return [namedCall(function_call)];
  const isCall =
    typeof name === 'string' && (Object.hasOwn(object, 'arguments') || Object.hasOwn(object, 'parameters'));
  return isCall ? [namedCall(object)] : undefined;
}

function oneCall(value: unknown): ToolCall {
  if (!isFields(value)) return `a call is to be an object, got ${quote(value)}`;
  return isFields(value.function) ? namedCall(value.function) : namedCall(value);
}

/** Reads an object that has the name and the arguments of a call. */
function namedCall(object: ActionFields): ToolCall {
  const { name } = object;
  if (typeof name !== 'string') return `a call is to have a name, got ${quote(object)}`;
  return { name, given: object.arguments ?? object.parameters };
}

/** The fields of the call in the form of an action; or, as a text, why there are none. */
export function actionFieldsOf(call: ToolCall, read: ReadJson): ActionFields | string {
  if (typeof call === 'string') return call;
  const name = call.name.replace(/^functions\./, '');
  if (!TYPES.has(name)) {
    return `the call ${quote(call.name)} is of no action; expected one of ${ACTION_TYPES.join(', ')}`;
  }
  const given = typeof call.given === 'string' && call.given.trim() !== '' ? read(call.given) : call.given || {};
  if (!isFields(given)) {
    return `the arguments of ${name} are no object: got ${quote(call.given)}`;
  }
  const { action_type } = given;
  if (action_type != null && action_type !== name) {
    return `the call is of ${name}, but its action_type is ${quote(action_type)}`;
  }
  return { ...given, action_type: name };
}

// Tool calls in the forms that are not pure JSON: between marks, in Qwen's XML, and in Python syntax.

const OPENINGS: ReadonlySet<string> = new Set([TOOL_CALL[0], FUNCTION[0], TOOL_CALLS, DEEPSEEK_CALL[0], PYTHON_TAG]);
const IN_FUNCTION: ReadonlySet<string> = new Set([FUNCTION[1], FUNCTION[0], TOOL_CALL[0], TOOL_CALL[1]]);

/** The marks that end the call after an opening mark. */
const CLOSINGS: Readonly<Record<string, readonly string[]>> = {
  [TOOL_CALL[0]]: TOOL_CALL,
  [TOOL_CALLS]: [TOOL_CALLS],
  [DEEPSEEK_CALL[0]]: [...DEEPSEEK_CALL, DEEPSEEK_CALLS[1]],
};

/** Reads the tool calls in one region of a text. */
export class CallText {
  private readonly text: string;
  private readonly search: ObjectSearch;
  private readonly region: Region;
  private readonly marks: readonly Mark[];

  /** @param region The part of the text to read. Marks inside objects count as text. */
  constructor(text: string, search: ObjectSearch, region: Region) {
    this.text = text;
    this.search = search;
    this.region = region;
    const inside = search.marks.filter(({ at, end }) => at >= region.from && end <= region.to);
    const isCalling = inside.some(({ name }) => OPENINGS.has(name));
    this.marks = isCalling ? inside.filter(({ at }) => !search.isInObject(at)) : [];
  }

  /** All calls, in the order of the text. */
  calls(): ToolCall[] {
    const listed = this.pythonList(this.region.from, false);
    if (listed !== undefined) return listed;
    const calls: ToolCall[] = [];
    let behind = 0;
    for (const [i, { name, at, end }] of this.marks.entries()) {
      if (at < behind || !OPENINGS.has(name)) continue;
      const before = calls.length;
      if (name === PYTHON_TAG)
        calls.push(...(this.pythonList(end, true) ?? this.within({ from: end, to: this.region.to })));
      else if (name === FUNCTION[0]) calls.push(this.xml(i));
      else {
        const region = { from: end, to: this.endOf(i, name) };
        // Qwen puts its functions inside the tags of Hermes.
        if (this.marks[i + 1]?.name === FUNCTION[0] && this.text.slice(end, this.marks[i + 1]?.at).trim() === '')
          continue;
        if (name === TOOL_CALL[0]) calls.push(...this.within(region));
        else if (name === TOOL_CALLS) calls.push(...this.mistral(region));
        else calls.push(this.deepseek(i, region));
        behind = region.to;
      }
      if (calls.length === before) calls.push(`nothing that can be read as a call follows ${name}`);
    }
    return calls;
  }

  /** Where the call ends that begins with this mark: at the closing mark, at the next call, or with the answer. */
  private endOf(i: number, name: string): number {
    return this.next(i, CLOSINGS[name] ?? [])?.at ?? this.region.to;
  }

  /** The first of these marks after the one at `i`. */
  private next(i: number, names: readonly string[]): Mark | undefined {
    for (let next = i + 1; next < this.marks.length; next++) {
      this.search.budget.visit(1);
      const mark = this.marks[next];
      if (mark !== undefined && names.includes(mark.name)) return mark;
    }
    return undefined;
  }

  /** The objects of a region, each of which is a call or an action. */
  private within(region: Region): ToolCall[] {
    const calls: ToolCall[] = [];
    this.search.lastFirst(region, ({ object }) => {
      calls.unshift(...(callsOf(object) ?? [asCall(object)]));
      return undefined;
    });
    return calls;
  }

  /** `NAME[ARGS]{...}`, with or without `[ARGS]`, or a list of objects. */
  private mistral(region: Region): ToolCall[] {
    const reader = new LenientReader(this.text, region.from, region.to);
    const name = reader.word();
    return name === '' ? this.within(region) : [this.given(name, { from: reader.at, to: region.to })];
  }

  /** `NAME<sep>{...}`, or `function<sep>NAME`, a fence and the object in it. */
  private deepseek(i: number, region: Region): ToolCall {
    const separator = this.marks[i + 1];
    if (separator?.name !== DEEPSEEK_SEPARATOR || separator.at > region.to)
      return 'a call has no name and no arguments';
    const kind = this.text.slice(region.from, separator.at).trim();
    const reader = new LenientReader(this.text, separator.end, region.to);
    const name = kind === 'function' ? reader.word() : kind;
    return this.given(name, { from: reader.at, to: region.to });
  }

  /** A call with this name and the first object of the region as its arguments. */
  given(name: string, region: Region): ToolCall {
    let given: unknown;
    this.search.lastFirst(region, ({ object }) => {
      given = object;
      return undefined;
    });
    return given === undefined ? `the call of ${name} has no arguments that can be read` : { name, given };
  }

  /** `<function=NAME><parameter=KEY>VALUE</parameter></function>`. */
  private xml(i: number): ToolCall {
    const { text, marks, search } = this;
    const named = this.tagValue(marks[i]);
    if (named === undefined) return 'a call is cut off in its name';
    const given: Record<string, unknown> = {};
    let isClosed = false;
    for (let next = i + 1; next < marks.length; next++) {
      const mark = marks[next];
      if (mark === undefined) break;
      if (IN_FUNCTION.has(mark.name)) {
        isClosed = true;
        break;
      }
      if (mark.name !== PARAMETER[0]) continue;
      const key = this.tagValue(mark);
      const end = this.next(next, [PARAMETER[1]]);
      if (key === undefined || end === undefined) return `the call of ${named.name} is cut off`;
      search.budget.visit(end.at - key.end);
      const value = text.slice(key.end, end.at).trim();
      setField(given, key.name, value === 'null' ? null : value);
      while (marks[next] !== end) next++;
    }
    const isEmpty = Object.keys(given).length === 0;
    return isEmpty && !isClosed ? `the call of ${named.name} is cut off` : { name: named.name, given };
  }

  /** The text from the mark to the next `>`. */
  private tagValue(mark: Mark | undefined): { name: string; end: number } | undefined {
    if (mark === undefined) return undefined;
    const reader = new LenientReader(this.text, mark.end, this.region.to);
    const name = reader.word();
    return name !== '' && reader.takes('>') ? { name, end: reader.at } : undefined;
  }

  /** `[NAME(KEY=VALUE, ...), ...]`; undefined if no such list begins there. */
  private pythonList(from: number, isTagged: boolean): ToolCall[] | undefined {
    const { text, search, region } = this;
    const reader = new LenientReader(text, from, region.to);
    if (!reader.takes('[') && !isTagged) return undefined;
    const calls: ToolCall[] = [];
    let firstName = '';
    try {
      do {
        const name = reader.word();
        firstName ||= name;
        if (calls.length > 0 && reader.takes(']')) break;
        if (name === '' || !reader.takes('(')) {
          if (calls.length === 0) return undefined;
          calls.push('a call is cut off');
          break;
        }
        calls.push(`the call of ${name} is cut off or cannot be read`);
        const given: Record<string, unknown> = {};
        while (!reader.takes(')')) {
          const key = reader.word();
          if (key === '' || !reader.takes('=')) {
            throw new LenientError(`expected KEY=VALUE at position ${reader.at} of the completion`);
          }
          setField(given, key, reader.value());
          if (reader.takes(',')) continue;
          if (!reader.takes(')'))
            throw new LenientError(`expected a , or a ) at position ${reader.at} of the completion`);
          break;
        }
        calls[calls.length - 1] = { name, given };
      } while (reader.takes(','));
    } catch (error) {
      if (!(error instanceof LenientError)) throw error;
      // Words in brackets are not a call.
      if (calls.length === 1 && !isTagged && !TYPES.has(firstName)) return undefined;
      calls[calls.length - 1] = `${calls.at(-1)}: ${error.message}`;
    } finally {
      search.budget.visit(Math.min(reader.at, region.to) - from);
    }
    return calls;
  }
}

/** An action between the marks of a call counts as a call. */
function asCall(object: Readonly<Record<string, unknown>>): ToolCall {
  const { name, action_type } = object;
  if (typeof action_type === 'string') return { name: action_type, given: object };
  return typeof name === 'string' ? { name, given: {} } : 'a call has no name';
}

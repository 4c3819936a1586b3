/**
 * Reads tool calls of models as the objects of actions. The budget of the search counts every character that is examined or
 * parsed as JSON.
 */
import { quote } from '../lib/text.ts';
import { ACTION_TYPES } from './schema.ts';

/** A call: its name and its arguments; or, as a text, why it cannot be read. */
export type Call = { readonly name: string; readonly given: unknown } | string;

/** Reads a text as a JSON object; undefined if it is not one. */
export type ReadJson = (text: string) => unknown;

type Fields = Readonly<Record<string, unknown>>;

const TYPES: ReadonlySet<string> = new Set(ACTION_TYPES);

/** Whether the name is that of an action. */
export function isAction(name: string): boolean {
  return TYPES.has(name);
}

/** Whether a value is an object with fields, and not a list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The calls in an object; undefined if it is not a call. call-text.ts reads the other forms. */
export function callsOf(object: Fields): readonly Call[] | undefined {
  const { tool_calls, function: called, function_call, name } = object;
  if (Array.isArray(tool_calls) && tool_calls.length > 0) return tool_calls.map(oneCall);
  if (isFields(called)) return [namedCall(called)];
  if (isFields(function_call)) return [namedCall(function_call)];
  const isCall =
    typeof name === 'string' && (Object.hasOwn(object, 'arguments') || Object.hasOwn(object, 'parameters'));
  return isCall ? [namedCall(object)] : undefined;
}

function oneCall(value: unknown): Call {
  if (!isFields(value)) return `a call is to be an object, got ${quote(value)}`;
  return isFields(value.function) ? namedCall(value.function) : namedCall(value);
}

/** Reads an object that has the name and the arguments of a call. */
export function namedCall(object: Fields): Call {
  const { name } = object;
  if (typeof name !== 'string') return `a call is to have a name, got ${quote(object)}`;
  return { name, given: object.arguments ?? object.parameters };
}

/** The fields of the call in the form of an action; or, as a text, why there are none. */
export function fieldsOf(call: Call, read: ReadJson): Fields | string {
  if (typeof call === 'string') return call;
  const name = call.name.replace(/^functions\./, '');
  if (!isAction(name)) {
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

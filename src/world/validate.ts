/** Converts zod errors to readable lines: JSON path, what was expected, the offending value. */
import type { z } from 'zod';
import { ValidationError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';

/** The maximum number of problems listed for one document, and of unknown keys of one object. */
const MAX_ISSUES = 20;
const MAX_KEYS = 20;

/** `emails[3].priority`, or `(root)`. */
function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[A-Za-z_]\w*$/.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${quote(String(key))}]`;
  }
  return text === '' ? '(root)' : text;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** What was expected and what was found: `expected one of "critical"|"high"..., got "urgent"`, and the value itself. */
export function describeIssue(issue: z.core.$ZodIssue, input: unknown): { message: string; value: unknown } {
  const value = valueAt(input, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.slice(0, MAX_KEYS).map((key) => quote(key));
    const more = issue.keys.length - keys.length;
    const and = more === 0 ? '' : ` and ${more} more`;
    return { message: `unknown ${issue.keys.length === 1 ? 'key' : 'keys'} ${keys.join(', ')}${and}`, value };
  }
  const expected = issue.message
    .replace(/^(Invalid (input|option)|Too (small|big)): /, '')
    .replace(/, received .*$/, '');
  return { message: value === undefined ? `missing, ${expected}` : `${expected}, got ${quote(value)}`, value };
}

/** One line per problem: `emails[3].priority: expected one of "critical"|"high"..., got "urgent"`. */
export function describeIssues(error: z.ZodError, input: unknown): string[] {
  const listed = error.issues.slice(0, MAX_ISSUES);
  const lines = listed.map((issue) => `${formatPath(issue.path)}: ${describeIssue(issue, input).message}`);
  const more = error.issues.length - listed.length;
  return more === 0 ? lines : [...lines, `... and ${more} more`];
}

/**
 * The parsed value.
 * @param subject A description of the input for the first line of the message: `scenario "x.json"`.
 * @throws ValidationError that lists every problem
 */
export function parseWith<S extends z.ZodType>(schema: S, input: unknown, subject: string): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new ValidationError(subject, describeIssues(result.error, input));
}

/**
 * The published environment reads scenario files with a lenient parser: `"30"` or `30.0` is an integer, `"yes"` or 1 a boolean.
 * A file that it accepts must load here, so these forms are converted to plain JSON before validation. Any other value stays as
 * it is, and the schema refuses it.
 */
const INTEGERS = new Set([
  'stress',
  'max_episode_steps',
  'duration_minutes',
  'importance',
  'after_step',
  'shift_all_meetings_hours',
]);
const BOOLEANS = new Set(['read', 'replied', 'cancelled', 'episode_active']);
const TRUE = new Set(['true', 't', 'yes', 'y', 'on', '1']);
const FALSE = new Set(['false', 'f', 'no', 'n', 'off', '0']);

function toInteger(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string' && /^\s*[+-]?\d+(_\d+)*(\.0*)?\s*$/.test(value))
    return Number(value.replaceAll('_', ''));
  return value;
}

function toBoolean(value: unknown): unknown {
  if (value === 0 || value === 1) return value === 1;
  if (typeof value !== 'string') return value;
  const word = value.toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : value;
}

/** The maximum depth of a scenario or drift file. The schema refuses anything deeper. */
const DEPTH = 5;

/** A copy of a scenario or drift document with lenient numbers and booleans converted. */
export function coerceDocument(document: unknown, depth = DEPTH): unknown {
  if (typeof document !== 'object' || document === null || depth === 0) return document;
  if (Array.isArray(document)) return document.map((item) => coerceDocument(item, depth - 1));
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => {
      if (INTEGERS.has(key)) return [key, toInteger(value)];
      if (BOOLEANS.has(key)) return [key, toBoolean(value)];
      return [key, coerceDocument(value, depth - 1)];
    }),
  );
}

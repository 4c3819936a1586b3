/** Converts zod errors to readable lines: JSON path, what was expected, the offending value. */
import type { z } from 'zod';
import { ValidationError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';

/** The maximum number of problems listed for one document, and of unknown keys of one object. */
const MAX_ISSUES = 20;
const MAX_KEYS = 20;

/** `emails[3].priority`, or `(root)`. */
export function formatPath(path: readonly PropertyKey[]): string {
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

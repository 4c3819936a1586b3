/** Answers to requests that cannot be served. They have the shapes of FastAPI, which clients of OpenEnv read. */
import { z } from 'zod';
import { GhostexecError, ValidationError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { describeIssue } from '../world/validate.ts';

const detailSchema = z.object({
  type: z.string().describe('The kind of the problem'),
  loc: z.array(z.union([z.string(), z.int()])).describe('The location: body, query or path, then keys and indices'),
  msg: z.string().describe('What was expected, and what was found'),
  input: z.unknown().describe('The offending value, shortened if it is long'),
});
type Detail = z.output<typeof detailSchema>;

export const invalidSchema = z.object({ detail: z.array(detailSchema) }).describe('The request is not valid');
export const refusedSchema = z
  .object({ detail: z.string(), code: z.string() })
  .describe('The request cannot be served');

/** A request that is refused. Any code may throw it; the surface that received the request turns it into an answer. */
export class Problem extends GhostexecError {
  override readonly name = 'Problem';
  readonly status: number;
  /** One entry for each mistake in the request (status 422); undefined if the request itself is valid. */
  readonly details: readonly Detail[] | undefined;
  /** Seconds after which the same request may succeed; undefined if waiting does not help. */
  readonly retryAfter: number | undefined = undefined;

  constructor(status: number, code: string, message: string, details?: readonly Detail[]) {
    super(code, message);
    this.status = status;
    this.details = details;
  }

  get body(): z.output<typeof invalidSchema> | z.output<typeof refusedSchema> {
    return this.details === undefined ? { detail: this.message, code: this.code } : { detail: [...this.details] };
  }
}

/** The problem (422) of one value that is not valid. */
export function invalid(loc: readonly (string | number)[], msg: string, input: unknown): Problem {
  return refuse([{ type: 'value_error', loc: [...loc], msg, input: excerpt(input) }]);
}

/** The maximum number of reported mistakes; a request may have millions. */
const MAX_DETAILS = 50;

/**
 * Validates a value of a request.
 * @param loc The location of the value in the request
 * @throws Problem (422) that lists the mistakes
 */
export function parseRequest<S extends z.ZodType>(schema: S, input: unknown, ...loc: string[]): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, MAX_DETAILS);
  throw refuse(issues.flatMap((issue) => detailsOf(issue, input, loc)).slice(0, MAX_DETAILS));
}

function refuse(details: readonly Detail[]): Problem {
  const message = details.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; ');
  return new Problem(422, 'VALIDATION_ERROR', message, details);
}

/** HTTP statuses of the errors that a VectorEnv throws on misuse, by code. */
const STATUSES: Readonly<Record<string, number>> = {
  VALIDATION: 422,
  UNKNOWN_TASK: 422,
  LENGTH: 422,
  BAD_DIVISION: 422,
  SNAPSHOT: 422,
  UNKNOWN_ENV: 404,
  RESET_NEEDED: 409,
  ALREADY_PENDING: 409,
  CAPACITY: 413,
  CLOSED: 404,
  SHARD_FAILED: 503,
};

/** A thrown error as a Problem; undefined if it is not a GhostexecError. */
export function problemOf(error: unknown, ...loc: string[]): Problem | undefined {
  if (error instanceof Problem) return error;
  if (!(error instanceof GhostexecError)) return undefined;
  const status = STATUSES[error.code] ?? 400;
  if (status !== 422) return new Problem(status, error.code, error.message);
  const messages = error instanceof ValidationError ? error.issues : [error.message];
  return refuse(messages.map((msg) => ({ type: 'value_error', loc, msg, input: null })));
}

const MAX_INPUT = 200;

/** A value as it appears in an answer: itself if it is short, else the beginning of its text. */
function excerpt(value: unknown): unknown {
  if (value === undefined) return null;
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string' && value.length <= MAX_INPUT) return value.toWellFormed();
  return quote(value, MAX_INPUT).toWellFormed();
}

function detailsOf(issue: z.core.$ZodIssue, input: unknown, prefix: readonly string[]): Detail[] {
  const loc = [...prefix, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  const { value, message } = describeIssue(issue, input);
  if (issue.code === 'unrecognized_keys') {
    const holder = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    return issue.keys.slice(0, MAX_DETAILS).map((key) => ({
      type: 'extra_forbidden',
      loc: [...loc, key],
      msg: `unknown key ${quote(key)}`,
      input: excerpt(Object.hasOwn(holder, key) ? holder[key] : undefined),
    }));
  }
  return [{ type: typeOf(issue, value), loc, msg: message, input: excerpt(value) }];
}

/** The name of an issue in pydantic, if pydantic has one. */
function typeOf(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined ? 'missing' : `${issue.expected}_type`;
    case 'invalid_value':
      return 'literal_error';
    case 'too_small':
      return issue.origin === 'string' ? 'string_too_short' : 'greater_than_equal';
    case 'too_big':
      return issue.origin === 'string' ? 'string_too_long' : 'less_than_equal';
    default:
      return 'value_error';
  }
}

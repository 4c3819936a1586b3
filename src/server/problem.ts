/** What a request that cannot be served is answered: the shapes of FastAPI, which clients of OpenEnv read. */
import { z } from 'zod';
import { GhostexecError, ValidationError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { describeIssue } from '../world/validate.ts';

const detailSchema = z.object({
  type: z.string().describe('Kind of problem'),
  loc: z.array(z.union([z.string(), z.int()])).describe('Where: body, query or path, then keys and indices'),
  msg: z.string().describe('What was expected, and what was found'),
  input: z.unknown().describe('The offending value; a long one is cut'),
});
type Detail = z.output<typeof detailSchema>;

export const invalidSchema = z.object({ detail: z.array(detailSchema) }).describe('The request is not valid');
export const refusedSchema = z
  .object({ detail: z.string(), code: z.string() })
  .describe('The request cannot be served');

/** A request that is refused. Thrown by whoever finds out, answered by the surface that received it. */
export class Problem extends GhostexecError {
  override readonly name = 'Problem';
  readonly status: number;
  /** One entry for each thing that is wrong, where the request itself is (status 422). */
  readonly details: readonly Detail[] | undefined;
  /** Seconds after which the same request may be served; undefined where waiting does not help. */
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

/** One value of a request is not what it should be. */
export function invalid(loc: readonly (string | number)[], msg: string, input: unknown): Problem {
  return refuse([{ type: 'value_error', loc: [...loc], msg, input: excerpt(input) }]);
}

/** At most this many things that are wrong are told of; a request may hold millions. */
const MAX_DETAILS = 50;

/** The value, or a Problem (422) that lists what is wrong with it. `loc` is where it stands in the request. */
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

/** Statuses of the errors that misuse of a VectorEnv throws. */
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

/** What was thrown, as a Problem; undefined where it is none of our errors. */
export function problemOf(error: unknown, ...loc: string[]): Problem | undefined {
  if (error instanceof Problem) return error;
  if (!(error instanceof GhostexecError)) return undefined;
  const status = STATUSES[error.code] ?? 400;
  if (status !== 422) return new Problem(status, error.code, error.message);
  const messages = error instanceof ValidationError ? error.issues : [error.message];
  return refuse(messages.map((msg) => ({ type: 'value_error', loc, msg, input: null })));
}

const MAX_INPUT = 200;

/** The value itself, if it is short. */
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

/** The name that pydantic has for it, where it has one. */
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

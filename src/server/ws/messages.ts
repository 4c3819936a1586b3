/** The messages of /ws and /text/ws: their schemas, how they are read, and how answers are written. */
import { z } from 'zod';
import { messageOf } from '../../lib/errors.ts';
import { parseBoundedJson } from '../../lib/json.ts';
import { decodeUtf8, quote } from '../../lib/text.ts';
import type { WireForm } from '../forms.ts';
import { invalid, Problem, parseRequest } from '../problem.ts';
import { requestIdSchema, resetDataSchema } from '../wire.ts';

const request_id = requestIdSchema;

/** The schema of the messages of a form. */
export function messageSchema({ action }: Pick<WireForm, 'action'>) {
  return z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('reset'), data: resetDataSchema.nullish(), request_id }),
    z.strictObject({ type: z.literal('step'), data: action, request_id }),
    z.strictObject({ type: z.literal('state'), request_id }),
    z.strictObject({ type: z.literal('close'), request_id }),
    z.strictObject({
      type: z.literal('mcp'),
      data: z.unknown().refine((data) => typeof data === 'object' && data !== null, {
        error: 'expected a JSON-RPC request',
      }),
      request_id,
    }),
    z.strictObject({ type: z.literal('resume'), data: z.strictObject({ session_token: z.string() }), request_id }),
  ]);
}
type MessageSchema = ReturnType<typeof messageSchema>;
export type SocketMessage = z.output<MessageSchema>;

/** @throws Problem (INVALID_JSON) */
export function readText(bytes: Buffer): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw new Problem(400, 'INVALID_JSON', `the message is not UTF-8: ${messageOf(error)}`);
  }
}

/**
 * Parses a message.
 * @param parse Throws if the text is not valid
 * @throws Problem (INVALID_JSON)
 */
export function readJsonText(bytes: Buffer, parse: WireForm['parse'] = parseBoundedJson): unknown {
  const text = readText(bytes);
  try {
    return parse(text);
  } catch (error) {
    throw new Problem(400, 'INVALID_JSON', `the message is not JSON that can be read: ${messageOf(error)}`);
  }
}

/** The request_id of a message, valid or not; undefined if there is none or it is not a valid id. */
export function requestIdOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, 'request_id')) return undefined;
  const { data } = requestIdSchema.safeParse((message as { request_id: unknown }).request_id);
  return data ?? undefined;
}

/** The request_id of a message that is refused unread; undefined if there is none. */
export function requestIdIn(bytes: Buffer): string | undefined {
  try {
    return requestIdOf(readJsonText(bytes));
  } catch {
    return undefined;
  }
}

/** @throws Problem (UNKNOWN_TYPE or VALIDATION_ERROR) */
export function readMessage(raw: unknown, schema: MessageSchema): SocketMessage {
  if (Array.isArray(raw)) throw invalid(['message'], 'expected a JSON object with a type, got a list', null);
  if (typeof raw !== 'object' || raw === null) {
    throw invalid(['message'], `expected a JSON object with a type, got ${quote(raw)}`, raw);
  }
  const type: unknown = 'type' in raw && Object.hasOwn(raw, 'type') ? raw.type : undefined;
  const types: unknown[] = schema.options.map(({ shape }) => shape.type.value);
  if (!types.includes(type)) {
    const what = type === undefined ? 'the message has no type' : `there is no message type ${quote(type)}`;
    throw new Problem(400, 'UNKNOWN_TYPE', `${what}; known: ${types.join(', ')}`);
  }
  return parseRequest(schema, raw);
}

/** A message with the answer to a reset, step or resume. @param answer The answer as JSON */
export function writtenObservation(answer: string, requestId: string | undefined): string {
  const more = requestId === undefined ? '' : `,"request_id":${JSON.stringify(requestId)}`;
  return `{"type":"observation","data":${answer}${more}}`;
}

/** A message that answers with `data`, as JSON. */
export function written(type: 'observation' | 'state' | 'mcp', data: unknown, requestId: string | undefined): string {
  return JSON.stringify({ type, data, request_id: requestId });
}

/**
 * An error message, as JSON.
 * @param more More keys of `data`, which only this error code has
 */
export function writtenError(
  code: string,
  { message, details }: Pick<Problem, 'message' | 'details'>,
  requestId?: string,
  more: object = {},
): string {
  const errors = details === undefined ? {} : { errors: details };
  return JSON.stringify({ type: 'error', data: { message, code, ...errors, ...more }, request_id: requestId });
}

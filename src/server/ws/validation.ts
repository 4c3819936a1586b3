/** The record of a /ws connection for OpenEnv's automatic validation (RFC 008). A validator needs the token of the server. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { digest } from '../guard.ts';
import { Problem } from '../problem.ts';
import type { Session } from '../session.ts';
import { requestIdSchema } from '../wire.ts';
import { readText, type SocketMessage } from './messages.ts';

/** The maximum number of recorded operations: a reset and 100 steps, and the state after each. */
const MAX_RECORDS = 202;
/** The longest answer that the validator reads, in bytes. */
const MAX_ANSWER = 8 * 2 ** 20;
/** The maximum number of bytes of the answer besides the records. */
const ENVELOPE = 4_096;
const CAPABILITY_BYTES = 32;

const schema_version = z.literal(1);
const request_id = requestIdSchema;
const messageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('validation_open'),
    data: z.strictObject({ schema_version, token: z.string() }),
    request_id,
  }),
  z.strictObject({
    type: z.literal('validation_read'),
    data: z.strictObject({ schema_version, capability: z.string() }),
    request_id,
  }),
]);
const TYPES: ReadonlySet<unknown> = new Set(messageSchema.options.map(({ shape }) => shape.type.value));

type Seed = { readonly requested: boolean; readonly accepted: boolean; readonly value: number | null };

/** Records the operations of one connection once validation was opened on it. */
export class Validation {
  private readonly token: Buffer;
  /** Digest of the capability; undefined until validation is opened. */
  private capability: Buffer | undefined;
  /** The records, each as JSON. */
  private readonly records: string[] = [];
  private bytes = ENVELOPE;
  /** Why the record is not complete; null if it is. */
  private reason: string | null = null;
  private seed: Seed | null = null;

  /** @param token Digest of the token that opens validation. */
  constructor(token: Buffer) {
    this.token = token;
  }

  /** Whether a message has a type of validation. The message may be invalid otherwise. */
  concerns(raw: unknown): boolean {
    return typeof raw === 'object' && raw !== null && 'type' in raw && TYPES.has(raw.type);
  }

  /**
   * Answers a message of validation.
   * @param playing Whether an episode has begun in the session; then it is too late to open validation.
   * @throws Problem (VALIDATION_ERROR)
   */
  answer(raw: unknown, playing: boolean): string {
    const { data: message } = messageSchema.safeParse(raw);
    if (message?.type === 'validation_open') {
      if (this.capability !== undefined || playing || !isSame(message.data.token, this.token)) throw refused();
      const capability = randomBytes(CAPABILITY_BYTES).toString('base64url');
      this.capability = digest(capability);
      return envelope('validation_open', JSON.stringify({ schema_version: 1, capability }), message.request_id);
    }
    if (message === undefined || this.capability === undefined) throw refused();
    if (!isSame(message.data.capability, this.capability)) throw refused();
    return envelope('validation', this.snapshot(), message.request_id);
  }

  /** Records a message that was carried out, and its answer. Does nothing unless validation was opened. */
  keep(message: SocketMessage, bytes: Buffer, answer: string | undefined, session: Session): void {
    if (this.capability === undefined || this.reason !== null) return;
    const { type } = message;
    if (type === 'resume') this.reason = 'another session was resumed';
    if (answer === undefined || (type !== 'reset' && type !== 'step' && type !== 'state')) return;
    // The record has the bytes as they were sent: the validator would see 1.0 and 1 as different values.
    const record = `{"operation":"${type}","request":${readText(bytes)},"response":${answer}}`;
    const size = Buffer.byteLength(record) + 1;
    if (this.records.length >= MAX_RECORDS) this.reason = `more than ${MAX_RECORDS} operations`;
    else if (this.bytes + size > MAX_ANSWER) this.reason = `more than ${MAX_ANSWER} bytes`;
    if (this.reason !== null) return;
    this.records.push(record);
    this.bytes += size;
    if (message.type !== 'reset') return;
    const value = message.data?.seed ?? null;
    this.seed = { requested: value !== null, accepted: value === session.answer?.observation.seed, value };
  }

  private snapshot(): string {
    const { records, reason, seed } = this;
    const about = { schema_version: 1, source: 'openenv-server', complete: reason === null, reason };
    const trajectory = `${JSON.stringify(about).slice(0, -1)},"records":[${records.join(',')}]}`;
    return `{"schema_version":1,"seed":${JSON.stringify(seed)},"trajectory":${trajectory}}`;
  }
}

function envelope(type: string, data: string, requestId: string | null | undefined): string {
  const id = requestId === null || requestId === undefined ? '' : `,"request_id":${JSON.stringify(requestId)}`;
  return `{"type":"${type}","data":${data}${id}}`;
}

/** Compares digests, which have one length, in constant time, so that the duration reveals nothing about the secret. */
function isSame(given: string, expected: Buffer): boolean {
  return timingSafeEqual(digest(given), expected);
}

/** One answer for every mistake. It does not quote the message, which may hold a secret with a typing error. */
function refused(): Problem {
  return new Problem(
    403,
    'VALIDATION_ERROR',
    'validation is refused: expected validation_open {schema_version: 1, token} once, with the token of this server and before ' +
      'the first episode, or validation_read {schema_version: 1, capability} with the capability of this connection',
  );
}

/** JSON or msgpack: the format of a request, and the format of its answer. */
import type { FastifyRequest } from 'fastify';
import { packPlain, unpackEach, unpackSafely } from '../../lib/msgpack.ts';
import { Turn } from '../../lib/turn.ts';
import type { App } from '../app.ts';
import type { Gate } from '../large-requests.ts';
import { Problem } from '../problem.ts';
import { type BatchOutcome, resultRows } from './outcome.ts';
import type { Format } from './wire.ts';

/** Media types of msgpack. Answers have the first one. */
export const MSGPACK_TYPES = ['application/msgpack', 'application/x-msgpack', 'application/vnd.msgpack'];
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  msgpack: 'application/msgpack',
};

/**
 * Adds msgpack to one scope of the app: reads msgpack bodies, and sends refusals in the format that the client accepts.
 * A body may hold binary data only as a direct value, as `snapshot` is.
 */
export function addFormats(app: App, gate: Gate): void {
  app.addContentTypeParser(
    MSGPACK_TYPES,
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: string | Buffer) => {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      if (bytes.length === 0) return {};
      await gate.turnOf(bytes.length);
      try {
        return unpackSafely(bytes, 1);
      } catch (error) {
        const msg = error instanceof Error ? error.message : String(error);
        throw new Problem(422, 'INVALID_MSGPACK', msg, [{ type: 'msgpack_invalid', loc: ['body'], msg, input: null }]);
      }
    },
  );
  app.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode < 400 || typeof payload !== 'string' || answerFormat(request) === 'json') return payload;
    reply.type(CONTENT_TYPES.msgpack);
    const packed = packPlain(JSON.parse(payload));
    reply.header('content-length', packed.length);
    return packed;
  });
}

/** The format that Accept prefers. If there is no Accept, or it weighs both formats alike, the format of the request. */
export function answerFormat({ headers }: Pick<FastifyRequest, 'headers'>): Format {
  const asked = formatOfType(headers['content-type'] ?? '') ?? 'json';
  const accept = headers.accept;
  if (accept === undefined) return asked;
  const weights = { json: 0, msgpack: 0 };
  for (const range of accept.split(',')) {
    const format = formatOfType(range);
    if (format !== undefined) weights[format] = Math.max(weights[format], weightOf(range));
  }
  if (weights.json === weights.msgpack) return asked;
  return weights.json > weights.msgpack ? 'json' : 'msgpack';
}

function formatOfType(text: string): Format | undefined {
  const type = (text.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (MSGPACK_TYPES.includes(type)) return 'msgpack';
  return type === 'application/json' ? 'json' : undefined;
}

function weightOf(range: string): number {
  const weight = Number(/;\s*q=([\d.]+)/i.exec(range)?.[1] ?? 1);
  return Number.isNaN(weight) ? 1 : weight;
}

// Answers as JSON. Rows are written a few at a time, and other requests are served in between.

const ROWS_AT_ONCE = 64;

/** A JSON object of the given fields (at least one) and the rows of `outcome` as `results`. */
export async function jsonAnswer(
  fields: Readonly<Record<string, unknown>>,
  outcome: BatchOutcome | undefined,
): Promise<Buffer> {
  const head = JSON.stringify(fields);
  if (outcome === undefined) return Buffer.from(head);
  const parts = [Buffer.from(`${head.slice(0, -1)},"results":[`)];
  const turn = new Turn();
  for (let from = 0; from < outcome.envIds.length; from += ROWS_AT_ONCE) {
    await turn.rest();
    const rows = JSON.stringify(resultRows(outcome, from, from + ROWS_AT_ONCE)).slice(1, -1);
    parts.push(Buffer.from(from === 0 ? rows : `,${rows}`));
  }
  parts.push(Buffer.from(']}'));
  return Buffer.concat(parts);
}

/**
 * Converts the msgpack answer that `frameAnswer` wrote for an outcome into the JSON that `jsonAnswer` would write.
 * @param most The maximum number of bytes of the JSON
 * @returns undefined if the JSON would be longer
 */
export async function jsonOfFrame(frame: Uint8Array, most: number): Promise<Buffer | undefined> {
  const { fields, rows } = openFrame(frame);
  const parts = [Buffer.from(`${JSON.stringify(fields).slice(0, -1)},"results":[`)];
  let size = parts[0]?.length ?? 0;
  const turn = new Turn();
  for (let at = rows; at < frame.length; ) {
    await turn.rest();
    const some: unknown[] = [];
    unpackEach(frame, at, (row, end) => {
      at = end;
      return some.push(row) < ROWS_AT_ONCE;
    });
    const part = Buffer.from(`${parts.length === 1 ? '' : ','}${JSON.stringify(some).slice(1, -1)}`);
    size += part.length;
    if (size > most) return undefined;
    parts.push(part);
  }
  parts.push(Buffer.from(']}'));
  return Buffer.concat(parts);
}

/** The fields of a msgpack answer without its results, and the offset of its first row. The results come last. */
function openFrame(frame: Uint8Array): { fields: Record<string, unknown>; rows: number } {
  const fields: Record<string, unknown> = {};
  let key: string | undefined;
  let results = 0;
  // The fields begin after the header of the map, which is one byte for so few fields.
  unpackEach(frame, 1, (value, end) => {
    if (key === undefined) key = String(value);
    else {
      fields[key] = value;
      key = undefined;
    }
    results = end;
    return key !== 'results';
  });
  const header = frame[results] ?? 0;
  // The header of the list takes 1 byte for up to 15 rows, 3 bytes for a 16-bit length and 5 for a 32-bit one.
  return { fields, rows: results + (header < 0xa0 ? 1 : header === 0xdc ? 3 : 5) };
}

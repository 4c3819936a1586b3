/** JSON or msgpack: the format of a request, and the format of its answer. */
import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Double,
  freePacked,
  packableInteger,
  packPlain,
  TextParts,
  unpackEach,
  unpackSafely,
} from '../../lib/msgpack.ts';
import { Turn } from '../../lib/turn.ts';
import { isCut, joinParts } from '../../sim/observation/observe.ts';
import type { Batch } from '../../vector/batch.ts';
import type { App } from '../app.ts';
import type { Gate } from '../large-requests.ts';
import { Problem } from '../problem.ts';
import { type BatchOutcome, type RowOf, resultRows } from './outcome.ts';
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

// Answers in either format are written from the same rows, a few at a time. Other requests are served in between.

/** Few rows make a short text. V8 would allocate and free the pages of a long one each time. */
const ROWS_AT_ONCE = 16;

type Fields = Readonly<Record<string, unknown>>;

/** An answer of the given fields (at least one), and the rows of `outcome` as `results`. */
export async function writeAnswer(format: Format, fields: Fields, outcome?: BatchOutcome): Promise<Buffer> {
  if (outcome === undefined) return format === 'json' ? Buffer.from(JSON.stringify(fields)) : packPlain(fields);
  return concat(partsOf(format, fields, outcome));
}

/** Sends the same answer. If it is long, its rows are sent while further rows are written, and it has no Content-Length. */
export async function sendRows(
  reply: FastifyReply,
  format: Format,
  fields: Fields,
  outcome: BatchOutcome,
): Promise<void> {
  if (outcome.envIds.length <= ROWS_AT_ONCE) {
    reply.send(await writeAnswer(format, fields, outcome));
    return;
  }
  const { raw } = reply.hijack();
  raw.writeHead(reply.statusCode, reply.getHeaders() as OutgoingHttpHeaders);
  const turn = new Turn();
  try {
    for (const part of partsOf(format, fields, outcome)) {
      // The part leaves at once, in one call of the kernel with the bytes that frame it.
      raw.socket?.cork();
      raw.write(part);
      raw.socket?.uncork();
      // Once the kernel has a part, the next one may use its memory.
      if (raw.writableLength === 0) freePacked(part);
      await turn.rest();
      if (raw.destroyed) return;
    }
    raw.end();
  } catch (error) {
    raw.destroy();
    throw error;
  }
}

function partsOf(format: Format, fields: Fields, outcome: BatchOutcome): Generator<Buffer> {
  if (format === 'msgpack') return msgpackParts(fields, outcome.envIds.length, rowsOf(outcome, packableBriefing));
  return jsonParts(fields, rowsOf(outcome));
}

/**
 * Converts an answer with rows from msgpack to JSON.
 * @param most The maximum number of bytes of the JSON
 * @throws Problem (413) if the JSON would be longer
 */
export async function toJson(answer: Uint8Array, most: number): Promise<Buffer> {
  const { fields, rows } = openAnswer(answer);
  return concat(jsonParts(fields, rowsFrom(answer, rows)), (size) => {
    if (size <= most) return;
    const why = `the request was carried out, and its answer of ${answer.length} bytes is too large for JSON`;
    throw new Problem(413, 'ANSWER_TOO_LARGE', `${why}; send the request again and accept msgpack`);
  });
}

/** @param check Called with the number of bytes after each part. */
async function concat(parts: Iterable<Buffer>, check?: (size: number) => void): Promise<Buffer> {
  const turn = new Turn();
  const written: Buffer[] = [];
  let size = 0;
  for (const part of parts) {
    size += part.length;
    check?.(size);
    written.push(part);
    await turn.rest();
  }
  return Buffer.concat(written, size);
}

function* rowsOf<T>(
  outcome: BatchOutcome,
  briefingOf?: (batch: Batch, i: number) => T | string,
): Generator<RowOf<T | string>[]> {
  for (let from = 0; from < outcome.envIds.length; from += ROWS_AT_ONCE) {
    yield resultRows(outcome, from, from + ROWS_AT_ONCE, briefingOf);
  }
}

function* jsonParts(fields: Fields, chunks: Iterable<readonly unknown[]>): Generator<Buffer> {
  let before = `${JSON.stringify(fields).slice(0, -1)},"results":[`;
  for (const rows of chunks) {
    yield Buffer.from(before + JSON.stringify(rows).slice(1, -1));
    before = ',';
  }
  yield Buffer.from(before === ',' ? ']}' : `${before}]}`);
}

/** The first byte of a list whose length takes four bytes. */
const LIST = 0xdd;
const LIST_HEADER = 5;
/** Below this length, the header of a list takes one byte; up to 65,535 it takes three. */
const SHORT_LIST = 16;

function* msgpackParts(fields: Fields, count: number, chunks: Iterable<readonly RowOf<unknown>[]>): Generator<Buffer> {
  const header = Buffer.alloc(LIST_HEADER, LIST);
  header.writeUInt32BE(count, 1);
  // The header of the empty list, one byte, makes way for that of the list of rows.
  yield Buffer.concat([packPlain({ ...fields, results: [] }).subarray(0, -1), header]);
  for (const rows of chunks) yield packPlain(rows.map(packableRow)).subarray(rows.length < SHORT_LIST ? 1 : 3);
}

/** A briefing that msgpack writes from the bytes of its sections, which are known. */
function packableBriefing(batch: Batch, i: number): TextParts | string {
  const parts = batch.briefingParts(i);
  return isCut(parts) ? joinParts(parts) : new TextParts(parts.head, parts.sections);
}

/** A row whose rewards msgpack writes as doubles, and whose seeds as integers. */
function packableRow(row: RowOf<unknown>): unknown {
  const { observation, reward } = row;
  if (observation === null || reward === null) return row;
  const { reward_breakdown: breakdown, metadata } = observation;
  const seed = packableInteger(observation.seed);
  return {
    ...row,
    observation: {
      ...observation,
      seed,
      ...(breakdown ? { reward_breakdown: doubles(breakdown) } : {}),
      ...(metadata ? { metadata: { ...metadata, seed } } : {}),
    },
    reward: new Double(reward),
  };
}

function doubles(numbers: Readonly<Record<string, number | undefined>>): Record<string, Double> {
  const packable: Record<string, Double> = {};
  for (const key in numbers) packable[key] = new Double(numbers[key] ?? 0);
  return packable;
}

/** The fields of a msgpack answer without its results, and the index of its first row. The results come last. */
function openAnswer(answer: Uint8Array): { fields: Record<string, unknown>; rows: number } {
  const fields: Record<string, unknown> = {};
  let key: string | undefined;
  let results = 0;
  // The fields begin after the header of the map.
  unpackEach(answer, packPlain({}).length, (value, end) => {
    if (key === undefined) key = String(value);
    else {
      fields[key] = value;
      key = undefined;
    }
    results = end;
    return key !== 'results';
  });
  return { fields, rows: results + LIST_HEADER };
}

function* rowsFrom(answer: Uint8Array, from: number): Generator<readonly unknown[]> {
  for (let at = from; at < answer.length; ) {
    const rows: unknown[] = [];
    unpackEach(answer, at, (row, end) => {
      at = end;
      return rows.push(row) < ROWS_AT_ONCE;
    });
    yield rows;
  }
}

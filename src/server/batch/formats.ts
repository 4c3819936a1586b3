/** JSON or msgpack: the format of a request, and the format of its answer. */
import type { FastifyRequest } from 'fastify';
import { packPlain, unpackSafely } from '../../lib/msgpack.ts';
import type { App } from '../app.ts';
import type { Gate } from '../gate.ts';
import { Problem } from '../problem.ts';
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

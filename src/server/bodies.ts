/** Reads bodies of requests as JSON, whatever their content type. An empty body is `{}`. */
import { type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyRequest, RequestPayload } from 'fastify';
import { messageOf } from '../lib/errors.ts';
import { refuseCostly } from '../lib/json.ts';
import { decodeUtf8, quote } from '../lib/text.ts';
import type { App, Context } from './app.ts';
import type { Gate } from './large-requests.ts';
import { Problem } from './problem.ts';

// * Decodes gzip bodies of requests. The decoded bytes count towards the limit of a body and the limit of all incoming bytes, so a small body that decodes to a large one is refused as soon as it is too large.

const MIB = 2 ** 20;
/** Methods whose bodies are not read. */
const BODYLESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export function addEncodings(app: App, { options, incoming }: Pick<Context, 'options' | 'incoming'>): void {
  const limit = options.bodyLimit * MIB;
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { raw, headers, method } = request;
    const encoding = headers['content-encoding'];
    if (encoding === undefined || BODYLESS.has(method) || isEmpty(headers)) return done(null, payload);
    switch (encoding.trim().toLowerCase()) {
      case 'identity':
      case '':
        return done(null, payload);
      case 'gzip':
      case 'x-gzip':
        return done(
          null,
          gunzip(payload, limit, (bytes) => incoming.add(raw.socket, bytes)),
        );
      default:
        reply.header('accept-encoding', 'gzip');
        done(unsupported(encoding));
    }
  });
}

/**
 * Returns the decoded body as a stream. The body is not read before that stream flows. The stream ends with a Problem if the body is
 * not gzip (400), or is larger than the limit, encoded or decoded (413). The rest of the body is then read and dropped.
 * @param limit The maximum number of bytes
 * @param onBytes Called with the number of bytes of each decoded chunk
 */
export function gunzip(body: Readable, limit: number, onBytes: (bytes: number) => void): RequestPayload {
  let encoded = 0;
  let decoded = 0;
  const decoder = createGunzip();
  const result = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      decoded += chunk.length;
      if (decoded > limit) return fail(tooLarge(limit));
      onBytes(chunk.length);
      next(null, chunk);
    },
  });
  const fail = (problem: Problem): void => {
    body.unpipe(decoder).resume();
    decoder.destroy();
    result.destroy(problem);
  };
  const count = (chunk: Buffer): void => {
    encoded += chunk.length;
    if (encoded > limit) fail(tooLarge(limit));
  };
  decoder.on('error', (error) => fail(unreadableBody(error)));
  // After a failure there may be no other listener, and an error without a listener would end the process.
  result.on('error', () => body.off('data', count));
  result.once('resume', () => {
    body.on('data', count).on('error', (error) => fail(new Problem(400, 'BAD_REQUEST', messageOf(error))));
    body.pipe(decoder).pipe(result);
  });
  // Fastify compares this property with the Content-Length.
  return Object.defineProperty(result, 'receivedEncodedLength', { get: () => encoded });
}

function isEmpty(headers: Readonly<Record<string, unknown>>): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

function tooLarge(limit: number): Problem {
  const detail = `the body is larger than the limit of ${limit / MIB} MiB, decoded (--body-limit)`;
  return new Problem(413, 'BODY_TOO_LARGE', detail);
}

function unreadableBody(error: unknown): Problem {
  return new Problem(400, 'INVALID_ENCODING', `the body is not gzip that can be decoded: ${messageOf(error)}`);
}

function unsupported(encoding: string): Problem {
  const detail = `the Content-Encoding ${quote(encoding)} is not supported; expected gzip, identity or none`;
  return new Problem(415, 'UNSUPPORTED_ENCODING', detail);
}

type Done = (error: Error | null, value?: unknown) => void;

export function addBodies(app: App, gate: Gate): void {
  const parseText = app.getDefaultJsonParser('error', 'error');
  const parse = (request: FastifyRequest, bytes: Buffer, done: Done): void => {
    let text: string;
    try {
      text = decodeUtf8(bytes);
    } catch (error) {
      done(unreadable(`it is not UTF-8 (${messageOf(error)})`));
      return;
    }
    try {
      refuseCostly(text);
    } catch (error) {
      done(unreadable(messageOf(error)));
      return;
    }
    parseText(request, text, (error, value) => (error ? done(unreadable(whyUnreadable(text))) : done(null, value)));
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (bytes.length === 0) return done(null, {});
    const turn = gate.turnOf(bytes.length);
    if (turn === undefined) parse(request, bytes, done);
    else void turn.then(() => parse(request, bytes, done));
  });
}

/** Why a body cannot be parsed. Fastify's parser itself gives no reason. */
function whyUnreadable(json: string): string {
  try {
    JSON.parse(json);
    return 'it has a key that no object may have: __proto__ or constructor.prototype';
  } catch (error) {
    return messageOf(error);
  }
}

/** The problem of a body that is not JSON. FastAPI answers it with 422, and clients expect that. */
function unreadable(why: string): Problem {
  const msg = `the body is not JSON that can be read: ${why}`;
  return new Problem(422, 'INVALID_JSON', msg, [{ type: 'json_invalid', loc: ['body'], msg, input: null }]);
}

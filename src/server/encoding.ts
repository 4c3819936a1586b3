/**
 * Decodes gzip bodies of requests. The decoded bytes count towards the limit of a body and the limit of all incoming bytes, so a small
 * body that decodes to a large one is refused as soon as it is too large.
 */
import { type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { RequestPayload } from 'fastify';
import { messageOf } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import type { App, Context } from './app.ts';
import { Problem } from './problem.ts';

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
  decoder.on('error', (error) => fail(unreadable(error)));
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

function unreadable(error: unknown): Problem {
  return new Problem(400, 'INVALID_ENCODING', `the body is not gzip that can be decoded: ${messageOf(error)}`);
}

function unsupported(encoding: string): Problem {
  const detail = `the Content-Encoding ${quote(encoding)} is not supported; expected gzip, identity or none`;
  return new Problem(415, 'UNSUPPORTED_ENCODING', detail);
}

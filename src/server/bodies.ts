/** Reads bodies of requests as JSON, whatever their content type. An empty body is `{}`. */
import type { FastifyRequest } from 'fastify';
import { messageOf } from '../lib/errors.ts';
import { refuseCostly } from '../lib/json.ts';
import { decodeUtf8 } from '../lib/text.ts';
import type { App } from './app.ts';
import type { Gate } from './gate.ts';
import { Problem } from './problem.ts';

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

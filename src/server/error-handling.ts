/** Answers every request that fails. An answer reveals nothing about the inside of the server. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { quote } from '../lib/text.ts';
import type { App, Context } from './app.ts';
import { MALFORMED_PATH } from './connections.ts';
import { pathOf } from './log.ts';
import { Problem, problemOf } from './problem.ts';

const MIB = 2 ** 20;
const MAX_PATH = 200;

export function addErrorHandling(app: App, { metrics, prefix }: Context): void {
  const answer = (reply: FastifyReply, problem: Problem): FastifyReply => {
    metrics.failed(problem.code);
    if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
    return reply
      .status(problem.status)
      .type('application/json; charset=utf-8')
      .serializer(JSON.stringify)
      .send(problem.body);
  };
  app.setErrorHandler((error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const known = problemOf(error, 'body') ?? fastifyProblem(error, request);
    if (known?.code === 'BODY_TOO_LARGE' || known?.code === 'INVALID_ENCODING') readOn(request, reply);
    if (known !== undefined) return answer(reply, known);
    request.log.error({ err: error }, 'a request failed because of an error in the server');
    return answer(reply, new Problem(500, 'INTERNAL', 'the server failed; its log says why'));
  });
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const { method, url } = request;
    const [route = ''] = url.split('?');
    if (url === MALFORMED_PATH) {
      return answer(reply, new Problem(400, 'MALFORMED_PATH', 'the path has a % that is not followed by UTF-8'));
    }
    const path = pathOf(request);
    const methods = prefix.methodsOf(route.replace(/^\w+:\/\/[^/]*/, ''));
    if (methods.length === 0 || methods.includes(method)) {
      const detail = `there is no ${method} ${quote(path, MAX_PATH)}; GET /docs lists all routes`;
      return answer(reply, new Problem(404, 'NOT_FOUND', detail));
    }
    const allowed = methods.join(', ');
    const detail = `${quote(path, MAX_PATH)} has no ${method}, only ${allowed}`;
    return answer(reply.header('allow', allowed), new Problem(405, 'METHOD_NOT_ALLOWED', detail));
  });
}

/** Problems that fastify itself reports: bodies that are too large or cut off, headers that are not valid. */
function fastifyProblem(error: FastifyError, request: FastifyRequest): Problem | undefined {
  const status = error.statusCode;
  if (status === undefined || status < 400 || status >= 500) return undefined;
  switch (status) {
    case 413: {
      const limit = request.routeOptions.bodyLimit / MIB;
      return new Problem(413, 'BODY_TOO_LARGE', `the body is larger than the limit of ${limit} MiB (--body-limit)`);
    }
    case 415:
      return new Problem(
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        'the Content-Type is not a media type; expected application/json',
      );
    default:
      return new Problem(status, 'BAD_REQUEST', error.message);
  }
}

/** Reads and drops the rest of a body: a client that is still sending would lose the answer if the connection were closed. */
function readOn(request: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection');
  request.raw.resume();
}

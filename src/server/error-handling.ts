/** Every request is answered, whatever is wrong with it. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import type { App, Context } from './app.ts';
import { Problem, problemOf } from './problem.ts';

export function addErrorHandling(app: App, { metrics }: Context): void {
  const answer = (reply: FastifyReply, problem: Problem): FastifyReply => {
    metrics.failed(problem.code);
    return reply
      .status(problem.status)
      .type('application/json; charset=utf-8')
      .serializer(JSON.stringify)
      .send(problem.body);
  };
  app.setErrorHandler((error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const known = problemOf(error, 'body') ?? fastifyProblem(error);
    if (known !== undefined) return answer(reply, known);
    request.log.error({ err: error }, 'a request failed for a reason of our own');
    return answer(reply, new Problem(500, 'INTERNAL', 'the server failed; its log says why'));
  });
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) =>
    answer(
      reply,
      new Problem(
        404,
        'NOT_FOUND',
        `there is no ${request.method} ${quote(request.url.split('?')[0] ?? '', 200)}; GET /docs lists what there is`,
      ),
    ),
  );
}

/** What fastify itself refuses: bodies that are too large or cut off, headers that make no sense. */
function fastifyProblem(error: FastifyError): Problem | undefined {
  const status = error.statusCode;
  if (status === undefined || status < 400 || status >= 500) return undefined;
  return new Problem(status, error.code ?? 'BAD_REQUEST', messageOf(error));
}

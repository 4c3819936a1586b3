/** The routes of the batch API, in JSON or msgpack. A request may name any of the environments of a batch. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { App, Context } from '../app.ts';
import { invalid, invalidSchema, Problem, refusedSchema } from '../problem.ts';
import { NOT_SEALED_HERE } from '../seal.ts';
import { AnswerSizes, refuseTooLarge } from './answer-size.ts';
import type { Listed } from './batches.ts';
import { addFormats, answerFormat, CONTENT_TYPES, MSGPACK_TYPES, toJson, writeAnswer } from './formats.ts';
import type { BatchOutcome } from './outcome.ts';
import type { BatchPlan } from './plan.ts';
import { fingerprint } from './remembered.ts';
import {
  addRequestSchema,
  batchResetSchema,
  batchStateSchema,
  batchStepSchema,
  createdSchema,
  createRequestSchema,
  deletedSchema,
  forkRequestSchema,
  type Includable,
  type Included,
  limitSchema,
  pathSchema,
  refuseLists,
  releasedSchema,
  releaseRequestSchema,
  restoreRequestSchema,
  resultsSchema,
  snapshotRequestSchema,
  snapshotSchema,
} from './wire.ts';

type RequestFields = Readonly<Record<string, unknown>>;
type Repeatable = { readonly request_id?: string | null | undefined };
/** Makes the bytes of an answer from its fields and, if there are any, its results. */
type Write = (fields: RequestFields, outcome?: BatchOutcome) => Promise<Buffer>;

export async function addBatchApi(app: App, { batches, metrics, seals, gate }: Context): Promise<void> {
  addFormats(app, gate);
  batches.onRecovery = (batch, recovery) =>
    app.log.warn({ batch, ...recovery }, 'a worker thread was lost and replaced');

  const send = async (request: FastifyRequest, reply: FastifyReply, fields: RequestFields): Promise<FastifyReply> => {
    const format = answerFormat(request);
    return reply.type(CONTENT_TYPES[format]).send(await writeAnswer(format, fields));
  };

  /** Answers a request that must not be carried out twice. Answers are remembered as msgpack, whatever format the client accepts. */
  const repeatable = async (
    request: FastifyRequest,
    reply: FastifyReply,
    call: string,
    { request_id, ...body }: Repeatable & RequestFields,
    answers: Listed['answers'],
    make: (write: Write) => Promise<Buffer>,
  ): Promise<FastifyReply> => {
    const format = answerFormat(request);
    reply.type(CONTENT_TYPES[format]);
    if (request_id === undefined || request_id === null) {
      return reply.send(await make((fields, outcome) => writeAnswer(format, fields, outcome)));
    }
    const write: Write = (fields, outcome) => writeAnswer('msgpack', { ...fields, request_id }, outcome);
    const bytes = await answers.answer(request_id, fingerprint(call, body), () => make(write));
    if (format === 'msgpack') return reply.send(bytes);
    const json = await toJson(bytes, batches.answerLimits.json);
    if (json !== undefined) return reply.send(json);
    const why = `the request was carried out, and its answer of ${bytes.length} bytes is too large for JSON`;
    throw new Problem(413, 'ANSWER_TOO_LARGE', `${why}; send the request again and accept msgpack`);
  };

  /** Refuses a request whose answer might not fit its format, before anything is played. */
  const refuseRows = (request: FastifyRequest, sizes: AnswerSizes, count: number): void => {
    const body = request.body as Repeatable & Parameters<typeof includedIn>[0];
    // The answer to a request with an id is always made in msgpack first.
    for (const format of new Set([answerFormat(request), ...(body.request_id ? (['msgpack'] as const) : [])])) {
      refuseTooLarge(format, count, sizes.row(format, includedIn(body)), batches.answerLimits);
    }
  };

  const common = { tags: ['Batch'], consumes: ['application/json', ...MSGPACK_TYPES.slice(0, 1)] };
  const produces = ['application/json', ...MSGPACK_TYPES.slice(0, 1)];
  /** Typed loosely, because the handlers send bytes that they have built themselves. */
  const answered = (ok: z.ZodType): Record<number, z.ZodType> => ({
    200: ok,
    404: refusedSchema,
    409: refusedSchema,
    413: limitSchema,
    422: invalidSchema,
    503: refusedSchema,
  });
  const params = pathSchema;
  const preValidation = async ({ params, body }: FastifyRequest): Promise<void> => {
    const { batch_id } = params as z.output<typeof pathSchema>;
    refuseLists(body, batches.find(batch_id).batch.mostEnvs, 'the batch has environments');
  };

  app.post(
    '/batch',
    {
      preValidation: async ({ body }) => refuseLists(body, batches.maxEnvs, 'the server may have environments'),
      schema: {
        ...common,
        produces,
        summary: 'Make a batch of environments and begin an episode in each',
        description:
          'Environments are numbered from 0. Each `group_size` environments in a row form a group, whose members begin every episode alike.',
        body: createRequestSchema,
        response: { ...answered(createdSchema), 429: limitSchema },
      },
    },
    async (request, reply) =>
      repeatable(request, reply, 'create', request.body, batches.creations, async (write) => {
        const refuse = ({ options }: BatchPlan): void =>
          refuseRows(request, new AnswerSizes(options.specs, options.autoreset), options.envSpecs.length);
        const { id } = await batches.create(request.body, refuse);
        const included = includedIn(request.body);
        try {
          return await batches.use(id, ({ batch }) =>
            batch.reset(EVERYTHING, included, (outcome) => write(idsOf(id, batch, outcome.envIds), outcome)),
          );
        } catch (error) {
          await batches.delete(id).catch(() => undefined);
          throw error;
        }
      }),
  );

  app.post(
    '/batch/:batch_id/step',
    {
      preValidation,
      schema: {
        ...common,
        produces,
        summary: 'Play one action in each environment, or in some of them',
        description:
          'The results have the order of `env_ids`. An error in one action or environment is reported in its result and does ' +
          'not affect the others. Requests for different environments may run at the same time.',
        params,
        body: batchStepSchema,
        response: answered(resultsSchema),
      },
    },
    async (request, reply) => {
      const began = performance.now();
      const { body } = request;
      return batches.use(request.params.batch_id, ({ id, batch, answers }) =>
        repeatable(request, reply, 'step', body, answers, async (write) => {
          refuseRows(request, batch.sizes, (body.env_ids ?? batch.envIds).length);
          return batch.step(body.actions, body.env_ids ?? undefined, includedIn(body), async (outcome) => {
            const bytes = await write({ batch_id: id }, outcome);
            metrics.stepped('batch', outcome.batch.size, began);
            return bytes;
          });
        }),
      );
    },
  );

  app.post(
    '/batch/:batch_id/reset',
    {
      preValidation,
      schema: {
        ...common,
        produces,
        summary: 'Begin a new episode in each environment, or in some of them',
        description: 'An environment whose worker thread was lost gets a new thread.',
        params,
        body: batchResetSchema,
        response: answered(resultsSchema),
      },
    },
    async (request, reply) => {
      const { body } = request;
      const { env_ids, seed, seeds, task_id, tasks } = body;
      const order = {
        envIds: env_ids ?? undefined,
        seed: seed ?? undefined,
        seeds: seeds ?? undefined,
        task: task_id ?? undefined,
        tasks: tasks ?? undefined,
      };
      return batches.use(request.params.batch_id, ({ id, batch, answers }) =>
        repeatable(request, reply, 'reset', body, answers, async (write) => {
          refuseRows(request, batch.sizes, (order.envIds ?? batch.envIds).length);
          return batch.reset(order, includedIn(body), (outcome) => write({ batch_id: id }, outcome));
        }),
      );
    },
  );

  app.post(
    '/batch/:batch_id/snapshot',
    {
      preValidation,
      schema: {
        ...common,
        produces,
        summary: 'Save the episodes of all environments, or of some of them, as bytes',
        description:
          'Any batch with the same scenarios can restore the snapshot, also on another server with the same --snapshot-key.',
        params,
        body: snapshotRequestSchema,
        response: answered(snapshotSchema),
      },
    },
    async (request, reply) =>
      batches.use(request.params.batch_id, async ({ id, batch }) => {
        const format = answerFormat(request);
        const count = (request.body.env_ids ?? batch.envIds).length;
        refuseTooLarge(format, count, batch.sizes.saved(format), batches.answerLimits);
        const { bytes, envIds } = await batch.snapshot(request.body.env_ids ?? undefined);
        const sealed = seals.batch.seal(bytes);
        const snapshot = format === 'json' ? sealed.toString('base64') : sealed;
        return send(request, reply, { batch_id: id, snapshot, env_ids: envIds, size: sealed.length });
      }),
  );

  app.post(
    '/batch/:batch_id/restore',
    {
      preValidation,
      schema: {
        ...common,
        produces,
        summary: 'Continue from a snapshot',
        params,
        body: restoreRequestSchema,
        response: answered(resultsSchema),
      },
    },
    async (request, reply) => {
      const { body } = request;
      const sealed = typeof body.snapshot === 'string' ? Buffer.from(body.snapshot, 'base64') : body.snapshot;
      return batches.use(request.params.batch_id, ({ id, batch, answers }) =>
        repeatable(request, reply, 'restore', { ...body, snapshot: sealed }, answers, async (write) => {
          const snapshot = seals.batch.open(sealed);
          if (snapshot === undefined) throw invalid(['body', 'snapshot'], NOT_SEALED_HERE, undefined);
          return batch.restore(
            snapshot,
            body.env_ids ?? undefined,
            includedIn(body),
            (count) => refuseRows(request, batch.sizes, count),
            (outcome) => write({ batch_id: id }, outcome),
          );
        }),
      );
    },
  );

  app.post(
    '/batch/:batch_id/fork',
    {
      preValidation,
      schema: {
        ...common,
        produces,
        summary: 'Copy an environment in its current state',
        description: 'The copies (forks) belong to the group of their original and play on independently.',
        params,
        body: forkRequestSchema,
        response: answered(createdSchema),
      },
    },
    async (request, reply) => {
      const { body } = request;
      return batches.use(request.params.batch_id, ({ id, batch, answers }) =>
        repeatable(request, reply, 'fork', body, answers, async (write) => {
          refuseRows(request, batch.sizes, body.k ?? 1);
          return batch.fork(body.env_id, body.k ?? 1, includedIn(body), (outcome) =>
            write(idsOf(id, batch, outcome.envIds), outcome),
          );
        }),
      );
    },
  );

  app.post(
    '/batch/:batch_id/add',
    {
      preValidation: async ({ body }) => refuseLists(body, batches.maxEnvs, 'the server may have environments'),
      schema: {
        ...common,
        produces,
        summary: 'Add environments',
        description:
          'Each new environment begins an episode, and is a group of its own. They take the room of `max_forks`.',
        params,
        body: addRequestSchema,
        response: answered(createdSchema),
      },
    },
    async (request, reply) => {
      const { body } = request;
      return batches.use(request.params.batch_id, ({ id, batch, answers }) =>
        repeatable(request, reply, 'add', body, answers, async (write) => {
          refuseRows(request, batch.sizes, body.tasks.length);
          return batch.add(body.tasks, body.seeds ?? undefined, includedIn(body), (outcome) =>
            write(idsOf(id, batch, outcome.envIds), outcome),
          );
        }),
      );
    },
  );

  app.post(
    '/batch/:batch_id/release',
    {
      preValidation,
      schema: {
        ...common,
        produces,
        summary: 'Remove environments',
        params,
        body: releaseRequestSchema,
        response: answered(releasedSchema),
      },
    },
    async (request, reply) =>
      batches.use(request.params.batch_id, async ({ id, batch }) => {
        const { env_ids } = request.body;
        await batch.release(env_ids);
        return send(request, reply, { batch_id: id, env_ids });
      }),
  );

  app.get(
    '/batch/:batch_id',
    {
      schema: {
        tags: ['Batch'],
        produces,
        summary: 'The state of a batch',
        params,
        response: answered(batchStateSchema),
      },
    },
    async (request, reply) => {
      const { id, batch } = batches.find(request.params.batch_id);
      const { groupSize, autoreset, workers, steps, restarts, recoveries, tasks } = batch;
      return send(request, reply, {
        ...idsOf(id, batch, batch.envIds),
        group_size: groupSize,
        autoreset,
        workers,
        steps,
        idle_seconds: batches.idleSeconds(id),
        worker_restarts: restarts,
        recoveries,
        tasks,
      });
    },
  );

  app.delete(
    '/batch/:batch_id',
    {
      schema: {
        tags: ['Batch'],
        produces,
        summary: 'Delete a batch',
        params,
        response: answered(deletedSchema),
      },
    },
    async (request, reply) => {
      const { batch_id } = request.params;
      await batches.delete(batch_id);
      return send(request, reply, { batch_id, deleted: true });
    },
  );
}

const EVERYTHING = { envIds: undefined, seed: undefined, seeds: undefined, task: undefined, tasks: undefined };

function includedIn({ include }: { include?: Iterable<Includable> | null | undefined }): Included {
  return new Set(include);
}

function idsOf(id: string, batch: Listed['batch'], envIds: readonly number[]): RequestFields {
  return { batch_id: id, env_ids: envIds, group_ids: batch.groupsOf(envIds) };
}

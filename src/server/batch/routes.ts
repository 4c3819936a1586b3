/** The routes of the batch API, in JSON or msgpack. A request may name any of the environments of a batch. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { App, Context } from '../app.ts';
import { invalid, invalidSchema, refusedSchema } from '../problem.ts';
import { type Profiles, wireProfiles } from '../profiles.ts';
import { NOT_SEALED_HERE } from '../seal.ts';
import { isGiven } from '../wire.ts';
import { AnswerSizes, refuseTooLarge } from './answer-size.ts';
import type { Listed } from './batches.ts';
import { addFormats, answerFormat, CONTENT_TYPES, MSGPACK_TYPES, sendRows, toJson, writeAnswer } from './formats.ts';
import type { HostedBatch, Use } from './hosted.ts';
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
  includedIn,
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
type Including = Repeatable & { readonly include?: readonly Includable[] | null | undefined };
/** Makes or sends an answer from its fields and its results. */
type Write<T> = (fields: RequestFields, outcome: BatchOutcome) => Promise<T>;

/** A call that answers with rows, and is not carried out twice for one request_id. */
type RowsCall<B extends z.ZodType<Including>> = {
  readonly summary: string;
  readonly description?: string;
  readonly body: B;
  /** Whether the answer lists the ids of its environments, because they are new. */
  readonly makes?: boolean;
  /** @param refuse Must be called with the number of rows before anything is played. */
  carryOut<T>(
    batch: HostedBatch,
    body: z.output<B>,
    how: { readonly included: Included; refuse(count: number): void; readonly use: Use<T> },
  ): Promise<T>;
};

const TYPES = ['application/json', ...MSGPACK_TYPES.slice(0, 1)];

/** What the routes of the API have in common. The answer is typed loosely, because the handlers send bytes that they have built. */
function described<M extends object>(
  summary: string,
  ok: z.ZodType,
  more: M,
  refusals: Record<number, z.ZodType> = {},
) {
  const response: Record<number, z.ZodType> = {
    200: ok,
    404: refusedSchema,
    409: refusedSchema,
    413: limitSchema,
    422: invalidSchema,
    503: refusedSchema,
    ...refusals,
  };
  return { tags: ['Batch'], produces: TYPES, summary, response, ...more };
}

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
    make: <T>(write: Write<T>) => Promise<T>,
  ): Promise<FastifyReply> => {
    const format = answerFormat(request);
    reply.type(CONTENT_TYPES[format]);
    if (!isGiven(request_id)) {
      await make((fields, outcome) => sendRows(reply, format, fields, outcome));
      return reply;
    }
    const write: Write<Buffer> = (fields, outcome) => writeAnswer('msgpack', { ...fields, request_id }, outcome);
    const bytes = await answers.answer(request_id, fingerprint(call, body), () => make(write));
    return reply.send(format === 'msgpack' ? bytes : await toJson(bytes, batches.answerLimits.json));
  };

  /** Refuses a request whose answer might not fit its format, before anything is played. */
  const refuseRows = (request: FastifyRequest, sizes: AnswerSizes, { observation }: Profiles, count: number): void => {
    const body = request.body as Including;
    const included = includedIn(body.include, observation);
    // The answer to a request with an id is always made in msgpack first.
    for (const format of new Set([answerFormat(request), ...(body.request_id ? (['msgpack'] as const) : [])])) {
      refuseTooLarge(format, count, sizes.row(format, included), batches.answerLimits);
    }
  };

  const params = pathSchema;
  /** Checks the lists of a body before they are validated. */
  const preValidation = async ({ params, body }: FastifyRequest): Promise<void> => {
    const { batch_id } = params as z.output<typeof pathSchema>;
    refuseLists(body, batches.find(batch_id).batch.mostEnvs, 'the batch has environments');
  };
  const preCreation = async ({ body }: FastifyRequest): Promise<void> =>
    refuseLists(body, batches.maxEnvs, 'the server may have environments');

  const addCall = <B extends z.ZodType<Including>>(
    name: string,
    { summary, description, body: schema, makes = false, carryOut }: RowsCall<B>,
  ): void => {
    app.post(
      `/batch/:batch_id/${name}`,
      {
        preValidation: name === 'add' ? preCreation : preValidation,
        schema: described(summary, makes ? createdSchema : resultsSchema, {
          consumes: TYPES,
          ...(description === undefined ? {} : { description }),
          params,
          body: schema,
        }),
      },
      async (request, reply) => {
        const began = performance.now();
        const body = request.body as z.output<B>;
        return batches.use(request.params.batch_id, ({ id, batch, answers }) =>
          repeatable(request, reply, name, body, answers, (write) =>
            carryOut(batch, body, {
              included: includedIn(body.include, batch.profiles.observation),
              refuse: (count) => refuseRows(request, batch.sizes, batch.profiles, count),
              use: async (outcome) => {
                const answer = await write(makes ? idsOf(id, batch, outcome.envIds) : { batch_id: id }, outcome);
                if (name === 'step') metrics.stepped('batch', outcome.batch.size, began);
                return answer;
              },
            }),
          ),
        );
      },
    );
  };

  app.post(
    '/batch',
    {
      preValidation: preCreation,
      schema: described(
        'Make a batch of environments and begin an episode in each',
        createdSchema,
        {
          consumes: TYPES,
          description:
            'Environments are numbered from 0. Each `group_size` environments in a row form a group, whose members begin every episode alike.',
          body: createRequestSchema,
        },
        { 429: limitSchema },
      ),
    },
    async (request, reply) =>
      repeatable(request, reply, 'create', request.body, batches.creations, async (write) => {
        const refuse = ({ options: { specs, autoreset, envSpecs }, profiles }: BatchPlan): void => {
          const sizes = new AnswerSizes(specs, autoreset, profiles.observation);
          refuseRows(request, sizes, profiles, envSpecs.length);
        };
        const { id } = await batches.create(request.body, refuse);
        try {
          return await batches.use(id, ({ batch }) =>
            batch.reset({}, includedIn(request.body.include, batch.profiles.observation), (outcome) =>
              write(idsOf(id, batch, outcome.envIds), outcome),
            ),
          );
        } catch (error) {
          await batches.delete(id).catch(() => undefined);
          throw error;
        }
      }),
  );

  addCall('step', {
    summary: 'Play one action in each environment, or in some of them',
    description:
      'The results have the order of `env_ids`. An error in one action or environment is reported in its result and does ' +
      'not affect the others. Requests for different environments may run at the same time.',
    body: batchStepSchema,
    carryOut: (batch, { actions, env_ids }, { included, refuse, use }) => {
      refuse((env_ids ?? batch.envIds).length);
      return batch.step(actions, env_ids, included, use);
    },
  });

  addCall('reset', {
    summary: 'Begin a new episode in each environment, or in some of them',
    description: 'An environment whose worker thread was lost gets a new thread.',
    body: batchResetSchema,
    carryOut: (batch, body, { included, refuse, use }) => {
      refuse((body.env_ids ?? batch.envIds).length);
      return batch.reset(body, included, use);
    },
  });

  app.post(
    '/batch/:batch_id/snapshot',
    {
      preValidation,
      schema: described('Save the episodes of all environments, or of some of them, as bytes', snapshotSchema, {
        consumes: TYPES,
        description:
          'Any batch with the same scenarios can restore the snapshot, also on another server with the same --snapshot-key.',
        params,
        body: snapshotRequestSchema,
      }),
    },
    async (request, reply) =>
      batches.use(request.params.batch_id, async ({ id, batch }) => {
        const format = answerFormat(request);
        const { env_ids } = request.body;
        refuseTooLarge(format, (env_ids ?? batch.envIds).length, batch.sizes.saved(format), batches.answerLimits);
        const { bytes, envIds } = await batch.snapshot(env_ids);
        const sealed = seals.batch.seal(bytes);
        const snapshot = format === 'json' ? sealed.toString('base64') : sealed;
        return send(request, reply, { batch_id: id, snapshot, env_ids: envIds, size: sealed.length });
      }),
  );

  addCall('restore', {
    summary: 'Continue from a snapshot',
    body: restoreRequestSchema,
    carryOut: (batch, { snapshot, env_ids }, { included, refuse, use }) => {
      const opened = seals.batch.open(snapshot);
      if (opened === undefined) throw invalid(['body', 'snapshot'], NOT_SEALED_HERE, undefined);
      return batch.restore(opened, env_ids, included, refuse, use);
    },
  });

  addCall('fork', {
    summary: 'Copy an environment in its current state',
    description: 'The copies (forks) belong to the group of their original and play on independently.',
    body: forkRequestSchema,
    makes: true,
    carryOut: (batch, { env_id, k }, { included, refuse, use }) => {
      refuse(k ?? 1);
      return batch.fork(env_id, k ?? 1, included, use);
    },
  });

  addCall('add', {
    summary: 'Add environments',
    description:
      'Each new environment begins an episode, and is a group of its own. They take the room of `max_forks`.',
    body: addRequestSchema,
    makes: true,
    carryOut: (batch, { tasks, seeds }, { included, refuse, use }) => {
      refuse(tasks.length);
      return batch.add(tasks, seeds, included, use);
    },
  });

  app.post(
    '/batch/:batch_id/release',
    {
      preValidation,
      schema: described('Remove environments', releasedSchema, { consumes: TYPES, params, body: releaseRequestSchema }),
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
    { schema: described('The state of a batch', batchStateSchema, { params }) },
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
        ...wireProfiles(batch.profiles),
      });
    },
  );

  app.delete(
    '/batch/:batch_id',
    { schema: described('Delete a batch', deletedSchema, { params }) },
    async (request, reply) => {
      const { batch_id } = request.params;
      await batches.delete(batch_id);
      return send(request, reply, { batch_id, deleted: true });
    },
  );
}

function idsOf(id: string, batch: Listed['batch'], envIds: readonly number[]): RequestFields {
  return { batch_id: id, env_ids: envIds, group_ids: batch.groupsOf(envIds) };
}

/** What clients of the batch API send and receive. Validation, the types and the OpenAPI document all come from here. */
import { z } from 'zod';
import { REWARD_MODES } from '../../sim/breakdown.ts';
import { breakdownSchema, metadataSchema } from '../../sim/observation.ts';
import { RULES } from '../../sim/rules.ts';
import { gradeSchema } from '../../sim/v2/grade.ts';
import { seedSchema } from '../../vector/env-spec.ts';
import { AUTORESETS } from '../../vector/spec.ts';
import { playSchema } from '../wire.ts';

/** Of a request, or of an answer. */
export type Format = 'json' | 'msgpack';

/** What a batch can have at the very most; what a server has room for is less, and an option. */
const MOST = 1_000_000;

const envId = z.int().describe('Id of an environment, as answered by POST /batch or a fork');
const envIds = z.array(envId).max(MOST);
export const INCLUDABLE = ['breakdown', 'metadata'] as const;
/** What every row of an answer holds besides. */
export type Included = ReadonlySet<(typeof INCLUDABLE)[number]>;
const include = z
  .array(z.enum(INCLUDABLE))
  .nullish()
  .describe(
    'What every row is to hold besides: `breakdown`, the parts of the reward; `metadata`, everything that is known of the environment',
  );
const requestId = z
  .string()
  .min(1)
  .max(255)
  .nullish()
  .describe('A request that is sent again with the same id is answered the same and does nothing again');

const envSchema = z.strictObject({
  ...playSchema,
  seed: seedSchema.nullish().describe('Seed of the first episode; without one it is derived from that of the batch'),
});
export type EnvRequest = z.output<typeof envSchema>;

export const createRequestSchema = z
  .strictObject({
    num_envs: z.int().min(1).max(MOST).nullish().describe('Number of environments; default: one group for each task'),
    envs: z.array(envSchema).min(1).max(MOST).nullish().describe('Instead: what each environment plays'),
    tasks: z
      .array(z.string())
      .min(1)
      .max(MOST)
      .nullish()
      .describe('Tasks dealt out to groups in turn; beside `envs`: more tasks that a later reset may ask for'),
    group_size: z.int().min(1).max(MOST).nullish().describe('Environments in a row that always begin alike; default 1'),
    autoreset: z.enum(AUTORESETS).nullish().describe('What happens at the end of an episode; default next_step'),
    seed: seedSchema.nullish().describe('From which the seeds of all episodes are derived; default 0'),
    rules: z.enum(RULES).nullish(),
    reward_mode: z.enum(REWARD_MODES).nullish(),
    max_forks: z.int().min(0).max(MOST).nullish().describe('Forks at once; they count as environments'),
    include,
    request_id: requestId,
  })
  .describe('What is to be played; everything has a default');
export type CreateRequest = z.output<typeof createRequestSchema>;

export const stepRequestSchema = z
  .strictObject({
    actions: z.array(z.unknown()).max(MOST).describe('Action objects, or raw completions that hold one'),
    env_ids: envIds.nullish().describe('The environment of each action; default: all, ascending'),
    include,
    request_id: requestId,
  })
  .describe('One action for each environment');
export type StepRequest = z.output<typeof stepRequestSchema>;

export const resetRequestSchema = z
  .strictObject({
    env_ids: envIds.nullish().describe('Default: all, ascending'),
    seed: seedSchema.nullish().describe('A new root, from which the seeds of the episodes are derived'),
    seeds: z.array(seedSchema.nullable()).max(MOST).nullish().describe('Seed of each episode; null: derived'),
    task_id: z.string().nullish().describe('Task of every episode, among those the batch was created with'),
    tasks: z.array(z.string().nullable()).max(MOST).nullish().describe('Task of each episode; null: as before'),
    include,
    request_id: requestId,
  })
  .describe('Which environments begin a new episode, and how');
export type ResetRequest = z.output<typeof resetRequestSchema>;

export const snapshotRequestSchema = z.strictObject({ env_ids: envIds.nullish().describe('Default: all') });

export const restoreRequestSchema = z.strictObject({
  snapshot: z
    .union([z.string(), z.instanceof(Uint8Array)])
    .describe('As a snapshot answered it: binary in msgpack, base64 in JSON'),
  env_ids: envIds.nullish().describe('Which environments go on from it; default: those it was taken from'),
  include,
  request_id: requestId,
});

export const forkRequestSchema = z.strictObject({
  env_id: envId,
  k: z.int().min(1).max(MOST).nullish().describe('Number of copies; default 1'),
  include,
  request_id: requestId,
});

export const releaseRequestSchema = z.strictObject({ env_ids: envIds.describe('Forks; other environments stay') });

export const pathSchema = z.object({ batch_id: z.string().max(255) });

const rowErrorSchema = z.object({ code: z.string(), message: z.string() });
export type RowError = z.output<typeof rowErrorSchema>;

const metadata = z.looseObject(metadataSchema.shape).describe('Everything that is known of the environment');

export const rowSchema = z.object({
  env_id: envId,
  group_id: z.int().min(0).nullable().describe('Its group; null where there is no such environment'),
  observation: z
    .object({
      briefing: z.string(),
      task_id: z.string(),
      seed: seedSchema.describe('Seed of the episode'),
      episode: z.int().min(0).describe('How many episodes the environment had begun before this one'),
      step_ok: z.boolean().describe('Whether the last action was valid; true after a reset'),
      error: z.string().nullable().describe('Why it was not'),
      reward_breakdown: breakdownSchema
        .nullable()
        .optional()
        .describe('If included: the parts of the reward; null after a reset'),
      metadata: metadata.optional(),
    })
    .nullable()
    .describe('null where the environment could not be asked'),
  reward: z.number().nullable().describe('0 after a reset; null where the environment could not be asked'),
  terminated: z.boolean().describe('The episode ended of itself'),
  truncated: z.boolean().describe('The step limit ended the episode, or it failed'),
  grade: gradeSchema.partial().required({ grade: true }).optional().describe('Of a finished episode'),
  final: z
    .object({ briefing: z.string(), metadata })
    .optional()
    .describe('The end of the episode that this step finished and replaced by the next (autoreset same_step)'),
  error: rowErrorSchema
    .optional()
    .describe('INVALID_ACTION, EPISODE_FAILED, or why the environment could not be asked'),
});
export type Row = z.output<typeof rowSchema>;

const ids = { batch_id: z.string(), env_ids: z.array(envId), group_ids: z.array(z.int().min(0)) };
const results = z.array(rowSchema);
const echoed = z.string().optional();

export const resultsSchema = z.object({ batch_id: z.string(), results, request_id: echoed });
export const createdSchema = z.object({ ...ids, results, request_id: echoed });
export const snapshotSchema = z.object({
  batch_id: z.string(),
  snapshot: z.string().describe('Base64; binary in msgpack'),
  env_ids: ids.env_ids,
  size: z.int().min(0).describe('Bytes of the snapshot'),
});
export const releasedSchema = z.object({ batch_id: z.string(), env_ids: ids.env_ids });
export const deletedSchema = z.object({ batch_id: z.string(), deleted: z.literal(true) });
export const batchStateSchema = z.object({
  ...ids,
  group_size: z.int().min(1),
  autoreset: z.enum(AUTORESETS),
  workers: z.int().min(1),
  steps: z.int().min(0).describe('Steps played; each environment counts'),
  idle_seconds: z.number().min(0).describe('Since the last call; asking for this is none'),
  worker_restarts: z.int().min(0).describe('Worker threads that were lost with their episodes'),
  recoveries: z.int().min(0).describe('Worker threads that were lost and replaced without anything being lost'),
  tasks: z.array(z.string()).describe('Tasks that a reset may ask for'),
});

export const limitSchema = z
  .object({ detail: z.string(), code: z.string(), limit: z.int(), in_use: z.int(), asked: z.int() })
  .partial({ limit: true, in_use: true, asked: true })
  .describe('There is no room for it');

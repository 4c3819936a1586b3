/** The requests and answers of the batch API. Validation, the types and the OpenAPI document all use these schemas. */
import { z } from 'zod';
import { REWARD_MODES } from '../../sim/breakdown.ts';
import { breakdownSchema, metadataSchema } from '../../sim/observation/metadata.ts';
import { observationSchema } from '../../sim/observation/observation.ts';
import { RULES } from '../../sim/rules.ts';
import { gradeSchema } from '../../sim/v2/grade.ts';
import { AUTORESETS, seedSchema } from '../../vector/spec.ts';
import { invalid } from '../problem.ts';
import { type ObservationProfile, profileSchema, wireProfilesSchema } from '../profiles.ts';
import { playSchema } from '../wire.ts';

/** The format of a request or of an answer. */
export type Format = 'json' | 'msgpack';

/** The upper limit of every list. The room of a server is smaller, and an option. */
const MOST = 1_000_000;

const envId = z.int().describe('Id of an environment, as returned by POST /batch, an addition or a fork');
const envIds = z.array(envId).max(MOST);
const INCLUDABLE = ['breakdown', 'data', 'metadata'] as const;
export type Includable = (typeof INCLUDABLE)[number];
/** The optional parts of every row of an answer. */
export type Included = ReadonlySet<Includable>;

/** The optional parts of the rows of an answer: all of them under the observation profile `full`. */
export function includedIn(asked: readonly Includable[] | null | undefined, profile: ObservationProfile): Included {
  return new Set(profile === 'full' ? INCLUDABLE : asked);
}

const include = z
  .array(z.enum(INCLUDABLE))
  .nullish()
  .describe(
    'Optional parts of every row: `breakdown`, the parts of the reward; `data`, what the briefing says as data; `metadata`, data about the environment',
  );
const requestId = z
  .string()
  .min(1)
  .max(255)
  .nullish()
  .describe('If the request is sent again with the same id, the server returns the same answer and does nothing');

const envSchema = z.strictObject({
  ...playSchema,
  seed: seedSchema.nullish().describe('Seed of the first episode; default: derived from the seed of the batch'),
});
export type EnvRequest = z.output<typeof envSchema>;

export const createRequestSchema = z
  .strictObject({
    num_envs: z.int().min(1).max(MOST).nullish().describe('Number of environments; default: one group for each task'),
    envs: z.array(envSchema).min(1).max(MOST).nullish().describe('Instead of num_envs: what each environment plays'),
    tasks: z
      .array(z.string())
      .min(1)
      .max(MOST)
      .nullish()
      .describe('Tasks that groups get in turn; with `envs`: more tasks that a later reset may name'),
    group_size: z
      .int()
      .min(1)
      .max(MOST)
      .nullish()
      .describe('Number of consecutive environments in a group, which always begin alike; default 1'),
    autoreset: z.enum(AUTORESETS).nullish().describe('What happens at the end of an episode; default next_step'),
    seed: seedSchema.nullish().describe('Root from which the seeds of all episodes are derived; default 0'),
    rules: z.enum(RULES).nullish(),
    reward_mode: z.enum(REWARD_MODES).nullish(),
    ...profileSchema,
    max_forks: z
      .int()
      .min(0)
      .max(MOST)
      .nullish()
      .describe('Room for forks and added environments; they count as environments'),
    include,
    request_id: requestId,
  })
  .describe('What the batch plays; every key has a default');
export type CreateRequest = z.output<typeof createRequestSchema>;

export const batchStepSchema = z
  .strictObject({
    actions: z.array(z.unknown()).max(MOST).describe('Action objects, or raw completions that contain one'),
    env_ids: envIds.nullish().describe('The environment of each action; default: all, ascending'),
    include,
    request_id: requestId,
  })
  .describe('One action for each environment');

export const batchResetSchema = z
  .strictObject({
    env_ids: envIds.nullish().describe('Default: all, ascending'),
    seed: seedSchema.nullish().describe('New root from which the seeds of the episodes are derived'),
    seeds: z.array(seedSchema.nullable()).max(MOST).nullish().describe('Seed of each episode; null: derived'),
    task_id: z.string().nullish().describe('Task of every episode; one of the tasks that the batch was created with'),
    tasks: z.array(z.string().nullable()).max(MOST).nullish().describe('Task of each episode; null: as before'),
    include,
    request_id: requestId,
  })
  .describe('Which environments begin a new episode, and how');
export type BatchReset = z.output<typeof batchResetSchema>;

export const snapshotRequestSchema = z.strictObject({ env_ids: envIds.nullish().describe('Default: all') });

export const restoreRequestSchema = z.strictObject({
  snapshot: z
    .union([z.string().transform((text): Uint8Array => Buffer.from(text, 'base64')), z.instanceof(Uint8Array)])
    .describe('The snapshot as it was returned: binary in msgpack, base64 in JSON'),
  env_ids: envIds.nullish().describe('The environments that continue from it; default: those that it was taken of'),
  include,
  request_id: requestId,
});

export const forkRequestSchema = z.strictObject({
  env_id: envId,
  k: z.int().min(1).max(MOST).nullish().describe('Number of copies; default 1'),
  include,
  request_id: requestId,
});

export const addRequestSchema = z
  .strictObject({
    tasks: z
      .array(z.string())
      .min(1)
      .max(MOST)
      .describe('The task of each new environment; one of the tasks that the batch was created with'),
    seeds: z.array(seedSchema.nullable()).max(MOST).nullish().describe('Seed of each first episode; null: derived'),
    include,
    request_id: requestId,
  })
  .describe('Which environments to add');

export const releaseRequestSchema = z.strictObject({ env_ids: envIds.describe('The environments to remove') });

export const pathSchema = z.object({ batch_id: z.string().max(255) });

const rowErrorSchema = z.object({ code: z.string(), message: z.string() });
export type RowError = z.output<typeof rowErrorSchema>;

const metadata = z.looseObject(metadataSchema.shape).describe('All data about the environment');

export const rowSchema = z.object({
  env_id: envId,
  group_id: z.int().min(0).nullable().describe('Group of the environment; null if the environment does not exist'),
  observation: z
    .object({
      briefing: z.string().describe('Under the observation profile `delta`: what has changed'),
      task_id: z.string(),
      seed: seedSchema.describe('Seed of the episode'),
      episode: z.int().min(0).describe('Number of episodes that the environment began before this one'),
      step_ok: z.boolean().describe('Whether the last action was valid; true after a reset'),
      error: z.string().nullable().describe('Why the last action was invalid'),
      reward_breakdown: breakdownSchema
        .nullable()
        .optional()
        .describe('If included: the parts of the reward; null after a reset'),
      data: observationSchema.optional().describe('If included: what the briefing says, as data'),
      metadata: metadata.optional(),
    })
    .nullable()
    .describe('null if the environment could not carry out the request'),
  reward: z
    .number()
    .nullable()
    .describe('Under the reward profile; 0 after a reset; null if the environment could not carry out the request'),
  terminated: z.boolean().describe("Whether the day ended by the episode's own rules"),
  truncated: z.boolean().describe('Whether the step limit ended the episode, or the episode failed'),
  grade: gradeSchema.partial().required({ grade: true }).optional().describe('Grade of a finished episode'),
  success: z.boolean().optional().describe('Of a finished episode: whether its grade is that of a success'),
  final: z
    .object({ briefing: z.string(), metadata })
    .optional()
    .describe('The last state of the episode that this step finished and replaced by a new one (autoreset same_step)'),
  error: rowErrorSchema
    .optional()
    .describe('INVALID_ACTION, EPISODE_FAILED, or why the environment could not carry out the request'),
});
export type ResultRow = z.output<typeof rowSchema>;

const ids = { batch_id: z.string(), env_ids: z.array(envId), group_ids: z.array(z.int().min(0)) };
const results = z.array(rowSchema);
const echoed = z.string().optional();

export const resultsSchema = z.object({ batch_id: z.string(), results, request_id: echoed });
export const createdSchema = z.object({ ...ids, results, request_id: echoed });
export const snapshotSchema = z.object({
  batch_id: z.string(),
  snapshot: z.string().describe('Base64; binary in msgpack'),
  env_ids: ids.env_ids,
  size: z.int().min(0).describe('Size of the snapshot in bytes'),
});
export const releasedSchema = z.object({ batch_id: z.string(), env_ids: ids.env_ids });
export const deletedSchema = z.object({ batch_id: z.string(), deleted: z.literal(true) });
export const batchStateSchema = z.object({
  ...ids,
  group_size: z.int().min(1),
  autoreset: z.enum(AUTORESETS),
  workers: z.int().min(1),
  steps: z.int().min(0).describe('Number of steps played; a step of one environment counts as one'),
  idle_seconds: z.number().min(0).describe('Seconds since the last call; this request does not count'),
  worker_restarts: z.int().min(0).describe('Number of worker threads that were lost with their episodes'),
  recoveries: z.int().min(0).describe('Number of worker threads that were replaced without any episode being lost'),
  tasks: z.array(z.string()).describe('Tasks that a reset may name'),
  ...wireProfilesSchema.shape,
});

export const limitSchema = z
  .object({ detail: z.string(), code: z.string(), limit: z.int(), in_use: z.int(), asked: z.int() })
  .partial({ limit: true, in_use: true, asked: true })
  .describe('There is no room for the request or its answer');

// * Checks the lengths of the lists in a request before anything reads their entries. A body has room for millions of entries, and to validate, refuse or answer an entry costs far more than to parse it.

/** The maximum number of keys of an entry of `envs`. Fewer than ten are known. */
const MOST_KEYS = 64;

const LISTS = ['env_ids', 'actions', 'seeds', 'tasks', 'envs'] as const;

/**
 * Refuses lists that are too long or name an environment twice.
 * @param body The body of any request of the batch API, not validated yet
 * @param most The maximum number of entries of a list
 * @param what Explains that number in the message: `the batch has environments`
 * @throws Problem (422) if a list is longer or names an environment twice
 */
export function refuseLists(body: unknown, most: number, what: string): void {
  if (typeof body !== 'object' || body === null) return;
  const lists = body as Readonly<Record<string, unknown>>;
  for (const name of LISTS) refuseLonger(name, lists[name], most, `as many as ${what}`);
  refuseLonger('include', lists.include, INCLUDABLE.length, INCLUDABLE.join(', '));
  if (Array.isArray(lists.env_ids)) refuseTwice('env_ids', lists.env_ids);
  for (const [at, env] of Array.isArray(lists.envs) ? lists.envs.entries() : []) refuseManyKeys(['envs', at], env);
}

function refuseLonger(name: string, list: unknown, most: number, what: string): void {
  if (!Array.isArray(list) || list.length <= most) return;
  throw invalid(
    ['body', name],
    `expected at most ${most} entries in ${name} (${what}), got ${list.length}`,
    list.length,
  );
}

/** Refuses an object with very many keys: the schema would report each unknown one, and there may be 100,000 in each entry. */
function refuseManyKeys(place: readonly (string | number)[], value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  let keys = 0;
  for (const _key in value) {
    if (++keys <= MOST_KEYS) continue;
    throw invalid(['body', ...place], `expected an object of at most ${MOST_KEYS} keys`, undefined);
  }
}

function refuseTwice(name: string, ids: readonly unknown[]): void {
  const places = new Map<unknown, number>();
  ids.forEach((id, at) => {
    const before = places.get(id);
    // The schema refuses an id that is not a number.
    if (before !== undefined && typeof id === 'number') {
      throw invalid(['body', name, at], `environment ${id} stands twice in ${name}, at ${before} and at ${at}`, id);
    }
    places.set(id, at);
  });
}

/** The options of a reset: which environments it selects, and how their next episodes begin. */
import { z } from 'zod';
import { MAX_SEED } from '../lib/random.ts';
import { parseWith } from '../world/validate.ts';
import { LengthError } from './errors.ts';

const seed = z.int().min(0).max(MAX_SEED);

const resetOptionsSchema = z
  .strictObject({
    ids: z.array(z.int().min(0)).optional().describe('The environments to reset; default: all'),
    mask: z
      .array(z.union([z.boolean(), z.literal(0), z.literal(1)]))
      .optional()
      .describe('One entry for each environment in the order of envIds: whether to reset it'),
    seed: seed.optional().describe('New root from which the seeds of the episodes are derived'),
    seeds: z.array(seed.nullable()).optional().describe('Seed of each selected environment; null: derived'),
    task: z.string().optional().describe('Task for every selected environment'),
    tasks: z.array(z.string().nullable()).optional().describe('Task of each selected environment; null: as before'),
  })
  .refine((options) => options.ids === undefined || options.mask === undefined, {
    error: 'ids and mask exclude each other',
  });

type ParsedResetOptions = z.output<typeof resetOptionsSchema>;

/** `mask` may be a column of a batch, such as `batch.truncated`. */
export type ResetOptions = Omit<z.input<typeof resetOptionsSchema>, 'mask'> & {
  mask?: readonly (boolean | 0 | 1)[] | Uint8Array | undefined;
};

/** @throws ValidationError */
export function parseResetOptions(options: ResetOptions): ParsedResetOptions {
  // Untyped callers may pass anything; the schema then reports the problem.
  const mask = typeof options === 'object' && options !== null ? options.mask : undefined;
  const plain = mask instanceof Uint8Array ? { ...options, mask: Array.from(mask) } : options;
  return parseWith(resetOptionsSchema, plain, 'reset options');
}

/**
 * Refuses lists that are longer than the number of environments before anything iterates over them. The roster refuses `ids`
 * that are too long.
 * @throws LengthError
 */
export function refuseLongLists(options: ResetOptions, all: readonly number[]): void {
  if (typeof options !== 'object' || options === null) return;
  const { ids, mask, seeds, tasks } = options;
  const envs = Array.isArray(ids) ? ids.length : all.length;
  for (const [name, list] of Object.entries({ 'mask entries': mask, seeds, tasks })) {
    if (Array.isArray(list) && list.length > all.length) throw new LengthError('reset', name, list.length, envs);
  }
}

/**
 * The environments that the options select, in the given order.
 * @throws LengthError
 */
export function selectEnvs(options: ParsedResetOptions, all: readonly number[]): readonly number[] {
  const { ids, mask, seeds, tasks } = options;
  if (mask !== undefined && mask.length !== all.length)
    throw new LengthError('reset', 'mask entries', mask.length, all.length);
  const envs = ids ?? (mask === undefined ? all : all.filter((_, i) => Boolean(mask[i])));
  if (seeds !== undefined && seeds.length !== envs.length)
    throw new LengthError('reset', 'seeds', seeds.length, envs.length);
  if (tasks !== undefined && tasks.length !== envs.length)
    throw new LengthError('reset', 'tasks', tasks.length, envs.length);
  return envs;
}

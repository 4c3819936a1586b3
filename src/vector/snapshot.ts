/**
 * Episodes as bytes: an outer msgpack map {format, version, sha256, payload} and, as its payload, a msgpack map
 * {specs, envs}. Any msgpack reader can open both; `state` is the region described in world/state.ts. Nothing of the
 * scenarios is in it but their hashes: a snapshot is restored where the same scenarios are loaded.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../lib/errors.ts';
import { packPlain, unpackSafely } from '../lib/msgpack.ts';
import { stateProblem } from '../world/check-state.ts';
import type { SavedEpisode } from './engine.ts';
import { SnapshotError } from './errors.ts';
import { type Spec, specKey } from './spec.ts';

export const SNAPSHOT_FORMAT = 'ghostexec.snapshot';
export const SNAPSHOT_VERSION = 2;

const bytes = z.instanceof(Uint8Array);

const outerSchema = z.strictObject({
  format: z.literal(SNAPSHOT_FORMAT),
  version: z.literal(SNAPSHOT_VERSION),
  sha256: bytes,
  payload: bytes,
});

type StoredEpisode = {
  readonly env_id: number;
  readonly spec: number;
  readonly seed_base: number;
  readonly seed: number;
  readonly episode: number;
  readonly reset_due: boolean;
  readonly note: string;
  readonly news: string;
  readonly state: Uint8Array;
};
const STORED_FIELDS = 9;

const payloadSchema = z.strictObject({
  specs: z.array(z.strictObject({ task: z.string(), key: z.string() })),
  envs: z.custom<StoredEpisode[]>((value) => Array.isArray(value) && value.every(isStoredEpisode)),
});

/** By hand: for thousands of episodes a schema would cost as much as to restore them. */
function isStoredEpisode(value: unknown): value is StoredEpisode {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== STORED_FIELDS) return false;
  const given: Partial<Record<keyof StoredEpisode, unknown>> = value;
  const { env_id, spec, seed_base, seed, episode, reset_due, note, news, state } = given;
  return (
    isCount(env_id) &&
    isCount(spec) &&
    isCount(seed_base) &&
    isCount(seed) &&
    isCount(episode) &&
    typeof reset_due === 'boolean' &&
    typeof note === 'string' &&
    typeof news === 'string' &&
    state instanceof Uint8Array
  );
}

/** Whole numbers from 0 to MAX_SEED, beyond which doubles are not exact. */
function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** The states are views of the snapshot. */
export type OpenedSnapshot = { readonly envIds: readonly number[]; readonly saved: readonly SavedEpisode[] };

export function packSnapshot(
  specs: readonly Spec[],
  envIds: readonly number[],
  saved: readonly SavedEpisode[],
): Buffer {
  const used = [...new Set(saved.map((episode) => episode.spec))];
  const payload = packPlain({
    specs: used.map((index) => {
      const spec = specs[index];
      return { task: spec?.task ?? '', key: spec === undefined ? '' : specKey(spec) };
    }),
    envs: saved.map((episode, i) => ({
      env_id: envIds[i],
      spec: used.indexOf(episode.spec),
      seed_base: episode.seedBase,
      seed: episode.seed,
      episode: episode.episode,
      reset_due: episode.resetDue,
      note: episode.note,
      news: episode.news,
      state: episode.state,
    })),
  });
  return packPlain({ format: SNAPSHOT_FORMAT, version: SNAPSHOT_VERSION, sha256: digest(payload), payload });
}

/** Reads a snapshot for a vector that has these specs; a SnapshotError says why it cannot be used. */
export function openSnapshot(specs: readonly Spec[], snapshot: unknown): OpenedSnapshot {
  if (!(snapshot instanceof Uint8Array)) throw new SnapshotError('expected a Uint8Array');
  const outer = read(outerSchema, unpack(snapshot, 'it is corrupt or truncated'), explainOuter);
  if (!digest(outer.payload).equals(outer.sha256))
    throw new SnapshotError('it is corrupt (its checksum does not match)');
  const payload = read(
    payloadSchema,
    unpack(outer.payload, 'its payload is corrupt'),
    () => 'its payload is malformed',
  );
  const known = new Map(specs.map((spec, index) => [specKey(spec), index]));
  const indices = payload.specs.map(({ key }) => known.get(key));
  const saved = payload.envs.map((env): SavedEpisode => {
    const index = indices[env.spec];
    const spec = index === undefined ? undefined : specs[index];
    if (index === undefined || spec === undefined) {
      throw new SnapshotError(
        `environment ${env.env_id} plays task "${payload.specs[env.spec]?.task}" in a scenario, ruleset or reward mode that is not loaded here`,
      );
    }
    const problem = stateProblem(spec.compiled, env.state);
    if (problem !== undefined)
      throw new SnapshotError(`the state of environment ${env.env_id} is malformed: ${problem}`);
    const { seed, episode, note, news, state } = env;
    return { spec: index, seedBase: env.seed_base, seed, episode, resetDue: env.reset_due, note, news, state };
  });
  return { envIds: payload.envs.map((env) => env.env_id), saved };
}

function digest(payload: Uint8Array): Buffer {
  return createHash('sha256').update(payload).digest().subarray(0, 16);
}

function unpack(packed: Uint8Array, complaint: string): unknown {
  try {
    return unpackSafely(packed);
  } catch (error) {
    throw new SnapshotError(`${complaint} (${messageOf(error)})`);
  }
}

function read<S extends z.ZodType>(schema: S, value: unknown, complain: (value: unknown) => string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new SnapshotError(complain(value));
}

function explainOuter(value: unknown): string {
  const found: Partial<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  if (found.format !== SNAPSHOT_FORMAT) return 'it is not a Ghostexec snapshot';
  if (found.version !== SNAPSHOT_VERSION) {
    return `it has version ${String(found.version)}; this engine reads version ${SNAPSHOT_VERSION}`;
  }
  return 'it is corrupt or truncated';
}

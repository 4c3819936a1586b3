/**
 * Episodes as bytes: an outer msgpack map {format, version, sha256, payload} and, as its payload, a msgpack map
 * {specs, envs}. Any msgpack reader can open both; `state` is the region described in world/state.ts. Nothing of the
 * scenarios is in it but their hashes: a snapshot is restored where the same scenarios are loaded.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../lib/errors.ts';
import { packPlain, unpackSafely } from '../lib/msgpack.ts';
import { MAX_SEED } from '../lib/random.ts';
import { stateProblem } from '../world/check-state.ts';
import type { SavedEpisode } from './engine.ts';
import { SnapshotError } from './errors.ts';
import { type Spec, specKey } from './spec.ts';

export const SNAPSHOT_FORMAT = 'ghostexec.snapshot';
export const SNAPSHOT_VERSION = 2;

const bytes = z.instanceof(Uint8Array);
const seed = z.int().min(0).max(MAX_SEED);

const outerSchema = z.strictObject({
  format: z.literal(SNAPSHOT_FORMAT),
  version: z.literal(SNAPSHOT_VERSION),
  sha256: bytes,
  payload: bytes,
});

const payloadSchema = z.strictObject({
  specs: z.array(z.strictObject({ task: z.string(), key: z.string() })),
  envs: z.array(
    z.strictObject({
      env_id: z.int().min(0),
      spec: z.int().min(0),
      seed_base: seed,
      seed,
      episode: z.int().min(0),
      reset_due: z.boolean(),
      note: z.string(),
      news: z.string(),
      state: bytes,
    }),
  ),
});

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
  const saved = payload.envs.map((env): SavedEpisode => {
    const stored = payload.specs[env.spec];
    const index = stored === undefined ? undefined : known.get(stored.key);
    const spec = index === undefined ? undefined : specs[index];
    if (index === undefined || spec === undefined) {
      throw new SnapshotError(
        `environment ${env.env_id} plays task "${stored?.task}" in a scenario, ruleset or reward mode that is not loaded here`,
      );
    }
    const problem = stateProblem(spec.compiled, env.state);
    if (problem !== undefined)
      throw new SnapshotError(`the state of environment ${env.env_id} is malformed: ${problem}`);
    return {
      spec: index,
      seedBase: env.seed_base,
      seed: env.seed,
      episode: env.episode,
      resetDue: env.reset_due,
      note: env.note,
      news: env.news,
      // A copy: what msgpackr gives is a view of the whole snapshot, which would travel to the worker with it.
      state: new Uint8Array(env.state),
    };
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

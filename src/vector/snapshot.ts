/**
 * Episodes as bytes: an outer msgpack map {format, version, xxh64, payload}, whose payload is a msgpack map of columns. A
 * column is a list with an entry for each episode; `states` holds all states, one after the other. Any msgpack reader can open
 * both maps. world/state.ts describes a state. Scenarios are not part of a snapshot, only their hashes: a snapshot can be
 * restored where the same scenarios are loaded.
 */
import xxhash from 'xxhash-wasm';
import { z } from 'zod';
import { messageOf } from '../lib/errors.ts';
import { packPlain, unpackSafely } from '../lib/msgpack.ts';
import { MAX_NEWS, MAX_NOTE } from '../sim/episode.ts';
import { stateProblem } from '../sim/rules.ts';
import { SnapshotError } from './errors.ts';
import { joinStates, type SavedEpisode } from './saved.ts';
import { type Spec, specKey } from './spec.ts';

// A checksum against damage, not against forgery, at a tenth of the cost of SHA-256.

/** The bytes are copied into memory of WebAssembly, which never shrinks, so they are copied in chunks of this size. */
const CHUNK = 65_536;
const { create64 } = await xxhash();

/** XXH64 with seed 0, in the canonical byte order: highest byte first. */
export function checksum(bytes: Uint8Array): Buffer {
  const hash = create64();
  for (let at = 0; at < bytes.length; at += CHUNK) hash.update(bytes.subarray(at, at + CHUNK));
  const digest = Buffer.alloc(8);
  digest.writeBigUInt64BE(hash.digest());
  return digest;
}

// Saved episodes column by column. Msgpack writes and reads columns several times faster than one map for each episode.

/** Every column has one entry for each episode. `states` holds all states, one after the other. */
type SavedColumns = {
  readonly spec: readonly number[];
  readonly seed_base: readonly number[];
  readonly seed: readonly number[];
  readonly episode: readonly number[];
  readonly reset_due: readonly boolean[];
  readonly note: readonly string[];
  readonly news: readonly string[];
  readonly states: Uint8Array;
};

/** Converts saved episodes to columns. */
function columnsOf(saved: readonly SavedEpisode[]): SavedColumns {
  return {
    spec: saved.map(({ spec }) => spec),
    seed_base: saved.map(({ seedBase }) => seedBase),
    seed: saved.map(({ seed }) => seed),
    episode: saved.map(({ episode }) => episode),
    reset_due: saved.map(({ resetDue }) => resetDue),
    note: saved.map(({ note }) => note),
    news: saved.map(({ news }) => news),
    states: joinStates(saved),
  };
}

/**
 * The episode of a row, unchecked.
 * @param start Where its state begins, in bytes.
 * @param end Where its state ends.
 */
function savedAt(columns: SavedColumns, row: number, start: number, end: number): SavedEpisode {
  return {
    spec: columns.spec[row] ?? 0,
    seedBase: columns.seed_base[row] ?? 0,
    seed: columns.seed[row] ?? 0,
    episode: columns.episode[row] ?? 0,
    resetDue: columns.reset_due[row] ?? false,
    note: columns.note[row] ?? '',
    news: columns.news[row] ?? '',
    state: columns.states.subarray(start, end),
  };
}

const SNAPSHOT_FORMAT = 'ghostexec.snapshot';
const SNAPSHOT_VERSION = 4;

/** Far more episodes than an environment ever plays. */
const MAX_EPISODE = 2 ** 32 - 1;

const bytes = z.instanceof(Uint8Array);

const outerSchema = z.strictObject({
  format: z.literal(SNAPSHOT_FORMAT),
  version: z.literal(SNAPSHOT_VERSION),
  xxh64: bytes,
  payload: bytes,
});

/**
 * These columns are checked by hand: for thousands of episodes, schemas of the entries would cost as much as the restore
 * itself.
 */
const counts = z.custom<number[]>((value) => Array.isArray(value) && value.every(isCount));
const flags = z.custom<boolean[]>((value) => Array.isArray(value) && value.every((one) => typeof one === 'boolean'));
/** Texts are cleaned on restore. A code point has at most two UTF-16 units. */
const texts = (limit: number) =>
  z.custom<string[]>(
    (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' && one.length <= 2 * limit),
  );

const payloadSchema = z
  .strictObject({
    specs: z.array(z.strictObject({ task: z.string(), key: z.string(), state_bytes: z.custom<number>(isCount) })),
    env_id: counts,
    /** Index into `specs`. */
    spec: counts,
    seed_base: counts,
    seed: counts,
    episode: z.custom<number[]>(
      (value) => Array.isArray(value) && value.every((one) => isCount(one) && one <= MAX_EPISODE),
    ),
    reset_due: flags,
    note: texts(MAX_NOTE),
    news: texts(MAX_NEWS),
    states: bytes,
  })
  .refine(({ specs: _, states: __, ...columns }) => {
    return Object.values(columns).every((column) => column.length === columns.env_id.length);
  });

/** Whether the value is a whole number from 0 to MAX_SEED, beyond which doubles are not exact. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** The states lie one after the other in a new buffer, which does not depend on the bytes of the snapshot. */
type OpenedSnapshot = { readonly envIds: readonly number[]; readonly saved: readonly SavedEpisode[] };

/** Packs saved episodes of these environments into the bytes of a snapshot. */
export function packSnapshot(
  specs: readonly Spec[],
  envIds: readonly number[],
  saved: readonly SavedEpisode[],
): Buffer {
  const columns = columnsOf(saved);
  const used = [...new Set(columns.spec)];
  const payload = packPlain({
    specs: used.map((index) => {
      const spec = specs[index];
      return spec === undefined
        ? { task: '', key: '', state_bytes: 0 }
        : { task: spec.task, key: specKey(spec), state_bytes: spec.compiled.layout.byteLength };
    }),
    env_id: envIds,
    ...columns,
    spec: columns.spec.map((index) => used.indexOf(index)),
  });
  return packPlain({ format: SNAPSHOT_FORMAT, version: SNAPSHOT_VERSION, xxh64: checksum(payload), payload });
}

/**
 * Reads a snapshot for a VectorEnv that has these specs.
 * @throws SnapshotError with the reason why the snapshot cannot be used
 */
export function openSnapshot(specs: readonly Spec[], snapshot: unknown): OpenedSnapshot {
  if (!(snapshot instanceof Uint8Array)) throw new SnapshotError('expected a Uint8Array');
  const outer = read(outerSchema, unpack(snapshot, 'it is corrupt or truncated'), explainOuter);
  if (!checksum(outer.payload).equals(outer.xxh64))
    throw new SnapshotError('it is corrupt (its checksum does not match)');
  const complain = (): string => 'its payload is malformed';
  const payload = read(payloadSchema, unpack(outer.payload, 'its payload is corrupt'), complain);
  const twice = firstTwice(payload.env_id);
  if (twice !== undefined) throw new SnapshotError(`environment ${twice} is named twice`);
  const known = new Map(specs.map((spec, index) => [specKey(spec), index]));
  const indices = payload.specs.map(({ key }) => known.get(key));
  const columns = { ...payload, states: new Uint8Array(payload.states) };
  let end = 0;
  const saved = payload.env_id.map((env, row): SavedEpisode => {
    const stored = payload.spec[row] ?? 0;
    const index = indices[stored];
    const spec = index === undefined ? undefined : specs[index];
    if (index === undefined || spec === undefined) {
      throw new SnapshotError(
        `environment ${env} plays task "${payload.specs[stored]?.task}" in a scenario, ruleset or reward mode that is not loaded here`,
      );
    }
    const at = end;
    end += payload.specs[stored]?.state_bytes ?? 0;
    const episode = savedAt(columns, row, at, end);
    const problem = stateProblem(spec.compiled, episode.state, episode.resetDue);
    if (problem !== undefined) throw new SnapshotError(`the state of environment ${env} is malformed: ${problem}`);
    episode.spec = index;
    return episode;
  });
  if (end !== columns.states.length) throw new SnapshotError(complain());
  return { envIds: payload.env_id, saved };
}

/** The ids are nearly always in ascending order, which needs no set. */
function firstTwice(ids: readonly number[]): number | undefined {
  if (ids.every((id, at) => at === 0 || id > (ids[at - 1] ?? 0))) return undefined;
  const seen = new Set<number>();
  return ids.find((id) => seen.size === seen.add(id).size);
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
    return `it has version ${String(found.version)}; this engine reads version ${SNAPSHOT_VERSION}; restore it with the version of Ghostexec that saved it`;
  }
  return 'it is corrupt or truncated';
}

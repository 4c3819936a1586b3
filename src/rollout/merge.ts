/** Merges the shards of a rollout into one run: the same files as those of a run on one machine. */
import { join } from 'node:path';
import { GhostexecError } from '../lib/errors.ts';
import { type RunManifest, readRunManifest } from './manifest.ts';
import { episodesOf, type RolloutShard } from './plan.ts';
import { differenceBetween, MANIFEST, TRAJECTORIES } from './run.ts';
import { writeRun } from './write-run.ts';

type ShardFolder = { readonly folder: string; readonly manifest: RunManifest; readonly shard: RolloutShard };

/**
 * Writes the trajectories and the manifest of the whole run to `out`. Advantages are computed again, from the returns.
 * @param folders The folders of all shards, in any order.
 * @returns the manifest of the merged run
 * @throws GhostexecError if a shard is missing, given twice, unfinished or of another run (BAD_SHARDS), if `out` holds
 * a run (RUN_EXISTS), or if the trajectories of a shard are damaged (BAD_RECORD, DAMAGED); WriteError
 * @example
 * await mergeShards(['runs/a-1', 'runs/a-2'], 'runs/a');
 */
export async function mergeShards(folders: readonly string[], out: string): Promise<RunManifest> {
  const shards = folders.map(readShard).sort((a, b) => a.shard.index - b.shard.index);
  const [one] = shards;
  if (one === undefined) throw new GhostexecError('BAD_SHARDS', 'there is no shard to merge');
  for (const other of shards) refuseIfUnlike(one, other);
  refuseUnlessEach(shards, one.shard.of);
  const { shard: _, ...manifest } = one.manifest;
  const { plan } = manifest;
  return writeRun(out, manifest, async (file) => {
    for (const { folder, shard } of shards) {
      await file.appendFile(join(folder, TRAJECTORIES));
      const { end } = episodesOf(plan, shard);
      if (file.count !== end) {
        throw new GhostexecError(
          'DAMAGED',
          `the trajectories in ${folder} end with episode ${file.count - 1}; expected ${end - 1} as the last one`,
        );
      }
    }
  });
}

function readShard(folder: string): ShardFolder {
  const manifest = readRunManifest(join(folder, MANIFEST));
  const { shard, status, plan, episodes_written } = manifest;
  if (shard === undefined) {
    throw new GhostexecError('BAD_SHARDS', `${folder} holds a whole run, not a shard of one (rollout --shard i/n)`);
  }
  if (status !== 'complete') {
    const { first, end } = episodesOf(plan, shard);
    throw new GhostexecError(
      'BAD_SHARDS',
      `shard ${shard.index}/${shard.of} in ${folder} is ${status}: it has ${episodes_written} of ${end - first} episodes; ` +
        `finish it first: ghostexec rollout --out ${folder} --resume`,
    );
  }
  return { folder, manifest, shard };
}

function refuseIfUnlike(one: ShardFolder, other: ShardFolder): void {
  // Everything that decides the bytes.
  const strip = ({ manifest, shard }: ShardFolder): RunManifest => ({
    ...manifest,
    shard: { ...shard, index: 1 },
    versions: { ...manifest.versions, node: '' },
  });
  const different = differenceBetween(strip(one), strip(other), [
    'plan',
    'shard',
    'scenario_hashes',
    'prompt_sha256',
    'versions',
  ]);
  if (different === undefined) return;
  throw new GhostexecError(
    'BAD_SHARDS',
    `${one.folder} and ${other.folder} are not of one run: their ${different.part} is ${different.one} and ${different.other}`,
  );
}

function refuseUnlessEach(shards: readonly ShardFolder[], of: number): void {
  const twice = shards.find(({ shard }, i) => shards[i + 1]?.shard.index === shard.index);
  if (twice !== undefined) {
    const both = shards.filter(({ shard }) => shard.index === twice.shard.index).map(({ folder }) => folder);
    throw new GhostexecError('BAD_SHARDS', `shard ${twice.shard.index}/${of} is given twice: ${both.join(', ')}`);
  }
  const missing = Array.from({ length: of }, (_, i) => i + 1).filter(
    (index) => !shards.some(({ shard }) => shard.index === index),
  );
  if (missing.length === 0) return;
  throw new GhostexecError(
    'BAD_SHARDS',
    `of ${of} shards, ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
  );
}

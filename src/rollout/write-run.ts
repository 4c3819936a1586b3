/** Writes a run whose episodes are known: of shards that are merged, or of a run that is graded again. */
import { join } from 'node:path';
import { makeFolder } from '../lib/disk.ts';
import { TrajectoryFile } from '../records/trajectory-file.ts';
import { hasManifest, type RunManifest, readRunManifest, writeManifest } from './manifest.ts';
import { episodesOf } from './plan.ts';
import { MANIFEST, refuseIfThere, TRAJECTORIES } from './run.ts';
import { lockRun } from './run-lock.ts';

/**
 * Writes the trajectories and the manifest of a run to a new folder. If a process was killed at that, the next one starts over.
 * @param fill Appends every episode of the run.
 * @returns The manifest of the complete run
 * @throws GhostexecError (RUN_EXISTS, RUN_IN_USE, DAMAGED); WriteError; whatever `fill` throws
 */
export async function writeRun(
  out: string,
  manifest: RunManifest,
  fill: (file: TrajectoryFile) => Promise<void>,
): Promise<RunManifest> {
  const begun: RunManifest = { ...manifest, status: 'running', episodes_written: 0 };
  const { plan, shard } = begun;
  makeFolder(out);
  const unlock = lockRun(out);
  try {
    if (!isBegun(out, begun)) refuseIfThere(out, begun);
    // As in a rollout: if the process is killed, the folder holds the beginning of the run.
    writeManifest(join(out, MANIFEST), begun);
    const file = TrajectoryFile.create(join(out, TRAJECTORIES), plan.groupSize, episodesOf(plan, shard).first);
    try {
      await fill(file);
      await file.check();
      file.close();
    } catch (error) {
      file.discard();
      throw error;
    }
    const complete: RunManifest = { ...begun, status: 'complete', episodes_written: file.count };
    writeManifest(join(out, MANIFEST), complete);
    return complete;
  } finally {
    unlock();
  }
}

/** Whether a folder holds the unfinished run, as a process leaves it that could not go on. It is written again. */
function isBegun(out: string, { plan, shard }: RunManifest): boolean {
  const path = join(out, MANIFEST);
  if (!hasManifest(path)) return false;
  const found = readRunManifest(path);
  const isSame = JSON.stringify([found.shard, found.plan]) === JSON.stringify([shard, plan]);
  return isSame && found.status !== 'complete';
}

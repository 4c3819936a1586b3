/** `manifest.json`: what a rollout was asked for and with what it was made, enough to repeat or to resume it. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { GhostexecError } from '../lib/errors.ts';
import { VERSION } from '../lib/version.ts';
import { writeWhole } from '../lib/write-file.ts';
import { hashOf } from '../world/compile.ts';
import { readJson } from '../world/files.ts';
import { loadTask } from '../world/tasks.ts';
import { parseWith } from '../world/validate.ts';
import { planSchema, type RolloutPlan } from './plan.ts';
import { hasOwner } from './run-lock.ts';

export const MANIFEST_FORMAT = 'ghostexec.rollout';

/** Of the manifest and of the trajectories beside it. Those of version 1 had what was answered, text or object, in one field. */
export const MANIFEST_VERSION = 2;

export const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal(MANIFEST_VERSION),
  status: z.enum(['running', 'interrupted', 'complete']),
  episodes_written: z.int().min(0),
  versions: z.strictObject({ ghostexec: z.string(), node: z.string() }),
  /** Everything that decides the bytes of the trajectories. */
  plan: planSchema,
  /** SHA-256 of scenario and drift of each task. */
  scenario_hashes: z.record(z.string(), z.string()),
  seeds: z.strictObject({ root: z.int(), derivation: z.string() }),
  /** What does not change the trajectories. */
  execution: z.strictObject({
    workers: z.int(),
    num_envs: z.int(),
    url: z.string().optional().describe('The server that played it, where that was not this process'),
  }),
});

/** A manifest of before. */
const olderSchema = z.object({
  format: z.literal(MANIFEST_FORMAT),
  version: z
    .int()
    .min(1)
    .max(MANIFEST_VERSION - 1),
  versions: z.object({ ghostexec: z.string() }),
});

export type Manifest = z.output<typeof manifestSchema>;

/** SHA-256 of scenario and drift of each of these tasks. */
export function scenarioHashes(tasks: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    tasks.map((id) => {
      const task = loadTask(id);
      return [id, hashOf(task.scenario, task.drift)];
    }),
  );
}

export function newManifest(plan: RolloutPlan, execution: Manifest['execution']): Manifest {
  return {
    format: MANIFEST_FORMAT,
    version: MANIFEST_VERSION,
    status: 'running',
    episodes_written: 0,
    versions: { ghostexec: VERSION, node: process.version },
    plan,
    scenario_hashes: scenarioHashes(plan.tasks),
    seeds: {
      root: plan.seed,
      derivation: 'seed = deriveSeed(root, 1, group); policy_seed = deriveSeed(root, 2, episode index)',
    },
    execution,
  };
}

/** @throws WriteError; the one before is still there then */
export function writeManifest(path: string, manifest: Manifest): void {
  writeWhole('manifest', path, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Whether there is a manifest that says something. One that is empty was left by a machine that stopped while it was written. */
export function hasManifest(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * The status of a run whose manifest says `status`. A process that was killed, or that found the disk full, leaves `running`
 * behind; the run is interrupted where no process owns its folder.
 */
export function statusNow<S>(path: string, status: S): S | 'interrupted' {
  return status === 'running' && !hasOwner(dirname(path)) ? 'interrupted' : status;
}

/**
 * A manifest, with the status of the run now.
 * @throws GhostexecError where it is empty, no JSON or of an older version, ValidationError where it is no manifest
 */
export function readManifest(path: string): Manifest {
  if (!hasManifest(path)) {
    throw new GhostexecError(
      'FILE',
      `${path} is empty: the machine stopped while it was written; resume the run with the options it was begun with, and it is written anew`,
    );
  }
  const value = readJson(path);
  const older = olderSchema.safeParse(value).data;
  if (older !== undefined) {
    throw new GhostexecError(
      'OLD_FORMAT',
      `${path} is of version ${older.version}, as Ghostexec ${older.versions.ghostexec} wrote it; expected version ${MANIFEST_VERSION}, ` +
        'whose trajectories have other fields (docs/TRAJECTORIES.md); play the run again in another directory',
    );
  }
  const manifest = parseWith(manifestSchema, value, `manifest ${path}`);
  return { ...manifest, status: statusNow(path, manifest.status) };
}

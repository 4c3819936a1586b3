/** `manifest.json`: the plan of a rollout and the versions that played it, which suffice to repeat or to resume it. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../lib/disk.ts';
import { GhostexecError } from '../lib/errors.ts';
import { VERSION } from '../lib/version.ts';
import { readJsonFile } from '../scenarios/files.ts';
import { EDITIONS, otherEdition } from '../sim/edition.ts';
import { promptHashOf } from '../sim/v2/prompt.ts';
import { hashOf } from '../world/compile.ts';
import { parseWith } from '../world/validate.ts';
import { type PlanInput, plannedSource, planSchema, type RolloutPlan, type RolloutShard, shardSchema } from './plan.ts';
import { hasOwner } from './run-lock.ts';

export const MANIFEST_FORMAT = 'ghostexec.rollout';

/** Version of the manifest and of the trajectories beside it. In version 1, one field held the answer, a text or an object. */
export const MANIFEST_VERSION = 2;

/** The fields of a plan that a manifest states: the defaults of another version could differ. */
const STATED = Object.keys(planSchema.shape).filter((field) => !['scenarios', 'model', 'successGrade'].includes(field));

const statedPlanSchema = z
  .custom<PlanInput>((plan) => STATED.every((field) => Object(plan)[field] !== undefined), {
    error: `expected a plan with ${STATED.join(', ')}`,
  })
  .pipe(planSchema);

/** The schema of `manifest.json`. */
export const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal(MANIFEST_VERSION),
  status: z.enum(['running', 'interrupted', 'complete']),
  episodes_written: z.int().min(0),
  versions: z.strictObject({ ghostexec: z.string(), node: z.string() }),
  /** Everything that determines the bytes of the trajectories. */
  plan: statedPlanSchema,
  edition: z.int().min(1).default(1).describe('Edition of the rules in the plan'),
  prompt_sha256: z
    .string()
    .nullable()
    .default(null)
    .describe('SHA-256 of the system prompt of these rules; null under rules v1, which have none'),
  shard: shardSchema.optional().describe('The part of the plan that this folder holds, if it is not all of it'),
  /** SHA-256 of scenario and drift of each task. */
  scenario_hashes: z.record(z.string(), z.string()),
  endpoint_models: z
    .array(z.string())
    .optional()
    .describe('The names that the endpoints gave the language model; `ghostexec eval` writes them'),
  seeds: z.strictObject({ root: z.int(), derivation: z.string() }),
  /** Settings that do not change the trajectories. */
  execution: z.strictObject({
    workers: z.int(),
    num_envs: z.int(),
    url: z.string().optional().describe('The server that played the episodes, if it was not this process'),
  }),
});

/** A manifest of an older version. */
const olderSchema = z.object({
  format: z.literal(MANIFEST_FORMAT),
  version: z
    .int()
    .min(1)
    .max(MANIFEST_VERSION - 1),
  versions: z.object({ ghostexec: z.string() }),
});

export type RunManifest = z.output<typeof manifestSchema>;

/** SHA-256 of scenario and drift of each task. */
export function scenarioHashes(plan: Pick<RolloutPlan, 'tasks' | 'scenarios'>): Record<string, string> {
  return Object.fromEntries(
    plan.tasks.map((id) => {
      const task = plannedSource(plan, id);
      return [id, hashOf(task.scenario, task.drift)];
    }),
  );
}

/** The manifest of a run that begins now. */
export function newManifest(plan: RolloutPlan, execution: RunManifest['execution'], shard?: RolloutShard): RunManifest {
  return {
    format: MANIFEST_FORMAT,
    version: MANIFEST_VERSION,
    status: 'running',
    episodes_written: 0,
    versions: { ghostexec: VERSION, node: process.version },
    plan,
    edition: EDITIONS[plan.rules],
    prompt_sha256: promptHashOf(plan.rules),
    ...(shard === undefined ? {} : { shard }),
    scenario_hashes: scenarioHashes(plan),
    seeds: {
      root: plan.seed,
      derivation: 'seed = deriveSeed(root, 1, group); policy_seed = deriveSeed(root, 2, episode index)',
    },
    execution,
  };
}

/** Replaces the manifest. @throws WriteError, and the previous manifest is still there then */
export function writeManifest(path: string, manifest: RunManifest): void {
  writeWhole('manifest', path, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Whether there is a manifest that is not empty. An empty one is left behind if the machine stops during the write. */
export function hasManifest(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * The present status of a run whose manifest says `status`. A process that was killed, or that found the disk full, leaves
 * `running` behind. If no process owns the folder, such a run is interrupted.
 */
export function statusNow<S>(path: string, status: S): S | 'interrupted' {
  return status === 'running' && !hasOwner(dirname(path)) ? 'interrupted' : status;
}

/**
 * Reads a manifest, with the present status of its run.
 * @throws GhostexecError if the file is empty, not JSON, or of an older version or another edition of the rules;
 * ValidationError if it is not a manifest
 */
export function readRunManifest(path: string): RunManifest {
  const manifest = readAnyEdition(path);
  const other = otherEdition(manifest.plan.rules, manifest.edition);
  if (other === undefined) return manifest;
  throw new GhostexecError(
    'OLD_FORMAT',
    `${path} is ${other}; play the run again in another directory, or use Ghostexec ${manifest.versions.ghostexec}, which wrote it; ghostexec regrade grades its answers by this edition`,
  );
}

/** The same for a run of any edition of its rules, whose rewards and grades are not those of this engine. */
export function readAnyEdition(path: string): RunManifest {
  if (!hasManifest(path)) {
    throw new GhostexecError(
      'FILE',
      `${path} is empty: the machine stopped while it was written; resume the run with its original options to write it again`,
    );
  }
  const value = readJsonFile(path);
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

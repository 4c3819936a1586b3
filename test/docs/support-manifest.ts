/** Reads openenv.yaml, the probe plan and the canaries as strictly as OpenEnv's automatic validation (RFC 008) does. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { DIFFICULTIES } from '../../src/scenarios/shipped.ts';

export const ROOT = new URL('../../', import.meta.url);
export const readText = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** A portable path inside the package. */
const packagePath = z.string().regex(/^(?!\/)(?!.*\.\.)[^\\:]+$/);
const version = z.string().regex(/^\d+\.\d+\.\d+$/);

const validationSchema = z.strictObject({
  reward: z.strictObject({
    range: z.tuple([z.number(), z.number()]).refine(([low, high]) => low < high),
    // Bounds of the published severity policies, v1 and v2.
    oracle_tolerance: z.number().min(0).max(0.1),
    floor_margin: z.number().min(0.1),
  }),
  resources: z.strictObject({
    cpu: z.number().positive(),
    memory_mb: z.int().positive(),
    disk_mb: z.int().positive(),
    episode_timeout_s: z.number().positive().max(3600),
  }),
  network: z.strictObject({ mode: z.enum(['public', 'no-network']) }),
  capabilities: z.strictObject({
    oracle: z.strictObject({ form: z.literal('script'), location: packagePath }),
    verifier: z.strictObject({ kind: z.literal('reward_channel') }),
    set_state: z.literal(false),
    llm_judged: z.literal(false),
    rubric_tree: z.boolean(),
    task_api: z.boolean(),
    canaries: packagePath,
    declared_tools: z.array(z.string()),
    declared_task_count: z.record(z.string(), z.int().min(0)),
  }),
  task_distribution: z.strictObject({ dataset_version: version }),
  types: z.strictObject({ tags: z.array(z.string().min(1)).min(1) }),
  execution: z.strictObject({
    kind: z.literal('openenv_ws'),
    probe_path: packagePath,
    dockerfile: packagePath,
    context: packagePath,
    agent_boundary: z.literal('api'),
  }),
});

const manifestSchema = z.strictObject({
  spec_version: z.literal(1),
  name: z.string(),
  version,
  description: z.string(),
  type: z.literal('space'),
  runtime: z.literal('docker'),
  app: packagePath,
  port: z.int().min(1).max(65_535),
  difficulties: z.array(z.enum(DIFFICULTIES)),
  max_steps: z.int().positive(),
  tasks: z.array(
    z.strictObject({
      id: z.string(),
      difficulty: z.enum(DIFFICULTIES),
      default: z.boolean().optional(),
      description: z.string(),
      scenario: packagePath,
      drift: packagePath.optional(),
      grader: z.string(),
      v1_grader: z.string().optional(),
    }),
  ),
  validation: validationSchema,
});

const episodeSchema = z.strictObject({
  reset: z.strictObject({
    episode_id: z.string().min(1).max(128),
    seed: z.uint32(),
    options: z.record(z.string(), z.json()).refine((keys) => !('seed' in keys) && !('episode_id' in keys)),
  }),
  actions: z.array(z.record(z.string(), z.json())).min(1).max(100),
});
export type PlannedEpisode = z.output<typeof episodeSchema>;

const planSchema = episodeSchema.extend({ plan_schema_version: z.literal('1') });

const canariesSchema = z.strictObject({
  canary_schema_version: z.literal('1'),
  max_grade: z.number().min(0).max(1),
  trajectories: z.array(episodeSchema.extend({ name: z.string() })).min(1),
});

export const MANIFEST = manifestSchema.parse(parse(readText('openenv.yaml')));
export const PLAN = planSchema.parse(JSON.parse(readText(MANIFEST.validation.execution.probe_path)));
export const CANARIES = canariesSchema.parse(JSON.parse(readText(MANIFEST.validation.capabilities.canaries)));

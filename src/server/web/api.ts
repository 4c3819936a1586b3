/** What the playground asks for and is answered: JSON, in these names. The pages import the types. */
import { z } from 'zod';
import { MAX_SEED } from '../../lib/random.ts';
import type { Scene } from '../../rollout/replay/scene.ts';
import type { RewardMode } from '../../sim/breakdown.ts';
import type { Rules } from '../../sim/rules.ts';
import type { DIFFICULTIES } from '../../world/tasks.ts';
import { playSchema } from '../wire.ts';

/** Actions that one request may bring, and steps that it may ask for. */
export const MAX_STEPS = 1_000;
/** Of a snapshot as base64url, in characters; those of shipped tasks have a few thousand. */
const MAX_SNAPSHOT = 2 ** 22;

const { task_id, scenario, drift, rules, reward_mode, seed } = playSchema;
const episodeSchema = z
  .strictObject({ task_id, scenario, drift, rules, reward_mode, seed })
  .describe('What is played, as in POST /reset');
const actionsSchema = z.array(z.unknown()).max(MAX_STEPS).describe('From the beginning: actions or raw completions');

export const episodeRequestSchema = z.strictObject({
  episode: episodeSchema,
  actions: actionsSchema.default([]),
  snapshots: z.boolean().default(true).describe('Whether each scene comes with a snapshot to go on from'),
});

export const stepRequestSchema = z.strictObject({
  episode: episodeSchema,
  snapshot: z
    .string()
    .min(1)
    .max(MAX_SNAPSHOT)
    .regex(/^[\w-]*$/, 'expected base64url')
    .describe('Of the scene to go on from'),
  action: z
    .custom<unknown>((value) => value !== undefined, 'expected an action or a raw completion')
    .describe('An action or a raw completion'),
});

export const policyRequestSchema = z.strictObject({
  episode: episodeSchema,
  actions: actionsSchema.describe('What was played before the policy takes over'),
  policy: z.string(),
  policy_seed: z.int().min(0).max(MAX_SEED).default(0),
  steps: z.union([z.int().min(1).max(MAX_STEPS), z.literal('rest')]),
});

/** What is played. */
export type EpisodeInput = z.input<typeof episodeSchema>;
export type EpisodeRequest = z.input<typeof episodeRequestSchema>;
export type StepRequest = z.input<typeof stepRequestSchema>;
export type PolicyRequest = z.input<typeof policyRequestSchema>;

/** What is played, with everything that was left out decided; it may be sent again as it is. */
export type WireEpisode = {
  readonly task_id: string;
  readonly rules: Rules;
  readonly reward_mode: RewardMode;
  readonly seed: number;
  /** Where another drift was asked for than that of the task. */
  readonly drift?: unknown;
  /** Where it is no shipped task. */
  readonly scenario?: unknown;
};

/** A scene and the snapshot (base64url) to go on from. */
export type WireScene = Scene & { readonly snapshot: string };

/** `scenes[0]` is the reset; one more follows for each action. Without `snapshots` they are plain scenes. */
export type EpisodeAnswer = {
  readonly episode: WireEpisode;
  readonly scenes: readonly WireScene[];
  /** Actions after the end of the episode: they were not played. */
  readonly ignored: number;
};
export type StepAnswer = { readonly scene: WireScene };
/** Scenes of the policy's own steps, without those of the actions that came before. */
export type PolicyAnswer = { readonly scenes: readonly WireScene[] };

export type TaskOption = {
  readonly task_id: string;
  readonly difficulty: (typeof DIFFICULTIES)[number];
  readonly description: string;
  /** Tasks of one group are variants of one scenario. */
  readonly group: string;
  /** Whether something comes up in the course of it by a drift document of its own. */
  readonly has_drift: boolean;
  /** Whether it has a grade under rules v1. */
  readonly v1_grader: boolean;
};

/** GET /web/api/options: what there is to choose from. */
export type Options = {
  readonly tasks: readonly TaskOption[];
  /** Tasks whose drift can be named. */
  readonly drifts: readonly string[];
  readonly rules: readonly Rules[];
  readonly reward_modes: readonly RewardMode[];
  readonly defaults: { readonly task_id: string; readonly rules: Rules; readonly reward_mode: RewardMode };
  readonly policies: readonly string[];
  /** Whether the server has runs to show. */
  readonly runs: boolean;
};

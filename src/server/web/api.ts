/** The requests and answers of the playground, as JSON. The pages import the types. */

import { z } from 'zod';
import type { ComparePage } from '../../analysis/compare.ts';
import type { Scene } from '../../analysis/replay.ts';
import { MAX_SEED } from '../../lib/random.ts';
import type { Page, Progress } from '../../records/index/trace.ts';
import type { DIFFICULTIES } from '../../scenarios/shipped.ts';
import type { RewardMode } from '../../sim/breakdown.ts';
import type { Rules } from '../../sim/rules.ts';
import { playSchema } from '../wire.ts';

// The answers to the trace viewer, as JSON. The page imports the types.

/** A file of trajectories, and the progress of its index. */
export type RunInfo = Progress & {
  /** Id of the run in the other routes. The same file has the same id after a restart. */
  readonly run_id: string;
  readonly name: string;
  /** The manifest beside the file; null if there is none. */
  readonly manifest: object | null;
  /** When its file was last written, in milliseconds since 1970; null if that is not known. */
  readonly changed: number | null;
  /** False for a run without records, of which only this is known. */
  readonly has_records: boolean;
};

/** GET /web/api/runs */
export type RunsAnswer = { readonly runs: readonly RunInfo[] };
/** GET /web/api/runs/:run_id/episodes */
export type EpisodesAnswer = Page;
/** GET /web/api/compare. `done` is false while one of the runs is still being indexed. */
export type CompareAnswer = ComparePage & { readonly done: boolean };

/** The maximum number of actions in one request, and of steps that it may request. */
export const MAX_STEPS = 1_000;
/** The maximum length of a snapshot as base64url, in characters. Snapshots of shipped tasks have a few thousand. */
const MAX_SNAPSHOT = 2 ** 22;

const { task_id, scenario, drift, rules, reward_mode, seed } = playSchema;
const episodeSchema = z
  .strictObject({ task_id, scenario, drift, rules, reward_mode, seed })
  .describe('What the episode plays, as in POST /reset');
const actionsSchema = z
  .array(z.unknown())
  .max(MAX_STEPS)
  .describe('All actions from the beginning of the episode: action objects or raw completions');

export const episodeRequestSchema = z.strictObject({
  episode: episodeSchema,
  actions: actionsSchema.default([]),
  snapshots: z.boolean().default(true).describe('Whether each scene has a snapshot to continue from'),
});

export const playStepRequestSchema = z.strictObject({
  episode: episodeSchema,
  snapshot: z
    .string()
    .min(1)
    .max(MAX_SNAPSHOT)
    .regex(/^[\w-]*$/, 'expected base64url')
    .describe('Snapshot of the scene to continue from'),
  action: z
    .custom<unknown>((value) => value !== undefined, 'expected an action or a raw completion')
    .describe('An action or a raw completion'),
});

export const policyRequestSchema = z.strictObject({
  episode: episodeSchema,
  actions: actionsSchema.describe('The actions that were played before the policy takes over'),
  policy: z.string(),
  policy_seed: z.int().min(0).max(MAX_SEED).default(0),
  steps: z.union([z.int().min(1).max(MAX_STEPS), z.literal('rest')]),
});

/** What an episode plays. */
export type EpisodeInput = z.input<typeof episodeSchema>;
export type EpisodeRequest = z.input<typeof episodeRequestSchema>;

/** What an episode plays, with all defaults filled in. It may be sent as the `episode` of another request. */
export type WireEpisode = {
  readonly task_id: string;
  readonly rules: Rules;
  readonly reward_mode: RewardMode;
  readonly seed: number;
  /** Present if the request named a drift other than that of the task. */
  readonly drift?: unknown;
  /** Present if the episode does not play a shipped task. */
  readonly scenario?: unknown;
};

/** A scene and the snapshot (base64url) to continue from. */
export type WireScene = Scene & { readonly snapshot: string };

/** `scenes[0]` is the reset; one more scene follows for each action. With `snapshots: false` the scenes have no snapshots. */
export type EpisodeAnswer = {
  readonly episode: WireEpisode;
  readonly scenes: readonly WireScene[];
  /** The number of actions after the end of the episode, which were not played. */
  readonly ignored: number;
};
export type StepAnswer = { readonly scene: WireScene };
/** The scenes of the policy's steps, without the scenes of the actions before them. */
export type PolicyScenes = { readonly scenes: readonly WireScene[] };

export type TaskOption = {
  readonly task_id: string;
  readonly difficulty: (typeof DIFFICULTIES)[number];
  readonly description: string;
  /** Tasks of one group are variants of one scenario. */
  readonly group: string;
  /** Whether the task has a drift document, whose events happen during the episode. */
  readonly has_drift: boolean;
  /** Whether the task has a grade under rules v1. */
  readonly v1_grader: boolean;
};

/** GET /web/api/options: the choices of the playground. */
export type PlayOptions = {
  readonly tasks: readonly TaskOption[];
  /** Ids of the tasks whose drift can be named. */
  readonly drifts: readonly string[];
  readonly rules: readonly Rules[];
  readonly reward_modes: readonly RewardMode[];
  readonly defaults: { readonly task_id: string; readonly rules: Rules; readonly reward_mode: RewardMode };
  readonly policies: readonly string[];
  /** The system prompt of rules v2, and its SHA-256. */
  readonly prompt: { readonly text: string; readonly sha256: string };
  /** Whether the server has runs to show. */
  readonly runs: boolean;
};

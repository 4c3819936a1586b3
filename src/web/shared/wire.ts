/** What the routes under /web/api take and answer, as the pages see it. */
import type { Scene } from '../../rollout/replay/scene.ts';

/** A scene, and the episode as it stands there: base64url, for going on from it. */
export type WireScene = Scene & { readonly snapshot: string };

/** What is to be played, as in POST /reset. */
export type EpisodeRequest = {
  readonly task_id?: string;
  /** A scenario document of one's own. */
  readonly scenario?: unknown;
  /** Left out: that of the task; `none`; the id of the task whose drift it is; or a drift document. */
  readonly drift?: unknown;
  readonly rules?: string;
  readonly reward_mode?: string;
  readonly seed?: number;
};

/** What is being played: with everything that the server has filled in. */
export type Episode = EpisodeRequest & {
  readonly task_id: string;
  readonly rules: string;
  readonly reward_mode: string;
  readonly seed: number;
};

export type TaskOption = {
  readonly task_id: string;
  readonly difficulty: string;
  readonly description: string;
  readonly group: string;
  readonly has_drift: boolean;
  readonly v1_grader: boolean;
};

export type Options = {
  readonly tasks: readonly TaskOption[];
  /** Ids of the tasks whose drift can be named. */
  readonly drifts: readonly string[];
  readonly rules: readonly string[];
  readonly reward_modes: readonly string[];
  readonly defaults: { readonly task_id: string; readonly rules: string; readonly reward_mode: string };
  readonly policies: readonly string[];
  /** Whether the server has runs to show. */
  readonly runs: boolean;
};

/** A rollout from plan to files: `trajectories.jsonl` and `manifest.json` in one directory. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { GhostexecError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import type { OnRecovery } from '../vector/options.ts';
import type { Policy } from './actor.ts';
import { type CollectOptions, type CollectProgress, collect } from './collect.ts';
import { type Manifest, newManifest, readManifest, writeManifest } from './manifest.ts';
import { checkPlan, type RolloutPlan } from './plan.ts';
import { policyNamed } from './policies.ts';
import type { EpisodeSummary } from './records.ts';
import type { OpenStage } from './stage.ts';
import { TrajectoryFile } from './trajectory-file.ts';

export const TRAJECTORIES = 'trajectories.jsonl';
export const MANIFEST = 'manifest.json';

export type RunOptions = {
  /** `policy` may be left out where `options.policy` names it. */
  readonly plan: Omit<RolloutPlan, 'policy'> & { readonly policy?: string };
  /** Who plays, where that is not the built-in policy that the plan names; its name goes into the records. */
  readonly policy?: Policy;
  /** The directory to write to; it is made if need be. */
  readonly out: string;
  readonly workers: number;
  readonly numEnvs: number;
  /** Where to play, if not in this process; `workers` are not asked for then. */
  readonly remote?: { readonly url: string; readonly open: OpenStage };
  readonly resume: boolean;
  /** Once aborted, no further episode is begun. */
  readonly signal?: AbortSignal;
  /** Called now and then while episodes are played. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Called for every worker thread that was lost and replaced. */
  readonly onRecovery?: OnRecovery;
};

export type RunProgress = {
  /** Episodes in the file, those of earlier runs included. */
  readonly written: number;
  readonly episodes: number;
  /** Steps played in this run. */
  readonly steps: number;
  /** Episodes that have begun and not ended. */
  readonly underWay: number;
};

export type RunResult = {
  readonly manifest: Manifest;
  readonly summaries: readonly EpisodeSummary[];
  /** Episodes that were in the file before. */
  readonly resumed: number;
  /** Worker threads that were lost and replaced in this run. */
  readonly recoveries: number;
  /** Duration of this run in seconds. */
  readonly seconds: number;
};

/**
 * Plays what the plan asks for and is not in the directory yet.
 * @throws GhostexecError when the directory holds another run, or a run while `resume` is false
 */
export async function runRollout(options: RunOptions): Promise<RunResult> {
  const policy = options.policy ?? policyNamed(options.plan.policy ?? '');
  const plan = checkPlan({ ...options.plan, policy: policy.name });
  const manifestPath = join(options.out, MANIFEST);
  const trajectoriesPath = join(options.out, TRAJECTORIES);
  const { remote } = options;
  const execution = { workers: remote === undefined ? options.workers : 0, num_envs: options.numEnvs };
  let manifest = newManifest(plan, remote === undefined ? execution : { ...execution, url: remote.url });
  if (existsSync(manifestPath) || existsSync(trajectoriesPath)) {
    if (!options.resume) {
      throw new GhostexecError(
        'RUN_EXISTS',
        `${options.out} holds a run already; resume it or choose another directory`,
      );
    }
    if (existsSync(manifestPath)) refuseIfDifferent(readManifest(manifestPath), manifest);
  }
  mkdirSync(options.out, { recursive: true });
  const file = options.resume
    ? await TrajectoryFile.resume(trajectoriesPath, plan.groupSize)
    : TrajectoryFile.create(trajectoriesPath, plan.groupSize);
  const resumed = file.count;
  const began = performance.now();
  const save = (status: Manifest['status']): void => {
    manifest = { ...manifest, status, episodes_written: file.count };
    writeManifest(manifestPath, manifest);
  };
  let recoveries = 0;
  const onRecovery: OnRecovery = (recovery) => {
    recoveries++;
    options.onRecovery?.(recovery);
  };
  try {
    save('running');
    const progress: CollectProgress = { steps: 0, underWay: 0 };
    const report = (): void => {
      const { steps, underWay } = progress;
      options.onProgress?.({ written: file.count, episodes: plan.episodes, steps, underWay });
    };
    report();
    const { workers, numEnvs, signal } = options;
    if (resumed < plan.episodes) {
      const how: CollectOptions = {
        ...{ plan, policy, from: resumed, numEnvs, workers, onStep: report, onRecovery },
        ...(remote === undefined ? {} : { open: remote.open }),
        ...(signal === undefined ? {} : { signal }),
      };
      for await (const record of collect(how, progress)) file.add(record);
    }
    report();
  } finally {
    save(file.count === plan.episodes ? 'complete' : 'interrupted');
    file.close();
  }
  return { manifest, summaries: file.summaries, resumed, recoveries, seconds: (performance.now() - began) / 1000 };
}

function refuseIfDifferent(found: Manifest, wanted: Manifest): void {
  for (const part of ['plan', 'scenario_hashes'] as const) {
    const [before, now] = [JSON.stringify(found[part]), JSON.stringify(wanted[part])];
    if (before !== now) {
      const why = `its ${part} is ${quote(before, 300)}, this one's is ${quote(now, 300)}`;
      throw new GhostexecError('OTHER_RUN', `the directory holds another run: ${why}`);
    }
  }
}

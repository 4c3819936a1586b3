/** A rollout from plan to files: `trajectories.jsonl` and `manifest.json` in one directory. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GhostexecError } from '../lib/errors.ts';
import { plural, quote } from '../lib/text.ts';
import { makeFolder, WriteError, writeWhole } from '../lib/write-file.ts';
import type { Recovery } from '../vector/recovery.ts';
import type { SpecData } from '../vector/spec.ts';
import { loadTask } from '../world/tasks.ts';
import type { Policy } from './actor.ts';
import { type CollectOptions, type CollectProgress, collect } from './collect.ts';
import { collectInWorkers, type JobOptions, type PlayedRange } from './in-worker/collect.ts';
import { hasManifest, type Manifest, newManifest, readManifest, writeManifest } from './manifest.ts';
import { checkPlan, type PlanInput, type RolloutPlan } from './plan.ts';
import { policyNamed } from './policies.ts';
import type { EpisodeRecord, EpisodeSummary } from './records.ts';
import { lockRun } from './run-lock.ts';
import type { OpenStage } from './stage.ts';
import { summarize } from './summary.ts';
import { SummaryList } from './summary-list.ts';
import { TrajectoryFile } from './trajectory-file.ts';

export const TRAJECTORIES = 'trajectories.jsonl';
export const MANIFEST = 'manifest.json';
/** What the episodes amount to, task by task; written where there are no trajectories. */
export const SUMMARY = 'summary.json';

export type RunOptions = {
  /** `policy` may be left out where `options.policy` names it. */
  readonly plan: Omit<PlanInput, 'policy'> & { readonly policy?: string };
  /**
   * Who plays, where that is not the built-in policy that the plan names; its name goes into the records. It is asked in this
   * thread at each step, while built-in policies play whole episodes inside the workers.
   */
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
  /** Called when a worker was lost or failed, and what it played is played again: what happened and why. */
  readonly onRecovery?: (what: string) => void;
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
  /** How often a worker was lost or failed, and its episodes were played again. */
  readonly recoveries: number;
  /** Duration of this run in seconds. */
  readonly seconds: number;
};

/**
 * Plays what the plan asks for and is not in the directory yet.
 * @throws GhostexecError when the directory holds another run, or a run while `resume` is false; when another process writes to
 * it (RUN_IN_USE); when the trajectories are not what was written (DAMAGED); WriteError (FILE) when something cannot be written,
 * which says what to do and how the run is gone on with
 */
export async function runRollout(options: RunOptions): Promise<RunResult> {
  const policy = options.policy ?? policyNamed(options.plan.policy ?? '');
  const plan = checkPlan({ ...options.plan, policy: policy.name });
  if (options.resume && !plan.records) throw nothingToResume(options.out);
  try {
    makeFolder(options.out);
    const unlock = lockRun(options.out);
    try {
      return await runInOwnFolder(options, plan, policy);
    } finally {
      unlock();
    }
  } catch (error) {
    if (!(error instanceof WriteError) || !plan.records) throw error;
    const again = `run the command again with --out ${options.out} --resume, which goes on from what is there`;
    throw new WriteError(error.path, error.cause, again);
  }
}

async function runInOwnFolder(options: RunOptions, plan: RolloutPlan, policy: Policy): Promise<RunResult> {
  const manifestPath = join(options.out, MANIFEST);
  const trajectoriesPath = join(options.out, TRAJECTORIES);
  const { remote } = options;
  const execution = { workers: remote === undefined ? options.workers : 0, num_envs: options.numEnvs };
  let manifest = newManifest(plan, remote === undefined ? execution : { ...execution, url: remote.url });
  if (options.resume && hasManifest(manifestPath)) {
    const before = readManifest(manifestPath);
    refuseIfDifferent(before, manifest);
    manifest = { ...manifest, episodes_written: before.episodes_written };
  }
  if (!options.resume) refuseIfThere(options.out, manifest);
  let log: Log | undefined;
  /** Whether the file holds what was written to it. */
  let isChecked = false;
  const save = (status: Manifest['status']): void => {
    manifest = { ...manifest, status, episodes_written: log?.count ?? manifest.episodes_written };
    writeManifest(manifestPath, manifest);
  };
  const settle = (): void => {
    // As long as the file was not opened, what was said of it holds.
    const isComplete = log === undefined ? manifest.episodes_written === plan.episodes : isChecked;
    save(isComplete ? 'complete' : 'interrupted');
  };
  const settleIfPossible = (): void => {
    try {
      settle();
    } catch {
      // The run or the process ends for another reason, which is reported instead.
    }
  };
  settleAtExit(settleIfPossible);
  const progress: CollectProgress & { recoveries: number } = { steps: 0, underWay: 0, recoveries: 0 };
  let began: number;
  let resumed: number;
  try {
    // What is there first says how to go on, should the process be killed.
    save('running');
    log = await openLog(plan, trajectoriesPath, options.resume);
    resumed = log.count;
    began = performance.now();
    save('running');
    await play(options, plan, policy, log, progress);
    if (log.count === plan.episodes) {
      await log.check();
    }
    // Everything is on the disk before the manifest says so.
    log.close();
    if (!plan.records) {
      const summary = `${JSON.stringify(summarize(plan.tasks, log.summaries), null, 2)}\n`;
      writeWhole('summary', join(options.out, SUMMARY), summary);
    }
    isChecked = log.count === plan.episodes;
    settle();
  } catch (error) {
    isChecked = false;
    log?.discard();
    settleIfPossible();
    throw error;
  } finally {
    dontSettleAtExit(settleIfPossible);
  }
  const { summaries } = log;
  const { recoveries } = progress;
  return { manifest, summaries, resumed, recoveries, seconds: (performance.now() - began) / 1000 };
}

/** Of the runs under way; one listener is for them all, since Node warns of more than ten. */
const unsettled = new Set<() => void>();

function settleAtExit(settle: () => void): void {
  // As long as the folder has its owner: locks are given back at the exit too.
  if (unsettled.size === 0) process.prependListener('exit', settleAll);
  unsettled.add(settle);
}

function dontSettleAtExit(settle: () => void): void {
  unsettled.delete(settle);
  if (unsettled.size === 0) process.off('exit', settleAll);
}

function settleAll(): void {
  for (const settle of unsettled) settle();
}

/** Plays what is not in the log yet. */
async function play(
  options: RunOptions,
  plan: RolloutPlan,
  policy: Policy,
  log: Log,
  progress: CollectProgress & { recoveries: number },
): Promise<void> {
  const { workers, numEnvs, signal, remote, onRecovery } = options;
  const report = (): void => {
    const { steps, underWay } = progress;
    options.onProgress?.({ written: log.count, episodes: plan.episodes, steps, underWay });
  };
  report();
  if (log.count < plan.episodes) {
    const how = { plan, from: log.count, workers, ...(signal === undefined ? {} : { signal }) };
    if (options.policy === undefined && remote === undefined) {
      const jobs: JobOptions = { ...how, specs: specsOf(plan), ...(onRecovery === undefined ? {} : { onRecovery }) };
      for await (const played of collectInWorkers(jobs, progress)) {
        log.append(played);
        report();
      }
    } else {
      const told = (recovery: Recovery): void => {
        progress.recoveries++;
        onRecovery?.(describeRecovery(recovery));
      };
      const steps: CollectOptions = { ...how, policy, numEnvs, onStep: report, onRecovery: told };
      const open = remote === undefined ? {} : { open: remote.open };
      for await (const record of collect({ ...steps, ...open }, progress)) log.add(record);
    }
  }
  report();
}

/** Where episodes go, in any order or range by range in the order of the run. */
type Log = {
  readonly summaries: readonly EpisodeSummary[];
  readonly count: number;
  add(record: EpisodeRecord): void;
  append(played: PlayedRange): void;
  /** @throws GhostexecError (DAMAGED) where the file is not what was written */
  check(): Promise<void>;
  /** Has everything on the disk; nothing is added from then on. */
  close(): void;
  /** Lets go of the file of a run that has failed. */
  discard(): void;
};

async function openLog(plan: RolloutPlan, path: string, resume: boolean): Promise<Log> {
  if (plan.records) {
    return resume ? TrajectoryFile.resume(path, plan.groupSize) : TrajectoryFile.create(path, plan.groupSize);
  }
  return new SummaryList(plan.groupSize);
}

function specsOf({ tasks, rules, rewardMode }: RolloutPlan): SpecData[] {
  return [...new Set(tasks)].map((id) => {
    const { scenario, drift, oracle } = loadTask(id);
    return { task: id, scenario, drift, oracle, rules, rewardMode };
  });
}

/** A run without records leaves nothing that could be gone on with. */
export function nothingToResume(out: string): GhostexecError {
  return new GhostexecError('OTHER_RUN', `a run without records, as in ${out}, cannot be resumed; begin it again`);
}

/** A run is begun in a folder without one, or anew where one without records was begun and has not come to its end. */
function refuseIfThere(out: string, wanted: Manifest): void {
  const [manifest, trajectories] = [join(out, MANIFEST), join(out, TRAJECTORIES)];
  const isThere = existsSync(trajectories) || existsSync(manifest);
  if (!isThere) return;
  if (!wanted.plan.records && !existsSync(trajectories)) {
    if (!hasManifest(manifest)) return;
    const found = readManifest(manifest);
    if (found.status !== 'complete' && JSON.stringify(found.plan) === JSON.stringify(wanted.plan)) return;
  }
  throw new GhostexecError('RUN_EXISTS', `${out} holds a run already; resume it or choose another directory`);
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

function describeRecovery({ shard, cause, replayedSteps, failedEnv }: Recovery): string {
  const failed = failedEnv === undefined ? '' : `; the episode in environment ${failedEnv} did it again and has failed`;
  return `Worker ${shard} was lost (${cause}) and replaced, with ${plural(replayedSteps, 'step')} played again${failed}.`;
}

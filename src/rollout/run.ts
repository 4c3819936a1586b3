/** Plays the plan of a rollout and writes `trajectories.jsonl` and `manifest.json` to one directory. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, WriteError, writeWhole } from '../lib/disk.ts';
import { GhostexecError } from '../lib/errors.ts';
import { plural, quote } from '../lib/text.ts';
import { RunHalted } from '../policies/failure.ts';
import { isBuiltIn, loadPolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import { type PlayedRange, writtenEpisode } from '../records/line-writer.ts';
import type { EpisodeSummary } from '../records/schema.ts';
import { SummaryList, summarize } from '../records/summary.ts';
import { TrajectoryFile } from '../records/trajectory-file.ts';
import type { SpecData } from '../vector/spec.ts';
import type { Recovery } from '../vector/supervision.ts';
import { parseWith } from '../world/validate.ts';
import { type CollectOptions, type CollectProgress, collect } from './collect.ts';
import { collectInWorkers, type JobOptions } from './collect-in-workers.ts';
import { hasManifest, newManifest, type RunManifest, readRunManifest, writeManifest } from './manifest.ts';
import {
  checkPlan,
  DEFAULT_POLICY,
  episodesOf,
  type PlanInput,
  plannedSource,
  type RolloutPlan,
  type RolloutShard,
  shardSchema,
} from './plan.ts';
import { lockRun } from './run-lock.ts';
import type { OpenStage } from './stage.ts';

export const TRAJECTORIES = 'trajectories.jsonl';
export const MANIFEST = 'manifest.json';
/** The results of the episodes by task; written by a run without trajectories. */
export const SUMMARY = 'summary.json';

/** Options of `runRollout`. */
export type RunOptions = {
  /** What is played; by default 96 episodes of the certified tasks in groups of 8, with the policy `greedy`. */
  readonly plan?: PlanInput;
  /**
   * A policy, which plays instead of the one that the plan names. Its name goes into the records. This thread calls it at each
   * step, as it does a policy of a module, whereas built-in policies play whole episodes inside the workers.
   */
  readonly policy?: Policy;
  /** The directory to write to, which is created if it does not exist; by default a new one in `runs`. */
  readonly out?: string;
  /** Number of worker threads (default 2); 0 plays in this thread. */
  readonly workers?: number;
  /** Episodes in flight (default 64), unless a built-in policy plays inside the workers. */
  readonly numEnvs?: number;
  /** The part of the plan that is played; `mergeShards` joins the parts. */
  readonly shard?: RolloutShard;
  /** The server that plays, instead of this process; `workers` is ignored then. */
  readonly remote?: { readonly url: string; readonly open: OpenStage };
  /** Whether to continue the run in `out` (default false), whose plan must be the same. */
  readonly resume?: boolean;
  /** After an abort, no further episode begins. */
  readonly signal?: AbortSignal;
  /** Called repeatedly while episodes are played. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Called when a worker was lost or failed and its episodes are played again. @param what Describes the loss and its cause. */
  readonly onRecovery?: (what: string) => void;
};

/** The options of a run with their defaults. */
type RunSettings = RunOptions & Required<Pick<RunOptions, 'out' | 'workers' | 'numEnvs' | 'resume'>>;

/** Progress of a run. */
export type RunProgress = {
  /** Number of episodes in the file, including those of earlier runs. */
  readonly written: number;
  readonly episodes: number;
  /** Number of steps played in this run. */
  readonly steps: number;
  /** Number of episodes that have begun and not ended. */
  readonly underWay: number;
};

/** The result of a run that was completed or interrupted. */
export type RunResult = {
  /** The directory of the run. */
  readonly out: string;
  readonly manifest: RunManifest;
  readonly summaries: readonly EpisodeSummary[];
  /** Number of episodes that were in the file before this run. */
  readonly resumed: number;
  /** How often a worker was lost or failed and its episodes were played again. */
  readonly recoveries: number;
  /** Duration of this run in seconds. */
  readonly seconds: number;
};

/**
 * Plays the episodes of the plan that are not in the directory yet. Every option has a default.
 * @throws GhostexecError if the directory holds another run (OTHER_RUN), or any run while `resume` is false (RUN_EXISTS); if
 * another process writes to it (RUN_IN_USE); if the trajectories differ from what was written (DAMAGED). WriteError (FILE) if a
 * file cannot be written; its message says what to do and how to resume the run.
 * @example
 * const { summaries } = await runRollout({ plan: { tasks: ['phase2_core'], episodes: 8, groupSize: 4 }, out: 'runs/a' });
 */
export async function runRollout(given: RunOptions = {}): Promise<RunResult> {
  if (given.resume && given.out === undefined)
    throw new GhostexecError('USAGE', 'resume needs `out`, the directory of the run to continue');
  const out = given.out ?? newRunFolder();
  const options: RunSettings = { workers: 2, numEnvs: 64, resume: false, ...given, out };
  const policy = options.policy ?? (await loadPolicy(options.plan?.policy ?? DEFAULT_POLICY));
  const plan = checkPlan({ ...options.plan, policy: policy.name });
  if (options.shard !== undefined) {
    parseWith(shardSchema, options.shard, 'shard');
    if (!plan.records) throw new GhostexecError('USAGE', 'a shard without records could not be merged with the others');
  }
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
    if (error instanceof RunHalted && plan.records) {
      throw new RunHalted(`${error.message}; run again with --out ${options.out} --resume`);
    }
    if (!(error instanceof WriteError) || !plan.records) throw error;
    const again = `run the command again with --out ${options.out} --resume, which goes on from what is there`;
    throw new WriteError(error.path, error.cause, again);
  }
}

async function runInOwnFolder(options: RunSettings, plan: RolloutPlan, policy: Policy): Promise<RunResult> {
  const manifestPath = join(options.out, MANIFEST);
  const trajectoriesPath = join(options.out, TRAJECTORIES);
  const { remote, shard } = options;
  const { first, end } = episodesOf(plan, shard);
  const execution = { workers: remote === undefined ? options.workers : 0, num_envs: options.numEnvs };
  let manifest = newManifest(plan, remote === undefined ? execution : { ...execution, url: remote.url }, shard);
  if (options.resume && hasManifest(manifestPath)) {
    const before = readRunManifest(manifestPath);
    refuseIfDifferent(before, manifest);
    manifest = { ...manifest, episodes_written: before.episodes_written };
  }
  if (!options.resume) refuseIfThere(options.out, manifest);
  let log: Log | undefined;
  /** Whether the file was compared with what was written to it, and is complete. */
  let isChecked = false;
  const save = (status: RunManifest['status']): void => {
    manifest = { ...manifest, status, episodes_written: log?.count ?? manifest.episodes_written };
    writeManifest(manifestPath, manifest);
  };
  const settle = (): void => {
    // If the file was not opened in this run, the episode count of the manifest still holds.
    const isComplete = log === undefined ? manifest.episodes_written === end - first : isChecked;
    save(isComplete ? 'complete' : 'interrupted');
  };
  const settleIfPossible = (): void => {
    try {
      settle();
    } catch {
      // The error that ended the run or the process is reported instead.
    }
  };
  settleAtExit(settleIfPossible);
  const progress: CollectProgress & { recoveries: number } = { steps: 0, underWay: 0, recoveries: 0 };
  let began: number;
  let resumed: number;
  try {
    // The manifest is written first: it is needed to resume the run if the process is killed.
    save('running');
    log = await openLog(plan, trajectoriesPath, options.resume, first);
    resumed = log.count;
    began = performance.now();
    save('running');
    await play(options, plan, policy, log, progress);
    if (log.count === end - first) {
      await log.check();
    }
    // All episodes are on the disk before the manifest says so.
    log.close();
    if (!plan.records) {
      const summary = `${JSON.stringify(summarize(plan.tasks, log.summaries), null, 2)}\n`;
      writeWhole('summary', join(options.out, SUMMARY), summary);
    }
    isChecked = log.count === end - first;
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
  return { out: options.out, manifest, summaries, resumed, recoveries, seconds: (performance.now() - began) / 1000 };
}

/** The path of a new folder in `runs`, named by the time in UTC. @param kind The beginning of its name. */
export function newRunFolder(kind = 'rollout'): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  for (let n = 1; ; n++) {
    const folder = join('runs', n === 1 ? `${kind}-${stamp}` : `${kind}-${stamp}-${n}`);
    if (!existsSync(folder)) return folder;
  }
}

/** The functions that settle the active runs. They share one exit listener, because Node warns about more than ten listeners. */
const unsettled = new Set<() => void>();

function settleAtExit(settle: () => void): void {
  // This listener must run before the one that releases the locks at exit, while the folder is still locked.
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

/** Plays the episodes that are not in the log yet. */
async function play(
  options: RunSettings,
  plan: RolloutPlan,
  policy: Policy,
  log: Log,
  progress: CollectProgress & { recoveries: number },
): Promise<void> {
  const { workers, numEnvs, signal, remote, onRecovery } = options;
  const { first, end: to } = episodesOf(plan, options.shard);
  const episodes = to - first;
  const report = (): void => {
    const { steps, underWay } = progress;
    options.onProgress?.({ written: log.count, episodes, steps, underWay });
  };
  report();
  if (log.count < episodes) {
    const how = { plan, from: first + log.count, to, workers, ...(signal === undefined ? {} : { signal }) };
    if (options.policy === undefined && remote === undefined && isBuiltIn(plan.policy)) {
      const jobs: JobOptions = { ...how, specs: specsOf(plan), ...(onRecovery === undefined ? {} : { onRecovery }) };
      for await (const played of collectInWorkers(jobs, progress)) {
        log.append(played);
        report();
      }
    } else {
      const reportRecovery = (recovery: Recovery): void => {
        progress.recoveries++;
        onRecovery?.(describeRecovery(recovery));
      };
      const here: CollectOptions = { ...how, policy, numEnvs, onStep: report, onRecovery: reportRecovery };
      const there = remote === undefined ? {} : { open: remote.open };
      for await (const record of collect({ ...here, ...there }, progress)) {
        const { steps: _, ...summary } = record;
        log.append(plan.records ? writtenEpisode(record) : { summaries: [summary] });
      }
    }
  }
  report();
}

/** Collects the episodes, which are appended in the order of the run. */
type Log = {
  readonly summaries: readonly EpisodeSummary[];
  readonly count: number;
  append(played: PlayedRange): void;
  /** @throws GhostexecError (DAMAGED) if the file differs from what was written */
  check(): Promise<void>;
  /** Syncs everything to the disk. Nothing may be added afterwards. */
  close(): void;
  /** Closes the file of a failed run. */
  discard(): void;
};

async function openLog(
  { records, groupSize }: RolloutPlan,
  path: string,
  resume: boolean,
  first: number,
): Promise<Log> {
  if (!records) return new SummaryList(groupSize);
  return resume ? TrajectoryFile.resume(path, groupSize, first) : TrajectoryFile.create(path, groupSize, first);
}

function specsOf(plan: RolloutPlan): SpecData[] {
  const { rules, rewardMode } = plan;
  return [...new Set(plan.tasks)].map((id) => {
    const { scenario, drift, oracle } = plannedSource(plan, id);
    return { task: id, scenario, drift, oracle, rules, rewardMode };
  });
}

/** The error for `resume` of a run without records: it leaves nothing that could be resumed. */
export function nothingToResume(out: string): GhostexecError {
  return new GhostexecError('OTHER_RUN', `a run without records, as in ${out}, cannot be resumed; begin it again`);
}

/**
 * Refuses a folder that holds a run. An incomplete run without records and of the same plan is the exception: it begins again.
 * @throws GhostexecError (RUN_EXISTS)
 */
export function refuseIfThere(out: string, wanted: RunManifest): void {
  const [manifest, trajectories] = [join(out, MANIFEST), join(out, TRAJECTORIES)];
  const isThere = existsSync(trajectories) || existsSync(manifest);
  if (!isThere) return;
  if (!wanted.plan.records && !existsSync(trajectories)) {
    if (!hasManifest(manifest)) return;
    const found = readRunManifest(manifest);
    if (found.status !== 'complete' && JSON.stringify(found.plan) === JSON.stringify(wanted.plan)) return;
  }
  throw new GhostexecError('RUN_EXISTS', `${out} holds a run already; resume it or choose another directory`);
}

function refuseIfDifferent(found: RunManifest, wanted: RunManifest): void {
  const different = differenceBetween(found, wanted, ['plan', 'shard', 'scenario_hashes', 'prompt_sha256']);
  if (different === undefined) return;
  const why = `its ${different.part} is ${different.one}, this one's is ${different.other}`;
  throw new GhostexecError('OTHER_RUN', `the directory holds another run: ${why}`);
}

/** The first of some parts in which two manifests differ, with its values as text; undefined if they agree. */
export function differenceBetween<T extends object>(
  one: T,
  other: T,
  parts: readonly (keyof T & string)[],
): { readonly part: string; readonly one: string; readonly other: string } | undefined {
  for (const part of parts) {
    const [a, b] = [JSON.stringify(one[part] ?? null), JSON.stringify(other[part] ?? null)];
    if (a !== b) return { part, one: quote(a, 300), other: quote(b, 300) };
  }
  return undefined;
}

function describeRecovery({ shard, cause, episodes, failedEnv }: Recovery): string {
  const failed = failedEnv === undefined ? '' : `; the episode in environment ${failedEnv} did it again and has failed`;
  return `Worker ${shard} was lost (${cause}) and replaced; ${plural(episodes, 'episode')} of it went on${failed}.`;
}

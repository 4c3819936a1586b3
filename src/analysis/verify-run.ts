/**
 * Verifies a run on the disk: plays the episodes of its trajectories from their records and compares every step, the summary of the
 * episode, its place in the plan and the advantages of its group. Records are added one at a time, so that a file of any size can
 * be checked.
 */
import { existsSync } from 'node:fs';
import { messageOf } from '../lib/errors.ts';
import { Turn } from '../lib/turn.ts';
import { readLines } from '../records/read.ts';
import type { EpisodeRecord, EpisodeSummary, StepRecord } from '../records/schema.ts';
import { groupAdvantages } from '../records/trajectory-file.ts';
import { type RunManifest, readRunManifest, scenarioHashes } from '../rollout/manifest.ts';
import { episodesOf, plannedEpisode } from '../rollout/plan.ts';
import { resultOf, summaryOf } from '../rollout/player.ts';
import { filesOfRun } from '../rollout/read-run.ts';
import { isSuccess } from '../sim/reward-profile.ts';
import type { Spec } from '../vector/spec.ts';
import { playAnswers } from './play-answers.ts';
import { RecordedSpecs } from './replay.ts';
import type { Difference } from './verify.ts';

/** The `step` of a difference that belongs to the whole episode. */
export const EPISODE = 'episode';
/** The maximum number of differences that are kept; all are counted. */
const MAX_KEPT = 10_000;

/** A difference in a step, numbered from 1, or in the episode. `expected` is the value in the file, `actual` the correct value. */
type Found = { readonly step: string; readonly field: string; readonly expected: unknown; readonly actual: unknown };

/** The outcome of the verification of a run: see `RolloutVerifier`. */
export type RunVerification = ReturnType<RolloutVerifier['finish']> & {
  /** Whether there is a manifest beside the trajectories. Without one, the plan of the run is not known. */
  readonly hasManifest: boolean;
};

/**
 * Plays every episode of a run again, and compares each step, the summary of each episode, its place in the plan and its advantage
 * with the record. The event loop goes on meanwhile.
 * @param path The folder of the run, or a file of trajectories (`.jsonl`).
 * @throws GhostexecError (FILE) if the trajectories cannot be read
 * @example
 * const { episodes, reproduced, differences } = await verifyRun('runs/a');
 * if (reproduced < episodes) console.error(differences[0]);
 */
export async function verifyRun(path: string): Promise<RunVerification> {
  const files = filesOfRun(path);
  const hasManifest = existsSync(files.manifest);
  const problems: Difference[] = [];
  let manifest: RunManifest | undefined;
  try {
    if (hasManifest) manifest = readRunManifest(files.manifest);
  } catch (error) {
    const place = { recording: files.manifest, step: '-', field: '-' };
    problems.push({ ...place, expected: 'a manifest', actual: messageOf(error) });
  }
  const verifier = new RolloutVerifier(files.trajectories, manifest);
  const turn = new Turn();
  for await (const { number, record, damage } of readLines(files.trajectories)) {
    await turn.rest();
    if (record === undefined) verifier.addDamaged(number, damage ?? '');
    else verifier.add(record);
  }
  const found = verifier.finish();
  return {
    ...found,
    hasManifest,
    differing: found.differing + problems.length,
    differences: [...problems, ...found.differences],
  };
}

/** Verifies the records of a rollout, which are added in the order of the file. */
export class RolloutVerifier {
  private readonly name: string;
  private readonly manifest: RunManifest | undefined;
  private readonly specs: RecordedSpecs;
  private readonly differences: Difference[] = [];
  private readonly changedTasks: readonly string[];
  private group: EpisodeSummary[] = [];
  /** Whether a line of the group, or between it and the previous group, is not a record. Its advantages are not compared then. */
  private lacks = false;
  private lackedLast = false;
  private episodes = 0;
  private reproduced = 0;
  private steps = 0;
  private damaged = 0;
  private differing = 0;

  /** @param name The name of the rollout in differences. */
  constructor(name: string, manifest?: RunManifest) {
    this.name = name;
    this.manifest = manifest;
    this.specs = new RecordedSpecs(manifest?.plan);
    this.changedTasks = manifest === undefined ? [] : changedSince(manifest);
  }

  /** Plays the next episode of the file. */
  add(record: EpisodeRecord): void {
    const { steps, ...summary } = record;
    const found = [...this.misplaced(summary), ...this.replay(record)];
    this.episodes++;
    this.steps += steps.length;
    if (found.length === 0) this.reproduced++;
    for (const one of found) this.report(`episode ${record.episode_id}`, one);
    if (this.group[0]?.group_id !== summary.group_id) {
      this.endGroup(true);
      this.lacks = this.lackedLast;
    }
    this.lackedLast = false;
    this.group.push(summary);
  }

  /** Counts a line that is not a record. @param line The number of the line, from 1. */
  addDamaged(line: number, why: string): void {
    this.damaged++;
    this.lacks = this.lackedLast = true;
    this.report(`line ${line}`, { step: '-', field: '-', expected: 'a record', actual: why });
  }

  /** The outcome of the verification. */
  finish() {
    const { manifest, episodes, reproduced, steps, damaged, differences, changedTasks } = this;
    const planned = manifest?.plan.groupSize ?? this.group.length;
    this.endGroup(this.group.length >= planned);
    // The manifest of an interrupted run says so, and missing episodes are not a difference then.
    const whole = manifest?.status === 'complete' ? episodesOf(manifest.plan, manifest.shard) : undefined;
    const expected = whole === undefined ? episodes + damaged : whole.end - whole.first;
    if (episodes + damaged !== expected) {
      this.report('the file', { step: EPISODE, field: 'lines', expected, actual: episodes + damaged });
    }
    return {
      episodes,
      /** Number of episodes that agree in every field. */
      reproduced,
      /** Number of steps that were played. */
      steps,
      /** Number of lines that are not records. */
      damaged,
      /** Number of fields that differ, including damaged and missing lines. */
      differing: this.differing,
      /** The first differences, at most 10,000. */
      differences,
      /** Tasks of the manifest whose scenario has changed since, or is gone. */
      changedTasks,
    };
  }

  /** The fields of an episode that differ from the plan in the manifest. */
  private misplaced(record: EpisodeSummary): Found[] {
    const { manifest, episodes, damaged } = this;
    if (manifest === undefined) return [];
    const { plan, shard } = manifest;
    const planned = plannedEpisode(plan, episodesOf(plan, shard).first + episodes + damaged);
    // The result is that of the record, so that only what the plan decides can differ.
    const { advantage: _, ...expected } = summaryOf(plan, planned, record);
    // The episode of another prompt plays alike, but its prompt must be that of its run.
    return differencesOf(EPISODE, record, {
      ...expected,
      success: successOf(record, record.grade),
      prompt_sha256: manifest.prompt_sha256,
    });
  }

  private replay(record: EpisodeRecord): Found[] {
    let spec: Spec;
    try {
      spec = this.specs.specOf(record);
    } catch (error) {
      return [{ step: EPISODE, field: 'task_id', expected: record.task_id, actual: messageOf(error) }];
    }
    const found: Found[] = [];
    const { steps, isOver, ...played } = playAnswers(spec, record.steps);
    for (const [index, step] of record.steps.entries()) {
      const name = String(index + 1);
      const now = steps[index];
      if (now === undefined) {
        found.push({ step: name, field: '-', expected: 'a step', actual: 'the episode was over before it' });
        break;
      }
      const { completion: _, extra_json: __, ...outcome } = now;
      const observation = step.observation === null ? null : outcome.observation;
      found.push(...differencesOf<StepRecord>(name, step, { ...outcome, observation }));
    }
    const { task_id, error, failure, status } = record;
    if (status === 'complete' && !isOver) {
      found.push({ step: EPISODE, field: 'length', expected: record.length, actual: 'the episode goes on' });
    }
    const { error: _, ...result } = resultOf(task_id, spec.rules, { ...played, error, failure });
    const success = successOf(record, result.grade);
    found.push(
      ...differencesOf(EPISODE, record, { status: error === null ? 'complete' : 'failed', ...result, success }),
    );
    return found;
  }

  /** Compares the advantages of the group. @param whole Whether all its episodes are there. */
  private endGroup(whole: boolean): void {
    const { group } = this;
    this.group = [];
    if (this.lacks) return;
    const advantages = whole ? groupAdvantages(group.map((one) => one.return)) : group.map(() => null);
    for (const [member, record] of group.entries()) {
      const expected = { advantage: advantages[member] ?? null };
      const found = differencesOf(EPISODE, record, expected);
      for (const one of found) this.report(`episode ${record.episode_id}`, one);
    }
  }

  private report(where: string, found: Found): void {
    this.differing++;
    const { step, ...rest } = found;
    if (this.differences.length >= MAX_KEPT) return;
    this.differences.push({ recording: `${this.name} ${where}`, step, ...rest });
  }
}

/** Whether an episode of this grade is a success. A record that was written before it had the field has none. */
function successOf({ success, success_grade }: EpisodeSummary, grade: number | null): boolean | null {
  return success === null ? null : isSuccess(grade, success_grade);
}

/** The fields of `recorded` that differ in `actual`. */
function differencesOf<T extends object>(step: string, recorded: T, actual: Partial<T>, prefix = ''): Found[] {
  return Object.entries(actual).flatMap(([key, now]): Found[] => {
    const then: unknown = recorded[key as keyof T];
    if (isFields(then) && isFields(now)) return differencesOf(step, then, now, `${prefix}${key}.`);
    // -0 equals 0 here, because JSON keeps only one zero.
    return then === now ? [] : [{ step, field: prefix + key, expected: then, actual: now }];
  });
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Tasks of a manifest whose scenario differs from the shipped one. */
function changedSince({ scenario_hashes, plan }: RunManifest): string[] {
  const hashNow = (task: string): string | undefined => {
    try {
      return scenarioHashes({ ...plan, tasks: [task] })[task];
    } catch {
      return undefined;
    }
  };
  return Object.entries(scenario_hashes).flatMap(([task, hash]) => (hashNow(task) === hash ? [] : [task]));
}

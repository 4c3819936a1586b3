/**
 * Grades a run again: after a change of the grader, of the rules or of a scenario, or with another grade of a success. The recorded
 * answers are played; no policy is called.
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { playAnswers } from '../analysis/play-answers.ts';
import { RecordedSpecs } from '../analysis/replay.ts';
import { GhostexecError } from '../lib/errors.ts';
import { decodeUtf8 } from '../lib/text.ts';
import { Turn } from '../lib/turn.ts';
import { writtenEpisode } from '../records/line-writer.ts';
import { isBlankLine, linesOf } from '../records/lines.ts';
import { fileSource } from '../records/read.ts';
import { type EpisodeSummary, episodeSummarySchema, recordedActionSchema, type StepRecord } from '../records/schema.ts';
import { newManifest, type RunManifest, readAnyEdition } from '../rollout/manifest.ts';
import { checkPlan, episodesOf, plannedEpisode, type RolloutPlan } from '../rollout/plan.ts';
import { resultOf, summaryOf } from '../rollout/player.ts';
import { filesOfRun } from '../rollout/read-run.ts';
import { writeRun } from '../rollout/write-run.ts';
import { meanOrNull } from './evaluation.ts';

const { shape } = episodeSummarySchema;

/** What is read of a record of whatever edition: the answers, and what they were worth. */
const answeredSchema = z.object({
  episode_id: shape.episode_id,
  index: shape.index,
  task_id: shape.task_id,
  prompt_sha256: shape.prompt_sha256,
  error: shape.error,
  failure: shape.failure,
  grade: shape.grade,
  success: shape.success,
  extra_json: shape.extra_json,
  steps: z.array(
    z.object({
      completion: z.string().nullable(),
      action: recordedActionSchema.nullable(),
      extra_json: z.string().nullable(),
    }),
  ),
});
type AnsweredEpisode = z.output<typeof answeredSchema>;

/** The result of grading a run again. */
export type Regrading = Awaited<ReturnType<typeof regradeRun>>;

/** An episode before and after. */
type Regraded = { readonly before: AnsweredEpisode; readonly after: EpisodeSummary };

/**
 * Plays the recorded answers of a complete run and writes what they are worth now to a new run. Its records keep the prompt that the
 * policy read. If a day is longer than it was, the policy does nothing in the rest of it.
 * @param options `successGrade`: the least grade of a success, by default that of the run.
 * @throws GhostexecError (NO_FILE, USAGE, BAD_RECORD) if `run` holds no complete run; (RUN_EXISTS) if `out` holds one
 * @example
 * const { tasks } = await regradeRun('runs/a', 'runs/a-again', { successGrade: 0.9 });
 */
export async function regradeRun(run: string, out: string, options: { readonly successGrade?: number } = {}) {
  const files = filesOfRun(run);
  const old = manifestToRegrade(run, files.manifest);
  const plan = checkPlan({ ...old.plan, successGrade: options.successGrade ?? old.plan.successGrade });
  const specs = new RecordedSpecs(plan);
  const { first, end } = episodesOf(plan, old.shard);
  const fresh = newManifest(plan, old.execution, old.shard);
  const { prompt_sha256 } = old;
  const episodes: Regraded[] = [];
  const turn = new Turn();
  const manifest = await writeRun(out, { ...fresh, prompt_sha256 }, async (file) => {
    for await (const before of readAnswered(files.trajectories)) {
      await turn.rest();
      const index = first + file.count;
      if (before.index !== index || index >= end) {
        throw new GhostexecError(
          'BAD_RECORD',
          `${files.trajectories} has episode ${before.index} in place of ${index < end ? `episode ${index}` : 'its end'}`,
        );
      }
      const record = regrade(before, plan, specs);
      const { steps: __, ...after } = record;
      file.append(writtenEpisode(record));
      const { steps: _, ...rest } = before;
      episodes.push({ before: { ...rest, steps: [] }, after });
    }
    if (file.count !== end - first) {
      throw new GhostexecError(
        'BAD_RECORD',
        `${files.trajectories} has ${file.count} episodes; its manifest says ${end - first}`,
      );
    }
  });
  return {
    out,
    rules: plan.rules,
    edition: [old.edition, manifest.edition] as const,
    success_grade: [old.plan.successGrade, plan.successGrade] as const,
    /** Tasks whose scenario or drift has changed since the run. */
    changed_tasks: Object.keys(manifest.scenario_hashes).filter(
      (task) => manifest.scenario_hashes[task] !== old.scenario_hashes[task],
    ),
    /** One row for all episodes, then one for each task. */
    tasks: [
      figuresOf('all', episodes),
      ...[...new Set(plan.tasks)].map((task) =>
        figuresOf(
          task,
          episodes.filter(({ after }) => after.task_id === task),
        ),
      ),
    ],
    /** The episodes whose grade or success has changed, in the order of the run. */
    changed: episodes.filter(hasChanged).map(({ before, after }) => ({
      episode_id: after.episode_id,
      task_id: after.task_id,
      grade: [before.grade, after.grade] as const,
      success: [before.success, after.success] as const,
    })),
  };
}

function manifestToRegrade(run: string, path: string): RunManifest {
  if (!existsSync(path)) throw new GhostexecError('NO_FILE', `there is no run in ${run}: expected a manifest`);
  const manifest = readAnyEdition(path);
  const { status, plan } = manifest;
  if (!plan.records) throw new GhostexecError('USAGE', `the run in ${run} has no records`);
  if (status === 'complete') return manifest;
  throw new GhostexecError('USAGE', `the run in ${run} is ${status}; finish it first, with --resume`);
}

async function* readAnswered(path: string): AsyncGenerator<AnsweredEpisode> {
  let number = 0;
  for await (const { bytes } of linesOf(fileSource(path))) {
    number++;
    if (bytes !== undefined && isBlankLine(bytes)) continue;
    const record = bytes === undefined ? undefined : parseAnswered(bytes);
    if (record === undefined) throw new GhostexecError('BAD_RECORD', `line ${number} of ${path} is not a record`);
    yield record;
  }
}

function parseAnswered(line: Uint8Array): AnsweredEpisode | undefined {
  try {
    return answeredSchema.safeParse(JSON.parse(decodeUtf8(line))).data;
  } catch {
    return undefined;
  }
}

/** Plays the answers of an episode. One that failed fails again after them. */
function regrade(
  record: AnsweredEpisode,
  plan: RolloutPlan,
  specs: RecordedSpecs,
): EpisodeSummary & { readonly steps: StepRecord[] } {
  const { rules, rewardMode: reward_mode, observations } = plan;
  const { task_id, error, failure, prompt_sha256, extra_json } = record;
  const played = playAnswers(specs.specOf({ task_id, rules, reward_mode }), record.steps, error === null);
  const result = { ...resultOf(task_id, rules, { ...played, error, failure }), extra_json };
  const steps = played.steps.map((step) => (observations === 'all' ? step : { ...step, observation: null }));
  return { ...summaryOf(plan, plannedEpisode(plan, record.index), result), prompt_sha256, steps };
}

function hasChanged({ before, after }: Regraded): boolean {
  return before.grade !== after.grade || before.success !== after.success;
}

function figuresOf(name: string, episodes: readonly Regraded[]) {
  const side = (of: (one: Regraded) => Pick<EpisodeSummary, 'grade' | 'success'>) => ({
    grade: meanOrNull(episodes.flatMap((one) => of(one).grade ?? [])),
    successes: episodes.filter((one) => of(one).success === true).length,
  });
  return {
    name,
    episodes: episodes.length,
    before: side(({ before }) => before),
    after: side(({ after }) => after),
    changed: episodes.filter(hasChanged).length,
  };
}

/** Plays the episodes of a plan on a stage, many at once, and yields a record of each when it ends. */
import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../lib/errors.ts';
import type { Actor, Policy } from '../policies/policy.ts';
import { recordAnswer } from '../records/line-writer.ts';
import type { EpisodeRecord, StepRecord } from '../records/schema.ts';
import type { Observation } from '../sim/observation/observation.ts';
import type { Grade } from '../sim/v2/grade.ts';
import type { OnRecovery } from '../vector/options.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import { type PlannedEpisode, plannedEpisode, type RolloutPlan } from './plan.ts';
import { resultOf, summaryOf } from './player.ts';
import { localStage, type OpenStage, type Rows, type Stage } from './stage.ts';

export type CollectOptions = {
  readonly plan: RolloutPlan;
  readonly policy: Policy;
  /** Index of the first episode to play. */
  readonly from: number;
  /** Episodes that are played at the same time. Results do not depend on it. */
  readonly numEnvs: number;
  /** Worker threads; 0: none. Results do not depend on it. */
  readonly workers: number;
  /** Where to play; the default is this process with `workers`. */
  readonly open?: OpenStage;
  /** Once aborted, no further episode begins; episodes under way are played to their end. */
  readonly signal?: AbortSignal;
  /** Called after every step of the batch. */
  readonly onStep?: () => void;
  /** Called for every worker thread that was lost and replaced. Results do not depend on such a loss. */
  readonly onRecovery?: OnRecovery;
};

/** Steps played so far in all episodes, including those under way; for a progress display. */
export type CollectProgress = { steps: number; underWay: number };

type RunningEpisode = {
  readonly planned: PlannedEpisode;
  readonly actor: Actor;
  readonly steps: StepRecord[];
  observation: Observation | undefined;
  /** The observation as text, if the records hold it. */
  briefing: string | null;
  /** Grade of a finished episode; rules v2. */
  grade: Grade | undefined;
};

/**
 * Yields the records in the order in which the episodes end. An episode is recorded as failed if its policy throws or the
 * stage cannot continue it; the other episodes go on.
 * @throws ShardFailedError if a worker thread is lost and cannot be replaced: its episodes are not recorded. Also throws
 * whatever the stage throws.
 * @example
 * const plan = checkPlan({ ...input, policy: policy.name });
 * for await (const record of collect({ plan, policy, from: 0, numEnvs: 64, workers: 2 }, { steps: 0, underWay: 0 })) {
 *   console.log(record.episode_id, record.return);
 * }
 */
export async function* collect(options: CollectOptions, progress: CollectProgress): AsyncGenerator<EpisodeRecord> {
  const { plan, signal } = options;
  const numEnvs = Math.max(1, Math.min(options.numEnvs, plan.episodes - options.from));
  const stage = await (options.open ?? localStage(options.workers, options.onRecovery))(plan, numEnvs);
  try {
    const running = new Map<number, RunningEpisode>();
    let next = options.from;
    let free = [...stage.envIds];
    for (;;) {
      const begun: [number, PlannedEpisode][] = [];
      while (free.length > 0 && next < plan.episodes && !signal?.aborted) {
        begun.push([free.shift() ?? 0, plannedEpisode(plan, next++)]);
      }
      const lost = begun.length > 0 ? await begin(stage, options, begun, running) : [];
      for (const [id, problem] of lost) yield* finish(id, problem);
      progress.underWay = running.size;
      if (running.size === 0 && begun.length === 0) return;

      const { answers, failed } = await decide(running);
      for (const [id, error] of failed) yield* finish(id, error);
      if (answers.size === 0) continue;
      const rows = await stage.step([...answers.keys()], [...answers.values()]);
      const problems = rows.envIds.map((_, row) => rows.problem(row));
      progress.steps += problems.filter((problem) => problem === undefined).length;
      options.onStep?.();
      // Without workers no other code here gives signals and timers a turn.
      await setImmediate();
      for (const [row, id] of rows.envIds.entries()) {
        const episode = running.get(id);
        const problem = problems[row];
        if (problem !== undefined) yield* finish(id, problem);
        if (episode === undefined || problem !== undefined) continue;
        const outcome = rows.outcome(row);
        episode.steps.push({ observation: episode.briefing, ...recordAnswer(answers.get(id)), ...outcome });
        if (outcome.terminated || outcome.truncated) {
          episode.grade = rows.grade(row);
          yield* finish(id, null);
        } else show(plan, episode, rows, row);
      }
    }

    function* finish(id: number, error: string | null): Generator<EpisodeRecord> {
      const episode = running.get(id);
      if (episode === undefined) return;
      running.delete(id);
      free = [...free, id];
      yield episodeRecord(plan, episode, error);
    }
  } finally {
    await stage.close();
  }
}

/** Begins episodes. Returns the environments that could not begin, with the reasons. */
async function begin(
  stage: Stage,
  { plan, policy }: CollectOptions,
  begun: readonly (readonly [number, PlannedEpisode])[],
  running: Map<number, RunningEpisode>,
): Promise<[number, string][]> {
  const rows = await stage.reset(
    begun.map(([id]) => id),
    begun.map(([, planned]) => planned.seed),
    begun.map(([, planned]) => planned.task),
  );
  return begun.flatMap(([id, planned], row): [number, string][] => {
    const problem = rows.problem(row);
    const actor = policy.start(planned.policySeed);
    const episode = { planned, actor, steps: [], observation: undefined, briefing: null, grade: undefined };
    running.set(id, episode);
    if (problem === undefined) show(plan, episode, rows, row);
    return problem === undefined ? [] : [[id, problem]];
  });
}

/** Keeps what the policy of an episode sees next. */
function show(plan: RolloutPlan, episode: RunningEpisode, rows: Rows, row: number): void {
  episode.observation = rows.observation(row);
  episode.briefing = plan.observations === 'all' ? rows.briefing(row) : null;
}

/** Asks every actor at once, in ascending order of environments. */
async function decide(running: ReadonlyMap<number, RunningEpisode>): Promise<{
  answers: Map<number, PolicyAnswer>;
  failed: Map<number, string>;
}> {
  const ids = [...running.keys()].sort((a, b) => a - b);
  const settled = await Promise.allSettled(
    ids.map(async (id) => {
      const { actor, observation } = running.get(id) ?? {};
      return actor === undefined || observation === undefined ? '' : actor.act(observation);
    }),
  );
  const answers = new Map<number, PolicyAnswer>();
  const failed = new Map<number, string>();
  settled.forEach((result, i) => {
    const id = ids[i] ?? 0;
    if (result.status === 'fulfilled') answers.set(id, result.value);
    else failed.set(id, `the policy failed: ${messageOf(result.reason)}`);
  });
  return { answers, failed };
}

function episodeRecord(
  plan: RolloutPlan,
  { planned, steps, grade }: RunningEpisode,
  error: string | null,
): EpisodeRecord {
  const rewards = steps.map((step) => step.reward);
  const invalid = steps.filter((step) => !step.step_ok).length;
  const result = resultOf(planned.task, plan.rules, { rewards, invalid, error, grade });
  return { ...summaryOf(plan, planned, result), steps };
}

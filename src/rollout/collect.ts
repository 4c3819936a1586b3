/** Plays the episodes of a plan on a stage. Each episode goes on as soon as its policy has answered, whatever the others wait for. */
import { WriteError } from '../lib/disk.ts';
import { Gather } from '../lib/gather.ts';
import { failureOf, type PolicyError, RunHalted } from '../policies/failure.ts';
import type {
  AnnotatedAnswer,
  EpisodeActor,
  EpisodeOutcome,
  Message,
  Policy,
  PolicyTurn,
  TurnAnswer,
} from '../policies/policy.ts';
import { notesJson, recordAnswer } from '../records/line-writer.ts';
import type { EpisodeRecord, EpisodeSummary, StepRecord } from '../records/schema.ts';
import { briefing } from '../sim/observation/briefing.ts';
import type { Observation } from '../sim/observation/observation.ts';
import type { Grade } from '../sim/v2/grade.ts';
import type { OnRecovery } from '../vector/options.ts';
import { answerToJson } from '../vector/wire-action.ts';
import { type PolicyAnswer, strangeKind } from '../world/completion/completion.ts';
import { type PlannedEpisode, plannedEpisode, type RolloutPlan } from './plan.ts';
import { type PlayedEpisode, resultOf, summaryOf } from './player.ts';
import { localStage, type OpenStage, type Stage } from './stage.ts';

export type CollectOptions = {
  readonly plan: RolloutPlan;
  readonly policy: Policy;
  /** Index of the first episode to play. */
  readonly from: number;
  /** Index after the last episode to play; the default is the end of the plan. */
  readonly to?: number;
  /** Episodes in flight. Results do not depend on it. */
  readonly numEnvs: number;
  /** Worker threads; 0: none. Results do not depend on it. */
  readonly workers: number;
  /** Where to play; the default is this process with `workers`. */
  readonly open?: OpenStage;
  /** Once aborted, no further episode begins; episodes under way are played to their end. */
  readonly signal?: AbortSignal;
  /** Called after every step of an episode. */
  readonly onStep?: () => void;
  /** Called for every worker thread that was lost and replaced. Results do not depend on such a loss. */
  readonly onRecovery?: OnRecovery;
};

/** Steps played so far in all episodes, including those under way; for a progress display. */
export type CollectProgress = { steps: number; underWay: number };

/**
 * Finished episodes wait until all earlier ones are finished. While the texts of those that wait have more characters than this, no
 * episode begins; those in flight go on.
 */
const MAX_WAITING = 256 * 1024 * 1024;
/** The rest of a step, in characters. */
const STEP_CHARACTERS = 1_000;

/**
 * Yields the records in the order of the plan. An episode is recorded as failed if its policy throws or the stage cannot continue
 * it; the other episodes go on.
 * @throws ShardFailedError if a worker thread is lost and cannot be replaced: its episodes are not recorded. Also throws
 * whatever the stage throws.
 * @example
 * const plan = checkPlan({ ...input, policy: policy.name });
 * for await (const record of collect({ plan, policy, from: 0, numEnvs: 64, workers: 2 }, { steps: 0, underWay: 0 })) {
 *   console.log(record.episode_id, record.return);
 * }
 */
export async function* collect(options: CollectOptions, progress: CollectProgress): AsyncGenerator<EpisodeRecord> {
  const { plan, signal, from, to = plan.episodes } = options;
  const numEnvs = Math.max(1, Math.min(options.numEnvs, to - from));
  const stage = await (options.open ?? localStage(options.workers, options.onRecovery))(plan, numEnvs);
  const begin = beginnerOf(options.policy);
  const free = [...stage.envIds];
  const ended = new Map<number, EpisodeRecord>();
  let [next, yielded, waiting] = [from, from, 0];
  let failure: { readonly error: unknown } | undefined;
  let wake = (): void => undefined;

  async function play(env: number): Promise<void> {
    const planned = plannedEpisode(plan, next++);
    progress.underWay++;
    try {
      const record = await playEpisode(stage, env, planned, begin, options, progress);
      ended.set(planned.index, record);
      waiting += charactersOf(record);
    } catch (error) {
      failure ??= { error };
    }
    progress.underWay--;
    free.push(env);
    wake();
  }

  try {
    for (;;) {
      while (next < to && waiting <= MAX_WAITING && failure === undefined && !signal?.aborted) {
        const env = free.shift();
        if (env === undefined) break;
        void play(env);
      }
      const record = ended.get(yielded);
      if (record !== undefined) {
        ended.delete(yielded++);
        waiting -= charactersOf(record);
        yield record;
      } else if (failure !== undefined) throw failure.error;
      else if (yielded === next) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    await stage.close();
  }
}

/** Plays one episode. @throws whatever the stage throws, and an error of the policy that ends the run */
async function playEpisode(
  stage: Stage,
  env: number,
  planned: PlannedEpisode,
  begin: Begin,
  options: CollectOptions,
  progress: CollectProgress,
): Promise<EpisodeRecord> {
  const { plan } = options;
  const { episodeId, task } = planned;
  let actor: EpisodeActor | undefined;
  const start = (): EpisodeActor => {
    actor ??= begin(planned.policySeed);
    return actor;
  };
  let played: PlayedSteps | undefined;
  try {
    played = await playSteps(stage, env, planned, start, options, progress);
  } finally {
    // The error that ends the run is reported, and not one of `end` after it.
    if (played === undefined) await endOf(actor, { episodeId, grade: null, return: null, error: 'the run ended' });
  }
  const { steps, ...outcome } = played;
  const result = resultOf(task, plan.rules, outcome);
  const { grade, return: sum, error } = result;
  const said = await endOf(actor, { episodeId, grade, return: sum, error });
  const whole = 'failure' in said ? resultOf(task, plan.rules, { ...outcome, ...said }) : { ...result, ...said };
  return { ...summaryOf(plan, planned, whole), steps };
}

/** Tells a policy how its episode ended. @returns what is recorded of its answer, or of the failure of that call */
async function endOf(
  actor: EpisodeActor | undefined,
  outcome: EpisodeOutcome,
): Promise<PolicyError | Pick<EpisodeSummary, 'extra_json'>> {
  try {
    return { extra_json: notesJson(await actor?.end?.(outcome)) };
  } catch (error) {
    return failureOf(error);
  }
}

type PlayedSteps = PlayedEpisode & { readonly steps: StepRecord[] };

async function playSteps(
  stage: Stage,
  env: number,
  planned: PlannedEpisode,
  start: () => EpisodeActor,
  { plan, onStep }: CollectOptions,
  progress: CollectProgress,
): Promise<PlayedSteps> {
  const steps: StepRecord[] = [];
  let turn: EpisodeTurn | undefined;
  let grade: Grade | undefined;
  let failed: PolicyError | undefined;
  let isOver = false;
  let seen = await stage.reset(env, planned.seed, planned.task);
  while (!isOver) {
    if (seen.problem !== undefined) {
      failed = { error: seen.problem, failure: 'environment' };
      break;
    }
    const observation = plan.observations === 'all' ? seen.briefing() : null;
    turn = new EpisodeTurn(planned, seen.observation(), observation, turn);
    try {
      turn.answered = split(await start().act(turn));
    } catch (cause) {
      if (cause instanceof RunHalted || cause instanceof WriteError) throw cause;
      failed = failureOf(cause);
      break;
    }
    const { answer, metadata } = turn.answered;
    seen = await stage.step(env, answer);
    if (seen.problem !== undefined) continue;
    const outcome = seen.outcome();
    steps.push({ observation, ...recordAnswer(answer, undefined, metadata), ...outcome });
    isOver = outcome.terminated || outcome.truncated;
    grade = isOver ? seen.grade() : undefined;
    progress.steps++;
    onStep?.();
  }
  const rewards = steps.map((step) => step.reward);
  const invalid = steps.filter((step) => !step.step_ok).length;
  return { steps, rewards, invalid, ...(failed ?? { error: null, failure: null }), grade };
}

/** A turn, from which those before it can be reached. */
class EpisodeTurn implements PolicyTurn {
  readonly observation: Observation;
  readonly task: string;
  readonly episode: number;
  readonly episodeId: string;
  readonly step: number;
  readonly seed: number;
  answered: Answered = { answer: '' };
  private text: string | null;
  private readonly before: EpisodeTurn | undefined;

  constructor(planned: PlannedEpisode, observation: Observation, text: string | null, before?: EpisodeTurn) {
    this.observation = observation;
    this.task = planned.task;
    this.episode = planned.index;
    this.episodeId = planned.episodeId;
    this.step = before === undefined ? 0 : before.step + 1;
    this.seed = planned.policySeed;
    this.text = text;
    this.before = before;
  }

  get briefing(): string {
    this.text ??= briefing(this.observation);
    return this.text;
  }

  get messages(): Message[] {
    const messages: Message[] = [{ role: 'user', content: this.briefing }];
    for (let turn = this.before; turn !== undefined; turn = turn.before) {
      const { answer } = turn.answered;
      const content = typeof answer === 'string' ? answer : answerToJson(answer);
      messages.unshift({ role: 'user', content: turn.briefing }, { role: 'assistant', content });
    }
    return messages;
  }
}

/** Begins an episode. May throw, as any call of a policy. */
type Begin = (seed: number) => EpisodeActor;

function beginnerOf(policy: Policy): Begin {
  if ('actBatch' in policy) {
    const turns = new Gather<PolicyTurn, TurnAnswer>(async (gathered) => policy.actBatch(gathered), 1);
    return () => ({ act: (turn) => turns.add(turn) });
  }
  return (seed) => ('start' in policy ? policy.start(seed) : { act: (turn) => policy.act(turn) });
}

/** The answer that is played, and the metadata that go into the record only. */
type Answered = { readonly answer: PolicyAnswer; readonly metadata?: AnnotatedAnswer['metadata'] };

/** Anything that is not an annotated answer is played as it is. */
function split(given: TurnAnswer): Answered {
  const asGiven = { answer: given as PolicyAnswer };
  if (!isPlain(given) || Object.keys(given).some((key) => !ANNOTATED.has(key))) return asGiven;
  const { action, completion, metadata }: Partial<Record<string, unknown>> = given;
  const isOne = completion === undefined ? isPlain(action) : typeof completion === 'string' && action === undefined;
  if (!isOne) return asGiven;
  return { answer: (completion ?? action) as PolicyAnswer, ...(isPlain(metadata) ? { metadata } : {}) };
}

const ANNOTATED: ReadonlySet<string> = new Set(['action', 'completion', 'metadata']);

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && strangeKind(value) === undefined;
}

function charactersOf({ steps }: EpisodeRecord): number {
  return steps.reduce((sum, { observation, completion, extra_json }) => {
    return sum + (observation?.length ?? 0) + (completion?.length ?? 0) + (extra_json?.length ?? 0) + STEP_CHARACTERS;
  }, 0);
}

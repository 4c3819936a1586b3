/** The evaluation of a run, beside which the baselines play the same worlds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BASELINES, baselinesOf } from '../analysis/baselines.ts';
import { playPolicy } from '../analysis/play-answers.ts';
import { writeWhole } from '../lib/disk.ts';
import { GhostexecError } from '../lib/errors.ts';
import { plural } from '../lib/text.ts';
import { Turn } from '../lib/turn.ts';
import { VERSION } from '../lib/version.ts';
import { planFor } from '../policies/oracle.ts';
import type { EpisodeSummary } from '../records/schema.ts';
import { type RunManifest, readRunManifest, writeManifest } from '../rollout/manifest.ts';
import { plannedEpisode, type RolloutPlan } from '../rollout/plan.ts';
import { resultOf, summaryOf } from '../rollout/player.ts';
import { readEpisodes } from '../rollout/read-run.ts';
import { MANIFEST, SUMMARY } from '../rollout/run.ts';
import { evaluateEpisodes, INTERVAL, type PolicyFigures } from './evaluation.ts';
import { EpisodeMeter, LOST, type MeasuredEpisode } from './measure.ts';

/** The evaluation of a run: the content of `summary.json`. */
export type Evaluation = Awaited<ReturnType<typeof evaluateRun>>;

/**
 * Evaluates a run: from its records, which are played again, and with the baselines on the same worlds. Equal records give equal
 * figures.
 * @param out The folder of the run, complete or not; its rules are v2.
 * @throws GhostexecError if there is no manifest (NO_FILE), the rules are v1 (USAGE), or a record has another grade when it is played
 * again (OTHER_GRADE)
 * @example
 * const { rows } = await evaluateRun('runs/a');
 * console.log(rows[0]?.grade.mean, rows[0]?.grade.low, rows[0]?.grade.high);
 */
export async function evaluateRun(out: string) {
  const manifest = manifestOf(out);
  const { plan, scenario_hashes, edition, prompt_sha256 } = manifest;
  const meter = new EpisodeMeter(plan);
  const episodes: MeasuredEpisode[] = [];
  const lost: Pick<EpisodeSummary, 'episode_id' | 'task_id' | 'failure' | 'error'>[] = [];
  const turn = new Turn();
  for await (const record of readEpisodes(out)) {
    await turn.rest();
    episodes.push(meter.measure(record));
    const { episode_id, task_id, failure, error } = record;
    if (LOST.some((kind) => kind === failure)) lost.push({ episode_id, task_id, failure, error });
  }
  const samples = samplesOf(plan);
  // Where all episodes were lost, there is nothing to compare with.
  const worlds = new Set(episodes.flatMap(({ world, grade }) => (grade === null ? [] : [world])));
  const baselines: Record<string, PolicyFigures> = {};
  for (const name of BASELINES) {
    const played = name === plan.policy ? episodes : await playBaseline(name, plan, meter);
    const same = played.filter(({ world }) => worlds.has(world));
    baselines[name] = evaluateEpisodes(same, plan.tasks, samples);
  }
  const models = episodes.flatMap(({ calls }) => calls.flatMap(({ model }) => model ?? []));
  return {
    format: 'ghostexec.evaluation',
    version: 1,
    ghostexec: VERSION,
    policy: plan.policy,
    /** What the model was asked with, and the models that the endpoints named. */
    model: plan.model ?? null,
    endpoint_models: [...new Set(models)].sort(),
    edition,
    prompt_sha256,
    scenario_hashes,
    planned_episodes: plan.episodes,
    samples,
    interval: INTERVAL,
    ...evaluateEpisodes(episodes, plan.tasks, samples),
    /** Episodes that have no share in the figures. */
    lost,
    baselines,
  };
}

/**
 * Evaluates a run and writes `summary.json`. The names that the endpoints gave the model also go into the manifest.
 * @throws as `evaluateRun`; WriteError
 */
export async function writeEvaluation(out: string): Promise<Evaluation> {
  const evaluation = await evaluateRun(out);
  writeWhole('summary', join(out, SUMMARY), `${JSON.stringify(evaluation, null, 2)}\n`);
  const { endpoint_models } = evaluation;
  const manifest = manifestOf(out);
  if (endpoint_models.join() !== (manifest.endpoint_models ?? []).join()) {
    writeManifest(join(out, MANIFEST), { ...manifest, endpoint_models });
  }
  return evaluation;
}

/** The manifest of a run that can be evaluated. @throws GhostexecError (NO_FILE, USAGE) */
export function manifestOf(out: string): RunManifest {
  const path = join(out, MANIFEST);
  if (!existsSync(path)) throw new GhostexecError('NO_FILE', `there is no run in ${out}: expected a ${MANIFEST}`);
  const manifest = readRunManifest(path);
  const { rules, records } = manifest.plan;
  if (rules !== 'v2') throw new GhostexecError('USAGE', `the run in ${out} is of rules ${rules}; expected rules v2`);
  if (!records) throw new GhostexecError('USAGE', `the run in ${out} has no records`);
  return manifest;
}

/** The largest number of episodes of a world in a plan. */
function samplesOf({ tasks, episodes, groupSize }: RolloutPlan): number {
  return groupSize * Math.ceil(episodes / groupSize / new Set(tasks).size);
}

/** The episodes of a baseline. In a world without a known plan the oracle has none. */
async function playBaseline(name: string, plan: RolloutPlan, meter: EpisodeMeter): Promise<MeasuredEpisode[]> {
  const { rules, rewardMode: reward_mode } = plan;
  const episodes: MeasuredEpisode[] = [];
  const turn = new Turn();
  for (let index = 0; index < plan.episodes; index++) {
    await turn.rest();
    const planned = plannedEpisode(plan, index);
    const spec = meter.specs.specOf({ task_id: planned.task, rules, reward_mode });
    const policy = baselinesOf(planFor(planned.task, spec.compiled)).find((one) => one.name === name);
    if (policy === undefined) continue;
    const { steps, ...played } = playPolicy(spec, policy, planned.policySeed);
    const result = resultOf(planned.task, rules, { ...played, error: null, failure: null });
    episodes.push(meter.measure({ ...summaryOf(plan, planned, result), steps }));
  }
  return episodes;
}

/** `3 episodes were lost: 2 by infrastructure, 1 by bad_request`; undefined if none was. */
export function lostText({ lost }: Pick<Evaluation, 'lost'>): string | undefined {
  if (lost.length === 0) return undefined;
  const kinds = LOST.flatMap((kind) => {
    const count = lost.filter(({ failure }) => failure === kind).length;
    return count === 0 ? [] : [`${count} by ${kind}`];
  });
  const were = lost.length === 1 ? 'was' : 'were';
  return `${plural(lost.length, 'episode')} ${were} lost: ${kinds.join(', ')}`;
}

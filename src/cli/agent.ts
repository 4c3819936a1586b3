/** One episode of a language model as a program, for trainers that start agents and collect what their models are asked. */
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import pRetry from 'p-retry';
import { z } from 'zod';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { MAX_SEED } from '../lib/random.ts';
import { plural } from '../lib/text.ts';
import { listModels } from '../policies/model/endpoint.ts';
import { createModelPolicy } from '../policies/model/model-policy.ts';
import type { Policy } from '../policies/policy.ts';
import type { EpisodeRecord } from '../records/schema.ts';
import { collect } from '../rollout/collect.ts';
import { checkPlan, type PlanInput } from '../rollout/plan.ts';
import { localStage, type OpenStage } from '../rollout/stage.ts';
import { parseWith } from '../world/validate.ts';
import { integer, oneTask } from './arguments.ts';
import { EndedEarly, FAILURE, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { addModelOptions, describeTotals, type ModelFlags, modelOptionsIn, modelSettingsIn } from './model-options.ts';
import { tasksNamed } from './play-run.ts';

type Options = ModelFlags & { seed: number; spec?: string };

/** What a trainer such as agent-lightning tells its agents. */
const AGL = { url: 'AGL_OPENAI_BASE_URL', key: 'AGL_KEY', events: 'AGL_EVENT_URL' } as const;
const MODEL = 'OPENAI_MODEL';
const EVENT_MS = 30_000;
const EVENT_RETRIES = 3;

/** What one episode plays. */
type OneEpisode = Pick<PlanInput, 'scenarios'> & { readonly task: string; readonly seed: number };

/** A row of a dataset; its other keys are ignored. */
const specSchema = z.object({
  task_id: z.string(),
  seed: z.int().min(0).max(MAX_SEED).default(0),
  scenario_json: z.string().nullish().describe('{"scenario", "drift"} as a JSON text'),
});

export function agentCommand(io: Io): Command {
  const command = addModelOptions(new Command('agent'))
    .description('Play one episode with a language model, and print its grade: the reward of an agent.')
    .argument('[task]', 'the id of a task, or a scenario file', oneTask)
    .option('--seed <s>', 'seed of the episode', integer(0, MAX_SEED), 0)
    .addOption(
      new Option('--spec <json>', 'what to play, as ghostexec dataset writes it: task_id, seed; - reads it from stdin'),
    )
    .addHelpText(
      'after',
      `
The endpoint is --base-url, ${AGL.url} or OPENAI_BASE_URL; its key is in --api-key-env, ${AGL.key} or OPENAI_API_KEY; the model is
--model, ${MODEL}, or the first one that the endpoint lists. With ${AGL.events} the grade is also posted there as
{"event_type": "reward", "data": {"value": 0.42}}. An episode that fails has no grade, and the exit code is 1.

Examples:
  $ ghostexec agent phase2_core --model qwen3-8b --base-url http://127.0.0.1:8000/v1
  $ ghostexec dataset --for hf --count 1 | ghostexec agent --spec - --format tools`,
    );
  command.action((task: string | undefined, options: Options) => agent(task, options, command, io));
  return command;
}

async function agent(task: string | undefined, options: Options, command: Command, io: Io): Promise<void> {
  const episode = await episodeOf(task, options, io);
  const flags = await withDefaults(options, command);
  const settings = modelSettingsIn(flags);
  if (settings === undefined) throw new UsageError(`--model or ${MODEL} names the model`);
  const policy = createModelPolicy(modelOptionsIn(flags, settings));
  try {
    const record = await playOne(policy, episode);
    const { grade, length, invalid_steps, error } = record;
    const steps = `${plural(length, 'step')}, ${invalid_steps} invalid`;
    io.stderr.write(`${record.task_id}: ${steps}; ${describeTotals(policy, flags.priceIn !== undefined)}\n`);
    if (grade === null) {
      io.stderr.write(`ghostexec: the episode has no grade: ${error}\n`);
      throw new EndedEarly(FAILURE);
    }
    const { [AGL.events]: events, [AGL.key]: key } = process.env;
    if (events) await postReward(events, key, grade);
    io.stdout.write(`${grade}\n`);
  } finally {
    await policy.close();
  }
}

/**
 * Plays one episode of a task under rules v2 in this thread, without files.
 * @param episode `seed` is that of the world, as in a reset; that of the policy follows from it.
 * @throws GhostexecError (UNKNOWN_TASK, TASK_EXISTS); RunHalted if the policy ends the run
 */
async function playOne(policy: Policy, { task, seed, scenarios }: OneEpisode): Promise<EpisodeRecord> {
  const plan = checkPlan({ tasks: [task], scenarios, policy: policy.name, episodes: 1, groupSize: 1, seed });
  const open: OpenStage = async (...all) => {
    const stage = await localStage(0)(...all);
    return {
      envIds: stage.envIds,
      reset: (env) => stage.reset(env, seed, task),
      step: (env, answer) => stage.step(env, answer),
      close: () => stage.close(),
    };
  };
  const options = { plan, policy, from: 0, numEnvs: 1, workers: 0, open };
  for await (const record of collect(options, { steps: 0, underWay: 0 })) return { ...record, seed };
  throw new RangeError('the plan has no episode');
}

async function episodeOf(task: string | undefined, { seed, spec }: Options, { stdin }: Io): Promise<OneEpisode> {
  if ((task === undefined) === (spec === undefined)) throw new UsageError('expected a task, or --spec with one');
  if (spec === undefined) {
    const { tasks, scenarios } = tasksNamed([task ?? '']);
    return { task: tasks[0] ?? '', seed, ...(scenarios === undefined ? {} : { scenarios }) };
  }
  const row = parseWith(specSchema, parse(spec === '-' ? await text(stdin) : spec, '--spec'), '--spec');
  if (row.scenario_json == null) return { task: row.task_id, seed: row.seed };
  const documents = parse(row.scenario_json, 'scenario_json of --spec') as { scenario: unknown };
  return { task: row.task_id, seed: row.seed, scenarios: { [row.task_id]: documents } };
}

function parse(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new UsageError(`${what} is not JSON: ${messageOf(error)}`);
  }
}

/** The options with what the environment says where the command line says nothing. */
async function withDefaults(options: Options, command: Command): Promise<Options> {
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  const { [AGL.url]: url, [MODEL]: named } = process.env;
  const flags = { ...options };
  if (url && !isGiven('baseUrl')) flags.baseUrl = [url];
  if (process.env[AGL.key] && !isGiven('apiKeyEnv')) flags.apiKeyEnv = AGL.key;
  if (named && !isGiven('model')) flags.model = named;
  if (flags.model !== undefined || flags.baseUrl === undefined) return flags;
  const [first] = await listModels(flags.baseUrl[0] ?? '', process.env[flags.apiKeyEnv]);
  return first === undefined ? flags : { ...flags, model: first };
}

/** @throws GhostexecError (EVENT) if the trainer does not take the reward */
async function postReward(url: string, key: string | undefined, value: number): Promise<void> {
  try {
    await pRetry(
      async () => {
        const { ok, status } = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) },
          body: JSON.stringify({ event_type: 'reward', data: { value } }),
          signal: AbortSignal.timeout(EVENT_MS),
        });
        if (!ok) throw new GhostexecError('EVENT', `status ${status}`);
      },
      { retries: EVENT_RETRIES, minTimeout: 250 },
    );
  } catch (error) {
    throw new GhostexecError('EVENT', `the reward ${value} could not be posted to ${url}: ${messageOf(error)}`);
  }
}

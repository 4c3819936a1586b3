/** Plays the plan of a command: with the policy that the plan names, with progress on stderr, until the end or a signal. */
import { basename, join } from 'node:path';
import { type Command, Option } from 'commander';
import { MAX_SEED } from '../lib/random.ts';
import { countText, plural } from '../lib/text.ts';
import { createModelPolicy, type ModelPolicy } from '../policies/model/model-policy.ts';
import { MODEL_SETTINGS } from '../policies/model/options.ts';
import { isBuiltIn, loadPolicy, OTHER_POLICIES, POLICY_NAMES } from '../policies/policies.ts';
import type { EpisodeSummary } from '../records/schema.ts';
import { hasManifest, readRunManifest } from '../rollout/manifest.ts';
import type { RolloutPlan, RolloutShard } from '../rollout/plan.ts';
import { MANIFEST, runRollout } from '../rollout/run.ts';
import { taskIds } from '../scenarios/shipped.ts';
import { taskNamed } from '../scenarios/source.ts';
import { integer } from './arguments.ts';
import { endAtOnce, handleSignals, type Signal, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { addModelOptions, describeSpent, type ModelFlags, modelOptionsIn } from './model-options.ts';
import { createMeter } from './progress.ts';
import type { RemoteServer } from './remote.ts';

/** The options of a command that plays a plan. */
export type PlayFlags = ModelFlags & { workers: number; numEnvs: number; resume?: true };

/** Adds the options of a command that plays a plan; `policy` is played unless the command line names one. */
export function addPlayOptions(command: Command, policy?: string): Command {
  return addModelOptions(command)
    .addOption(
      new Option('--policy <name>', `policy that plays: ${POLICY_NAMES.join(', ')}, ${OTHER_POLICIES}`)
        .default(policy)
        .conflicts('model'),
    )
    .option('--workers <w>', 'number of worker threads; 0: play in the main thread', integer(0, 256), 2)
    .option('--num-envs <n>', 'number of episodes in flight, unless workers play them whole', integer(1, 1e6), 64)
    .option('--seed <s>', 'root of all seeds', integer(0, MAX_SEED), 0);
}

/** The answers of a language model, in the folder of the run. */
const ANSWERS = 'answers.jsonl';

type Playing = {
  readonly plan: RolloutPlan;
  readonly out: string;
  readonly options: PlayFlags;
  readonly command: Command;
  readonly io: Io;
  readonly part?: RolloutShard;
  /** Connects to the server that plays, if it is not this process. @param say Prints a line above the progress. */
  readonly connect?: (say: (line: string) => void) => Promise<RemoteServer | undefined>;
};

/**
 * Plays a plan and writes its run to `out`. Returns `by`, the signal that ended an interrupted run, too.
 * @throws as `runRollout`; UsageError
 */
export async function playRun({ plan, out, options, command, io, part, connect }: Playing) {
  const began = performance.now();
  // A resumed run keeps its shard.
  const manifest = join(out, MANIFEST);
  const shard = part ?? (options.resume && hasManifest(manifest) ? readRunManifest(manifest).shard : undefined);
  let steps = 0;
  let model: ModelPolicy | undefined;
  const meter = createMeter(io.stderr, '{value}/{total} episodes, {rate}', () => {
    const seconds = Math.max((performance.now() - began) / 1000, 1e-3);
    const rate = `${countText(Math.round(steps / seconds))} steps/s`;
    return { rate: model === undefined ? rate : `${rate}, ${describeSpent(model, options.priceIn !== undefined)}` };
  });
  const remote = await connect?.((line) => meter.say(line));
  model = await modelOf(options, plan, out, command);
  const ours = isBuiltIn(plan.policy);
  const policy = model ?? (ours ? undefined : await loadPolicy(plan.policy, { timeoutSeconds: options.callTimeout }));
  const interruption = interruptible((line) => meter.say(line), remote);
  try {
    const result = await runRollout({
      plan,
      out,
      workers: options.workers,
      numEnvs: options.numEnvs,
      ...(shard === undefined ? {} : { shard }),
      ...(remote === undefined ? {} : { remote }),
      ...(policy === undefined ? {} : { policy }),
      resume: options.resume ?? false,
      signal: interruption.signal,
      onProgress: (state) => {
        steps = state.steps;
        meter.update(state.written, state.episodes);
      },
      onRecovery: (what) => meter.say(what),
    });
    return { result, model, by: interruption.by() };
  } finally {
    meter.stop();
    interruption.done();
    await model?.close();
  }
}

/** Returns a function that refuses an option of the command line if it contradicts the run that is resumed. */
export function contradictionIn(
  command: Command,
  out: string,
): (option: string, wanted: unknown, found: unknown) => void {
  return (option, wanted, found) => {
    const [now, before] = [JSON.stringify(wanted), JSON.stringify(found)];
    if (command.getOptionValueSource(option) !== 'cli' || now === before) return;
    const has = before === undefined ? `no ${option}` : `${option} ${before}`;
    throw new UsageError(`the run in ${out} has ${has}, not ${now}; leave the option out to resume it`);
  };
}

/** The language model that plays, if the plan names one. Its endpoints were found to have it. */
async function modelOf(
  options: PlayFlags,
  plan: RolloutPlan,
  out: string,
  command: Command,
): Promise<ModelPolicy | undefined> {
  if (plan.model === undefined) {
    const other = [...MODEL_SETTINGS, 'baseUrl', 'apiKeyEnv', 'maxCost'].find(
      (name) => command.getOptionValueSource(name) === 'cli',
    );
    if (other !== undefined) throw new UsageError(`the option ${other} needs --model, the language model that plays`);
    return undefined;
  }
  if (plan.rules !== 'v2')
    throw new UsageError(`--model plays rules v2, which have a system prompt, not ${plan.rules}`);
  const model = createModelPolicy(modelOptionsIn(options, plan.model, join(out, ANSWERS)));
  try {
    await model.preflight();
    return model;
  } catch (error) {
    await model.close();
    throw error;
  }
}

/** The tasks of a plan, and the documents of those that are files. A file is a task with its name. */
export function tasksNamed(names: readonly string[]): Pick<RolloutPlan, 'tasks' | 'scenarios'> {
  const scenarios: NonNullable<RolloutPlan['scenarios']> = {};
  const tasks = names.map((name) => {
    if (taskIds().includes(name)) return name;
    const id = basename(name, '.json');
    if (Object.hasOwn(scenarios, id)) throw new UsageError(`two scenario files are named ${id}; give one another name`);
    const { scenario, drift } = taskNamed(name);
    scenarios[id] = { scenario, drift };
    return id;
  });
  return Object.keys(scenarios).length === 0 ? { tasks } : { tasks, scenarios };
}

/**
 * Handles signals of the system. The first one aborts the run, which finishes its current episodes. The second one ends the process,
 * after the batch on the server was deleted if there is one.
 */
function interruptible(
  print: (line: string) => void,
  remote: RemoteServer | undefined,
): { signal: AbortSignal; by(): Signal; done(): void } {
  const controller = new AbortController();
  let first: Signal = 'SIGINT';
  let stopping = false;
  const done = handleSignals((signal) => {
    if (stopping || (controller.signal.aborted && remote === undefined)) endAtOnce(signal);
    if (controller.signal.aborted) {
      stopping = true;
      void remote?.abandon().finally(() => endAtOnce(signal));
      return;
    }
    print('Stopping: finishing the episodes under way. Ctrl-C again stops at once.');
    first = signal;
    controller.abort();
  });
  return { signal: controller.signal, by: () => first, done };
}

/** Says how many episodes have failed, and why the first of them has. */
export function reportFailed(summaries: readonly EpisodeSummary[], out: string, { stderr }: Io): boolean {
  const failed = summaries.filter(({ status }) => status === 'failed');
  const [first] = failed;
  if (first === undefined) return false;
  stderr.write(
    `ghostexec: ${failed.length} of ${plural(summaries.length, 'episode')} failed; the first, ${first.episode_id}: ${first.error}\n`,
  );
  const lost = failed.filter(({ failure }) => failure === 'infrastructure').length;
  if (lost > 0) stderr.write(`${plural(lost, 'episode')} lost a call; play again with --out ${out} --resume\n`);
  return true;
}

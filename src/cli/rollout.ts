import { basename, join } from 'node:path';
import { Command, Option } from 'commander';
import { MAX_SEED } from '../lib/random.ts';
import { countText, plural } from '../lib/text.ts';
import { createModelPolicy, type ModelPolicy, modelPolicyName } from '../policies/model/model-policy.ts';
import { MODEL_SETTINGS } from '../policies/model/options.ts';
import { isBuiltIn, loadPolicy, OTHER_POLICIES, POLICY_NAMES } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import type { EpisodeSummary } from '../records/schema.ts';
import { summarize } from '../records/summary.ts';
import { hasManifest, readRunManifest, scenarioHashes } from '../rollout/manifest.ts';
import { checkPlan, episodesOf, OBSERVATIONS, type RolloutPlan, type RolloutShard } from '../rollout/plan.ts';
import {
  MANIFEST,
  newRunFolder,
  nothingToResume,
  type RunResult,
  runRollout,
  SUMMARY,
  TRAJECTORIES,
} from '../rollout/run.ts';
import { defaultTaskIds, taskIds } from '../scenarios/shipped.ts';
import { taskNamed } from '../scenarios/source.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { SUCCESS_GRADE } from '../sim/reward-profile.ts';
import { DEFAULT_RULES, RULES } from '../sim/rules.ts';
import { GRADE_RANGE } from '../sim/v2/grade.ts';
import { decimal, integer, serverUrl, shard, taskList } from './arguments.ts';
import { EndedEarly, endAtOnce, exitCodeFor, FAILURE, handleSignals, type Signal, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import {
  addModelOptions,
  describeSpent,
  describeTotals,
  type ModelFlags,
  modelOptionsIn,
  modelSettingsIn,
} from './model-options.ts';
import { createMeter, formatTable } from './progress.ts';
import { connect, type RemoteServer } from './remote.ts';

type Options = Omit<RolloutPlan, 'model'> &
  ModelFlags & {
    workers: number;
    numEnvs: number;
    out?: string;
    resume?: true;
    shard?: RolloutShard;
    url?: URL;
    apiKey?: string;
  };

const API_KEY = 'GHOSTEXEC_API_KEY';

/** The answers of a language model, in the folder of the run. */
const ANSWERS = 'answers.jsonl';

/** Options that decide the trajectories. A resumed run keeps the values that it was started with. */
const PLAN_OPTIONS = [
  'tasks',
  'scenarios',
  'policy',
  'episodes',
  'groupSize',
  'seed',
  'rules',
  'rewardMode',
  'observations',
  'successGrade',
  'records',
] as const;

export function rolloutCommand(io: Io): Command {
  const command = addModelOptions(new Command('rollout'))
    .description('Play episodes with a policy and write their trajectories.')
    .option(
      '--tasks <names>',
      'ids of tasks or scenario files, separated by commas; the groups play them in turn',
      taskList,
      defaultTaskIds(),
    )
    .addOption(
      new Option('--policy <name>', `policy that plays: ${POLICY_NAMES.join(', ')}, ${OTHER_POLICIES}`)
        .default('greedy')
        .conflicts('model'),
    )
    .option('--episodes <n>', 'number of episodes', integer(1, 1e9), 96)
    .option(
      '--group-size <g>',
      'number of episodes in a group; a group begins alike, for group-relative advantages',
      integer(1, 1e6),
      8,
    )
    .option('--workers <w>', 'number of worker threads; 0: play in the main thread', integer(0, 256), 2)
    .option(
      '--num-envs <n>',
      'number of episodes in flight, with a language model, the policy of a module or on the server at --url',
      integer(1, 1e6),
      64,
    )
    .option('--seed <s>', 'root of all seeds', integer(0, MAX_SEED), 0)
    .addOption(new Option('--rules <name>', 'ruleset').choices(RULES).default(DEFAULT_RULES))
    .addOption(new Option('--reward-mode <mode>', 'which parts the reward has').choices(REWARD_MODES).default('full'))
    .addOption(
      new Option('--observations <which>', 'whether each step is recorded with its briefing')
        .choices(OBSERVATIONS)
        .default('all'),
    )
    .option(
      '--shard <i/n>',
      'play only part i of n, from 1, for ghostexec merge; auto/n takes i from JOB_COMPLETION_INDEX or SLURM_ARRAY_TASK_ID',
      shard,
    )
    .option(
      '--success-grade <g>',
      'least grade of an episode that counts as a success, 0.01 to 0.99',
      decimal(...GRADE_RANGE),
      SUCCESS_GRADE,
    )
    .option('--no-records', 'write no trajectories, only their summary: summary.json')
    .option('--out <dir>', 'folder for trajectories.jsonl and manifest.json (default: a new folder in runs/)')
    .option('--url <url>', 'play on the server at this address, in a batch of --num-envs episodes', serverUrl)
    .addOption(new Option('--api-key <key>', 'API key of that server').env(API_KEY))
    .option('--resume', 'continue the interrupted run in --out, with the options of that run')
    .addHelpText(
      'after',
      `
The trajectories depend only on --tasks, --policy, --episodes, --group-size, --seed, --rules, --reward-mode and
--observations. They are the same bytes for any --workers, --num-envs and --url, and after an interruption and --resume.
The exit code is 1 if an episode has failed, for example because its policy did; the others are played and written.
Ctrl-C, SIGTERM or SIGHUP finishes the current episodes and stops; a second one stops at once. No written data is lost.

Examples:
  $ ghostexec rollout
  $ ghostexec rollout --tasks dinner_disaster --policy random --episodes 1000 --group-size 10 --out runs/dinner
  $ ghostexec rollout --out runs/dinner --resume
  $ ghostexec rollout --policy random --episodes 100000 --group-size 1 --no-records
  $ ghostexec rollout --tasks my-day.json --policy random --episodes 16
  $ ghostexec rollout --shard 1/4 --out runs/a-1
  $ ghostexec rollout --policy ./mine.mjs --num-envs 256
  $ ghostexec rollout --model qwen3-8b --base-url http://127.0.0.1:8000/v1 --format tools --num-envs 128 --out runs/qwen
  $ ghostexec rollout --url http://127.0.0.1:8000 --num-envs 256`,
    );
  command.action((options: Options) => rollout(options, command, io));
  return command;
}

async function rollout(options: Options, command: Command, io: Io): Promise<void> {
  if (options.resume && options.out === undefined)
    throw new UsageError('--resume needs --out, the folder of the run to continue');
  if (!options.records && command.getOptionValueSource('observations') === 'cli') {
    throw new UsageError('--observations selects what the records contain; with --no-records there are none');
  }
  const out = options.out ?? newRunFolder();
  const plan = planOf(options, out, command);
  const part = options.shard ?? shardIn(options, out);
  const began = performance.now();
  let steps = 0;
  let model: ModelPolicy | undefined;
  const meter = createMeter(io.stderr, '{value}/{total} episodes, {rate}', () => {
    const seconds = Math.max((performance.now() - began) / 1000, 1e-3);
    const rate = `${countText(Math.round(steps / seconds))} steps/s`;
    return { rate: model === undefined ? rate : `${rate}, ${describeSpent(model, options.priceIn !== undefined)}` };
  });
  const remote = await serverOf(options, plan, command, (line) => meter.say(line));
  model = await modelOf(options, plan, out, command);
  const policy = model ?? (await programOf(options, plan));
  const interruption = interruptible((line) => meter.say(line), remote);
  let result: RunResult;
  try {
    result = await runRollout({
      plan,
      out,
      workers: options.workers,
      numEnvs: options.numEnvs,
      ...(part === undefined ? {} : { shard: part }),
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
  } finally {
    meter.stop();
    interruption.done();
    await model?.close();
  }
  report(plan, out, result, part, remote?.url, io);
  if (model !== undefined) {
    io.stdout.write(`${model.name}: ${describeTotals(model, options.priceIn !== undefined)}\n`);
  }
  const hasFailed = reportFailed(result.summaries, out, io);
  if (result.manifest.status !== 'complete') throw new EndedEarly(exitCodeFor(interruption.by()));
  if (hasFailed) throw new EndedEarly(FAILURE);
}

/** The plan on the command line. A resumed run has its own plan, which the command line must not contradict. */
function planOf(options: Options, out: string, command: Command): RolloutPlan {
  const model = modelSettingsIn(options);
  const policy = model === undefined ? options.policy : modelPolicyName(model.model);
  const given = { ...options, ...tasksNamed(options.tasks), policy };
  const asked = Object.fromEntries(PLAN_OPTIONS.map((name) => [name, given[name]]));
  if (options.resume && !options.records) throw nothingToResume(out);
  const manifest = join(out, MANIFEST);
  if (!options.resume || !hasManifest(manifest)) {
    return checkPlan(model === undefined ? asked : { ...asked, model });
  }
  const { plan } = readRunManifest(manifest);
  if (!plan.records) throw nothingToResume(out);
  const contradict = (name: string, wanted: unknown, found: unknown): void => {
    const [now, before] = [JSON.stringify(wanted), JSON.stringify(found)];
    if (command.getOptionValueSource(name) !== 'cli' || now === before) return;
    const has = before === undefined ? `no ${name}` : `${name} ${before}`;
    throw new UsageError(`the run in ${out} has ${has}, not ${now}; leave the option out to resume it`);
  };
  for (const name of PLAN_OPTIONS) contradict(name, asked[name], plan[name]);
  for (const name of MODEL_SETTINGS) contradict(name, options[name], plan.model?.[name]);
  return plan;
}

/** The language model that plays, if the plan names one. Its endpoints were found to have it. */
async function modelOf(
  options: Options,
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

/** The shard of a run that is resumed. */
function shardIn({ resume }: Options, out: string): RolloutShard | undefined {
  const manifest = join(out, MANIFEST);
  return resume && hasManifest(manifest) ? readRunManifest(manifest).shard : undefined;
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

/** The policy that is not built-in: a module, a program, or records. */
async function programOf({ callTimeout }: Options, { policy }: RolloutPlan): Promise<Policy | undefined> {
  return isBuiltIn(policy) ? undefined : loadPolicy(policy, { timeoutSeconds: callTimeout });
}

/** The server that plays, if the command line names one. */
async function serverOf(
  options: Options,
  plan: RolloutPlan,
  command: Command,
  say: (line: string) => void,
): Promise<RemoteServer | undefined> {
  const { url, apiKey } = options;
  const given = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  if (url === undefined) {
    if (given('apiKey')) throw new UsageError('--api-key needs --url, the server that the key is for');
    return undefined;
  }
  if (given('workers')) throw new UsageError('--workers has no effect on the server at --url; leave it out');
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new UsageError(`the key in --api-key or ${API_KEY} cannot be sent: expected printable ASCII without spaces`);
  }
  return connect(url, apiKey, plan.rules, scenarioHashes(plan), say);
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
function reportFailed(summaries: readonly EpisodeSummary[], out: string, { stderr }: Io): boolean {
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

function report(
  plan: RolloutPlan,
  out: string,
  { manifest, summaries, resumed, recoveries, seconds }: RunResult,
  part: RolloutShard | undefined,
  url: string | undefined,
  { stdout }: Io,
): void {
  const { first, end } = episodesOf(plan, part);
  const fixed = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? '-';
  const rate = (steps: number): string => (seconds > 0 ? Math.round(steps / seconds).toLocaleString('en-US') : '-');
  const played = summarize(plan.tasks, summaries.slice(resumed));
  const rows = summarize(plan.tasks, summaries).map((row) => [
    row.task,
    String(row.episodes),
    String(row.failed),
    row.confidence === undefined
      ? fixed(row.meanReturn, 3)
      : `${fixed(row.meanReturn, 3)} ± ${fixed(row.confidence, 3)}`,
    fixed(row.meanGrade, 4),
    fixed(row.meanMet, 1),
    fixed(row.meanMissed, 1),
    fixed(row.meanCollateral, 3),
    row.invalidRate === undefined ? '-' : `${(row.invalidRate * 100).toFixed(1)}%`,
    rate(played.find(({ task }) => task === row.task)?.steps ?? 0),
  ]);
  const head = [
    'task',
    'episodes',
    'failed',
    'return (95% CI)',
    'grade',
    'met',
    'missed',
    'collateral',
    'invalid',
    'steps/s',
  ];
  stdout.write(`\n${formatTable(head, rows, [1, 2, 3, 4, 5, 6, 7, 8, 9])}\n\n`);
  const steps = played.reduce((sum, row) => sum + row.steps, 0);
  const now = plural(summaries.length - resumed, 'episode');
  const [who, again] = url === undefined ? [plan.policy, ''] : [`${plan.policy} on ${url}`, ` --url ${url}`];
  const lost = recoveries > 0 ? `, ${recoveries === 1 ? '1 recovery' : `${recoveries} recoveries`}` : '';
  const before = resumed > 0 ? ` (${resumed} were there before)` : '';
  stdout.write(
    `${who}: ${now}${before}, ${plural(steps, 'step')} in ${seconds.toFixed(2)} s, ${rate(steps)} steps/s${lost}\n`,
  );
  stdout.write(`${join(out, plan.records ? TRAJECTORIES : SUMMARY)}, ${join(out, MANIFEST)}\n`);
  if (manifest.status !== 'complete') {
    stdout.write(
      `Interrupted: ${summaries.length} of ${end - first} episodes are complete${plan.records ? ' and kept' : ''}.\n` +
        (plan.records ? `Go on with: ghostexec rollout --out ${out} --resume${again}\n` : ''),
    );
  }
}

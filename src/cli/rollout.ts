import { join } from 'node:path';
import { Command, Option } from 'commander';
import { countText, plural } from '../lib/text.ts';
import { modelPolicyName } from '../policies/model/model-policy.ts';
import { MODEL_SETTINGS } from '../policies/model/options.ts';
import { summarize } from '../records/summary.ts';
import { hasManifest, readRunManifest, scenarioHashes } from '../rollout/manifest.ts';
import { mergeShards } from '../rollout/merge.ts';
import { checkPlan, episodesOf, OBSERVATIONS, type RolloutPlan, type RolloutShard } from '../rollout/plan.ts';
import { MANIFEST, newRunFolder, nothingToResume, type RunResult, SUMMARY, TRAJECTORIES } from '../rollout/run.ts';
import { defaultTaskIds } from '../scenarios/shipped.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { SUCCESS_GRADE } from '../sim/reward-profile.ts';
import { DEFAULT_RULES, RULES } from '../sim/rules.ts';
import { GRADE_RANGE } from '../sim/v2/grade.ts';
import { decimal, integer, serverUrl, shard, taskList } from './arguments.ts';
import { EndedEarly, exitCodeFor, FAILURE, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { describeTotals, modelSettingsIn } from './model-options.ts';
import { addPlayOptions, contradictionIn, type PlayFlags, playRun, reportFailed, tasksNamed } from './play-run.ts';
import { decimals, formatTable, percentage } from './progress.ts';
import { connect, type RemoteServer } from './remote.ts';

type Options = Omit<RolloutPlan, 'model'> &
  PlayFlags & {
    out?: string;
    shard?: RolloutShard;
    url?: URL;
    apiKey?: string;
  };

const API_KEY = 'GHOSTEXEC_API_KEY';

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
  const command = addPlayOptions(new Command('rollout'), 'greedy')
    .description('Play episodes with a policy and write their trajectories.')
    .option(
      '--tasks <names>',
      'ids of tasks or scenario files, separated by commas; the groups play them in turn',
      taskList,
      defaultTaskIds(),
    )
    .option('--episodes <n>', 'number of episodes', integer(1, 1e9), 96)
    .option(
      '--group-size <g>',
      'number of episodes in a group; a group begins alike, for group-relative advantages',
      integer(1, 1e6),
      8,
    )
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
  const { result, model, by } = await playRun({
    plan,
    out,
    options,
    command,
    io,
    ...(options.shard === undefined ? {} : { part: options.shard }),
    connect: (say) => serverOf(options, plan, command, say),
  });
  report(plan, out, result, io);
  if (model !== undefined) {
    io.stdout.write(`${model.name}: ${describeTotals(model, options.priceIn !== undefined)}\n`);
  }
  const hasFailed = reportFailed(result.summaries, out, io);
  if (result.manifest.status !== 'complete') throw new EndedEarly(exitCodeFor(by));
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
  const contradict = contradictionIn(command, out);
  for (const name of PLAN_OPTIONS) contradict(name, asked[name], plan[name]);
  for (const name of MODEL_SETTINGS) contradict(name, options[name], plan.model?.[name]);
  return plan;
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

function report(
  plan: RolloutPlan,
  out: string,
  { manifest, summaries, resumed, recoveries, seconds }: RunResult,
  { stdout }: Io,
): void {
  const { url } = manifest.execution;
  const { first, end } = episodesOf(plan, manifest.shard);
  const rate = (steps: number): string => (seconds > 0 ? countText(Math.round(steps / seconds)) : '-');
  const played = summarize(plan.tasks, summaries.slice(resumed));
  const rows = summarize(plan.tasks, summaries).map((row) => [
    row.task,
    String(row.episodes),
    String(row.failed),
    decimals(row.meanReturn, 3) + (row.confidence === undefined ? '' : ` ± ${decimals(row.confidence, 3)}`),
    decimals(row.meanGrade, 4),
    decimals(row.meanMet, 1),
    decimals(row.meanMissed, 1),
    decimals(row.meanCollateral, 3),
    percentage(row.invalidRate),
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
  if (manifest.status === 'complete' && plan.records) {
    stdout.write(
      `Look at it with: ghostexec view ${out}\nEvaluate your model with: ghostexec eval --model NAME --base-url URL\n`,
    );
  }
  if (manifest.status !== 'complete') {
    stdout.write(
      `Interrupted: ${summaries.length} of ${end - first} episodes are complete${plan.records ? ' and kept' : ''}.\n` +
        (plan.records ? `Go on with: ghostexec rollout --out ${out} --resume${again}\n` : ''),
    );
  }
}

export function mergeCommand({ stdout }: Io): Command {
  return new Command('merge')
    .description('Merge the shards of a rollout into one run, with the same bytes as on one machine.')
    .argument('<dir...>', 'the folders of all shards, in any order')
    .requiredOption('--out <dir>', 'folder for the merged run')
    .addHelpText('after', '\nExample:\n  $ ghostexec merge runs/a-1 runs/a-2 runs/a-3 --out runs/a')
    .action(async (folders: string[], { out }: { out: string }) => {
      const { episodes_written } = await mergeShards(folders, out);
      stdout.write(`${plural(episodes_written, 'episode')} of ${plural(folders.length, 'shard')}\n`);
      stdout.write(`${join(out, TRAJECTORIES)}, ${join(out, MANIFEST)}\n`);
    });
}

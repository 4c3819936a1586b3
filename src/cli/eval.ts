import { join } from 'node:path';
import { Command, Option } from 'commander';
import { lostText, manifestOf, writeEvaluation } from '../evaluate/evaluate-run.ts';
import { quote } from '../lib/text.ts';
import { modelPolicyName } from '../policies/model/model-policy.ts';
import { MODEL_SETTINGS } from '../policies/model/options.ts';
import { hasManifest } from '../rollout/manifest.ts';
import { checkPlan, type RolloutPlan } from '../rollout/plan.ts';
import { readEpisodes } from '../rollout/read-run.ts';
import { MANIFEST, newRunFolder, SUMMARY, TRAJECTORIES } from '../rollout/run.ts';
import { defaultTaskIds } from '../scenarios/shipped.ts';
import { SPLITS, type Split, shipped } from '../scenarios/source.ts';
import { integer, oneTask, taskList } from './arguments.ts';
import { evaluationText } from './evaluation-text.ts';
import { EndedEarly, exitCodeFor, FAILURE, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { describeTotals, modelSettingsIn } from './model-options.ts';
import { addPlayOptions, contradictionIn, type PlayFlags, playRun, tasksNamed } from './play-run.ts';

type Options = PlayFlags & {
  policy?: string;
  tasks: string[];
  split?: Split;
  scenario?: string[];
  limit?: number;
  samples: number;
  seed: number;
  out?: string;
};

/** The options that say which worlds are played. */
const WORLDS = ['tasks', 'split', 'scenario', 'limit'] as const;

export function evalCommand(io: Io): Command {
  const command = addPlayOptions(new Command('eval'))
    .description('Evaluate a language model or another policy, beside the baselines on the same worlds.')
    .option('--tasks <names>', 'ids of tasks or scenario files, separated by commas', taskList, defaultTaskIds())
    .addOption(new Option('--split <name>', 'the tasks of a split').choices(SPLITS).conflicts(['tasks', 'scenario']))
    .addOption(
      new Option('--scenario <file...>', 'scenario files')
        .argParser((text: string, before?: string[]) => [...(before ?? []), oneTask(text)])
        .conflicts('tasks'),
    )
    .option('--limit <n>', 'play only the first n of these worlds', integer(1, 1e6))
    .option('--samples <k>', 'number of episodes of each world', integer(1, 1e6), 4)
    .option('--out <dir>', 'folder for the run and summary.json (default: a new folder in runs/)')
    .option('--resume', 'continue the evaluation in --out, and play again what was lost; evaluates a finished run')
    .addHelpText(
      'after',
      `
A world is a day: a scenario with its drift. Grades are means over worlds. Episodes that lost a call of the model have no share in the
figures; --resume plays them again. The exit code is 1 while there are such episodes.

Examples:
  $ ghostexec eval --policy greedy
  $ ghostexec eval --model qwen3-8b --base-url http://127.0.0.1:8000/v1 --format tools --samples 4 --out runs/qwen
  $ ghostexec eval --out runs/qwen --resume --base-url http://127.0.0.1:8000/v1
  $ ghostexec eval --policy "exec:python3 agent.py" --split test
  $ ghostexec eval --policy ./mine.mjs --scenario days/a.json days/b.json
  $ ghostexec compare runs/qwen runs/other`,
    );
  command.action((options: Options) => evaluate(options, command, io));
  return command;
}

async function evaluate(options: Options, command: Command, io: Io): Promise<void> {
  if (options.resume && options.out === undefined)
    throw new UsageError('--resume needs --out, the folder of the run to continue');
  const out = options.out ?? newRunFolder('eval');
  const isThere = options.resume === true && hasManifest(join(out, MANIFEST));
  const plan = isThere ? planIn(options, out, command) : planOf(options);
  if (!isThere || (await lacksEpisodes(out))) {
    const { result, model, by } = await playRun({ plan, out, options, command, io });
    if (model !== undefined) {
      io.stdout.write(`${model.name}: ${describeTotals(model, options.priceIn !== undefined)}\n`);
    }
    if (result.manifest.status !== 'complete') {
      io.stdout.write(`Interrupted; go on with: ghostexec eval --out ${out} --resume\n`);
      throw new EndedEarly(exitCodeFor(by));
    }
  }
  const evaluation = await writeEvaluation(out);
  io.stdout.write(`\n${evaluationText(evaluation)}\n\n`);
  io.stdout.write(`${[SUMMARY, TRAJECTORIES, MANIFEST].map((file) => join(out, file)).join(', ')}\n`);
  io.stdout.write(`Look at it with: ghostexec view ${out}\n`);
  const lost = lostText(evaluation);
  if (lost === undefined) return;
  const [first] = evaluation.lost;
  const again = evaluation.lost.some(({ failure }) => failure === 'infrastructure')
    ? `\nPlay those that lost a call again: ghostexec eval --out ${out} --resume`
    : '';
  io.stderr.write(`ghostexec: ${lost}; the first, ${first?.episode_id}: ${first?.error}${again}\n`);
  throw new EndedEarly(FAILURE);
}

function planOf(options: Options): RolloutPlan {
  const { samples, seed } = options;
  const model = modelSettingsIn(options);
  const policy = model === undefined ? options.policy : modelPolicyName(model.model);
  if (policy === undefined) throw new UsageError('expected --model or --policy, which says what is evaluated');
  const worlds = worldsIn(options);
  return checkPlan({
    ...worlds,
    policy,
    ...(model === undefined ? {} : { model }),
    episodes: worlds.tasks.length * samples,
    groupSize: samples,
    seed,
  });
}

/** The tasks that the options name, each once. */
function worldsIn({ tasks, split, scenario, limit }: Options): Pick<RolloutPlan, 'tasks' | 'scenarios'> {
  const names = scenario ?? (split === undefined ? tasks : shipped.list(split).map(({ id }) => id));
  return tasksNamed([...new Set(names)].slice(0, limit));
}

/** The plan of the run in a folder, which the command line must not contradict. */
function planIn(options: Options, out: string, command: Command): RolloutPlan {
  const { plan } = manifestOf(out);
  const contradict = contradictionIn(command, out);
  contradict('policy', options.policy, plan.policy);
  contradict('samples', options.samples, plan.groupSize);
  contradict('seed', options.seed, plan.seed);
  for (const name of MODEL_SETTINGS) contradict(name, options[name], plan.model?.[name]);
  if (WORLDS.some((name) => command.getOptionValueSource(name) === 'cli')) {
    const { tasks } = worldsIn(options);
    if (JSON.stringify(tasks) !== JSON.stringify(plan.tasks)) {
      const [has, named] = [quote(plan.tasks, 200), quote(tasks, 200)];
      throw new UsageError(`the run in ${out} plays ${has}, not ${named}; leave these options out to resume it`);
    }
  }
  return plan;
}

/** Whether a run has episodes to play: it is not complete, or lost calls. */
async function lacksEpisodes(out: string): Promise<boolean> {
  if (manifestOf(out).status !== 'complete') return true;
  for await (const { failure } of readEpisodes(out)) if (failure === 'infrastructure') return true;
  return false;
}

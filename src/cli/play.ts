import { Argument, Command, Option } from 'commander';
import { Replay } from '../analysis/replay.ts';
import { MAX_SEED } from '../lib/random.ts';
import { readDrift, readScenario } from '../scenarios/files.ts';
import { loadTask, taskIds } from '../scenarios/shipped.ts';
import { REWARD_MODES, type RewardMode } from '../sim/breakdown.ts';
import { DEFAULT_RULES, RULES, type Rules } from '../sim/rules.ts';
import { compileSpec, type EnvSpec, loadSpec } from '../vector/spec.ts';
import { integer, oneTask } from './arguments.ts';
import { exitCodeFor, UsageError } from './exit.ts';
import { PlaySession } from './play/session.ts';
import { playOthers } from './play/show.ts';
import { Interrupted, Terminal } from './play/terminal.ts';

type Options = { rules: Rules; rewardMode: RewardMode; seed: number; drift?: string; scenario?: string };

export function playCommand(): Command {
  return new Command('play')
    .description(
      'Play an episode in the terminal: read the briefing that a model reads, choose one action at a time, and see the grade.',
    )
    .addArgument(new Argument('[task]', 'a shipped task').argParser(oneTask))
    .addOption(new Option('--rules <name>', 'ruleset').choices(RULES).default(DEFAULT_RULES))
    .addOption(new Option('--reward-mode <mode>', 'which parts the reward has').choices(REWARD_MODES).default('full'))
    .option(
      '--seed <s>',
      'seed of the episode; the days of scenario files are the same for every seed',
      integer(0, MAX_SEED),
      0,
    )
    .option('--drift <which>', 'a drift file, a task whose drift to use, or none (default: the drift of the task)')
    .option('--scenario <file>', 'a custom scenario file, instead of a task')
    .addHelpText(
      'after',
      `
At the end your return and grade are compared with those of doing nothing, of greedy, and of the best known plan.
The input may also come through a pipe; the episode is left at the end of the input.

Examples:
  $ ghostexec play phase2_core
  $ ghostexec play dinner_disaster --rules v1
  $ ghostexec play --scenario my-day.json`,
    )
    .action((task: string | undefined, options: Options) => play(task, options));
}

async function play(task: string | undefined, options: Options): Promise<void> {
  const request = envSpecOf(task, options);
  const spec = compileSpec({ ...loadSpec(request), rules: options.rules, rewardMode: options.rewardMode });
  const isShipped = request.scenario === undefined;
  const terminal = new Terminal();
  try {
    const replay = new Replay(spec, request);
    await new PlaySession(terminal, replay, options.rules, () => playOthers(spec, isShipped)).run();
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    terminal.print();
    process.exitCode = exitCodeFor(error.signal);
  } finally {
    terminal.close();
  }
}

function envSpecOf(task: string | undefined, { drift, scenario, seed }: Options): EnvSpec {
  if (task !== undefined && scenario !== undefined) throw new UsageError('give a task or --scenario, not both');
  if (task === undefined && scenario === undefined) {
    throw new UsageError(`no task given; expected one of ${taskIds().join(', ')}, or --scenario`);
  }
  return {
    seed,
    ...(task === undefined ? {} : { task }),
    ...(scenario === undefined ? {} : { scenario: readScenario(scenario) }),
    ...(drift === undefined ? {} : { drift: driftNamed(drift) }),
  };
}

function driftNamed(which: string): unknown {
  if (which === 'none') return null;
  return taskIds().includes(which) ? (loadTask(which).drift ?? null) : readDrift(which);
}

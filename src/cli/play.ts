import { Command, Option } from 'commander';
import { playBaselines } from '../analysis/baselines.ts';
import { Replay } from '../analysis/replay.ts';
import { planIn } from '../policies/oracle.ts';
import { readDrift } from '../scenarios/files.ts';
import { listTasks, taskIds } from '../scenarios/shipped.ts';
import { filesNamed, taskNamed } from '../scenarios/source.ts';
import { REWARD_MODES, type RewardMode } from '../sim/breakdown.ts';
import { DEFAULT_RULES, RULES, type Rules } from '../sim/rules.ts';
import { compileSpec } from '../vector/spec.ts';
import type { Drift } from '../world/schema.ts';
import type { Io } from './io.ts';
import { type Prompts, promptsFor } from './play/prompts.ts';
import { Screen } from './play/screen.ts';
import { PlaySession } from './play/session.ts';

type Options = { rules: Rules; rewardMode: RewardMode; drift?: string };

export function playCommand(io: Io): Command {
  return new Command('play')
    .description(
      'Play an episode in the terminal: read the briefing that a model reads, choose one action at a time, and see the grade.',
    )
    .argument('[task]', 'the id of a task, or a scenario file (default: a menu of the tasks)')
    .addOption(new Option('--rules <name>', 'ruleset').choices(RULES).default(DEFAULT_RULES))
    .addOption(new Option('--reward-mode <mode>', 'which parts the reward has').choices(REWARD_MODES).default('full'))
    .option(
      '--drift <which>',
      'what changes the day while it is played: a drift file, a task whose drift to use, or none (default: the drift of the task)',
    )
    .addHelpText(
      'after',
      `
The entry "what is owed" tells who waits for what, by when, and in which state it is (rules v2); a model does not see it.
The end of the day shows it, too.
At the end your return and grade are compared with those of doing nothing, of random (the mean of 100 episodes),
of greedy, and of the best plan known.
The input may also come through a pipe; the episode is left at the end of the input.

Examples:
  $ ghostexec play phase2_core
  $ ghostexec play dinner_disaster --rules v1
  $ ghostexec play my-day.json`,
    )
    .action((task: string | undefined, options: Options) => play(task, options, io));
}

async function play(task: string | undefined, options: Options, io: Io): Promise<void> {
  const screen = new Screen(io.stdout);
  const prompts = promptsFor(io, screen);
  try {
    const days = listTasks().map(({ id, difficulty }) => ({ value: id, label: `${id} (${difficulty})` }));
    const chosen = task ?? (await prompts.choose('Which day do you play?', days));
    if (chosen !== undefined) await sessionOf(chosen, options, prompts, screen).run();
  } finally {
    prompts.close();
  }
}

function sessionOf(name: string, { rules, rewardMode, drift }: Options, prompts: Prompts, screen: Screen): PlaySession {
  const task = taskNamed(name);
  // Another drift makes another instance, whose best plan is unknown.
  const documents = drift === undefined ? task : { ...task, drift: driftNamed(drift), oracle: undefined };
  const { id, ...played } = documents;
  const spec = compileSpec({ ...played, task: id, rules, rewardMode });
  const plan = spec.oracle === undefined ? undefined : planIn(filesNamed(name).oracle, spec.compiled);
  return new PlaySession(prompts, screen, new Replay(spec), rules, () => playBaselines(spec, plan));
}

function driftNamed(which: string): Drift | undefined {
  if (which === 'none') return undefined;
  return taskIds().includes(which) ? taskNamed(which).drift : readDrift(which);
}

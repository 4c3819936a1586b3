import { Command, Option } from 'commander';
import { autotune, type Trial, type Tuning } from '../analysis/autotune.ts';
import { DEFAULT_RULES, RULES, type Rules } from '../sim/rules.ts';
import { decimal, integer, oneTask } from './arguments.ts';
import type { Io } from './io.ts';
import { formatTable, withMeter } from './progress.ts';

type Options = { task?: string; rules: Rules; seconds: number; maxWorkers?: number; maxEnvs: number; json?: true };

const MIB = 2 ** 20;

export function autotuneCommand(io: Io): Command {
  return new Command('autotune')
    .description('Measure how fast this machine steps environments, and propose how many workers and environments.')
    .option('--task <id>', 'task whose scenario is played (default: the first certified task)', oneTask)
    .addOption(new Option('--rules <name>', 'ruleset').choices(RULES).default(DEFAULT_RULES))
    .option('--seconds <s>', 'how long each setting is measured', decimal(0.01, 3_600), 1)
    .option(
      '--max-workers <w>',
      'maximum number of worker threads (default: one for each core, up to 16)',
      integer(0, 256),
    )
    .option('--max-envs <n>', 'maximum number of environments', integer(1, 1e6), 4_096)
    .option('--json', 'print all results as JSON')
    .addHelpText(
      'after',
      `
Every setting plays the same seeded mix of actions and reads every briefing. The proposal is the smallest setting whose
rate is within 5 % of the best. Close other programs before: what they take is missing here.

Examples:
  $ ghostexec autotune
  $ ghostexec autotune --task dinner_disaster --seconds 3 --max-workers 8 --json`,
    )
    .action(async ({ json, ...options }: Options) => {
      const tuning = await withMeter(io.stderr, '{value}/{total} windows', (onProgress) =>
        autotune({ ...options, onProgress }),
      );
      io.stdout.write(json ? `${JSON.stringify(wireOf(tuning), null, 2)}\n` : textOf(tuning));
    });
}

function wireOf({ task, rules, cores, seconds, trials, best, proposed }: Tuning): unknown {
  const settingOf = ({ workers, numEnvs }: Trial): unknown => ({ workers, num_envs: numEnvs });
  return {
    task_id: task,
    rules,
    cores,
    seconds,
    trials: trials.map(({ workers, numEnvs, stepsPerSecond, deviation, memoryBytes }) => ({
      workers,
      num_envs: numEnvs,
      steps_per_s: Math.round(stepsPerSecond),
      deviation: Number(deviation.toFixed(4)),
      memory_mib: Number((memoryBytes / MIB).toFixed(1)),
    })),
    best: settingOf(best),
    proposed: settingOf(proposed),
  };
}

function textOf({ task, rules, cores, trials, best, proposed }: Tuning): string {
  const shareOf = (trial: Trial): string => `${((100 * trial.stepsPerSecond) / best.stepsPerSecond).toFixed(0)} %`;
  const rows = trials.map((trial) => [
    String(trial.workers),
    trial.numEnvs.toLocaleString('en-US'),
    Math.round(trial.stepsPerSecond).toLocaleString('en-US'),
    `${(100 * trial.deviation).toFixed(1)} %`,
    shareOf(trial),
    (trial.memoryBytes / MIB).toFixed(1),
    trial === proposed ? 'proposed' : '',
  ]);
  const head = ['workers', 'num-envs', 'steps/s', 'deviation', 'of the best', 'MiB', ''];
  const { workers, numEnvs } = proposed;
  return (
    `${formatTable(head, rows, [0, 1, 2, 3, 4, 5])}\n\n` +
    `${task}, rules ${rules}, ${cores} cores: --workers ${workers} --num-envs ${numEnvs} ` +
    `(VectorEnv.create: workers ${workers}, numEnvs ${numEnvs}), ${shareOf(proposed)} of the best rate\n`
  );
}

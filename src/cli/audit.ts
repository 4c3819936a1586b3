import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { type Audit, audit, type Measured } from '../analysis/audit/audit.ts';
import { makeFolder, writeWhole } from '../lib/disk.ts';
import { MAX_SEED } from '../lib/random.ts';
import { VERSION } from '../lib/version.ts';
import { defaultTaskIds } from '../scenarios/shipped.ts';
import { integer, taskList } from './arguments.ts';
import { EndedEarly, FAILURE } from './exit.ts';
import type { Io } from './io.ts';
import { decimals, formatTable, percentage, withMeter } from './progress.ts';

type Options = { tasks: string[]; seeds: number; seed: number; workers: number; search: number; out: string };

export function auditCommand({ stdout, stderr }: Io): Command {
  return new Command('audit')
    .description(
      'Measure baselines and exploits on the tasks and compare them with the figures that rules v2 must reach.',
    )
    .option('--tasks <ids>', 'tasks, separated by commas', taskList, defaultTaskIds())
    .option('--seeds <n>', 'episodes of each random policy, per task', integer(1, 1e6), 500)
    .option('--seed <s>', 'root of all seeds', integer(0, MAX_SEED), 0)
    .option('--workers <w>', 'worker threads', integer(1, 256), 2)
    .option(
      '--search <steps>',
      'steps of the search for policies that earn rewards without working',
      integer(0, 1e10),
      0,
    )
    .option('--out <file>', 'JSON file for all results', join('runs', 'audit.json'))
    .addHelpText(
      'after',
      '\nExit code 1 if a figure is missed.\n\nExamples:\n  $ ghostexec audit\n  $ ghostexec audit --search 1000000',
    )
    .action(async (options: Options) => {
      const began = performance.now();
      const { tasks, seeds, seed, workers, search } = options;
      const result = await withMeter(stderr, '{value}/{total} jobs', (onProgress) =>
        audit({ tasks, seeds, seed, workers, searchSteps: search, onProgress }),
      );
      makeFolder(dirname(options.out));
      writeWhole(
        'audit',
        options.out,
        `${JSON.stringify({ version: VERSION, tasks, seeds, seed, search_steps: search, ...result }, null, 1)}\n`,
      );
      report(result, stdout);
      const missed = result.figures.filter(({ ok }) => !ok).length;
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      stdout.write(`${result.figures.length} figures, ${missed} missed, in ${seconds} s; ${options.out}\n`);
      if (missed > 0) throw new EndedEarly(FAILURE);
    });
}

function report({ measured, figures, search }: Audit, stdout: Io['stdout']): void {
  const v1Of = ({ task, player }: Measured): Measured | undefined =>
    measured.find((one) => one.rules === 'v1' && one.task === task && one.player === player);
  const rows = measured
    .filter(({ rules }) => rules === 'v2')
    .map((one) => [
      one.task,
      one.player,
      String(one.episodes),
      decimals(one.mean_return, 2),
      percentage(one.share_of_oracle),
      decimals(one.mean_grade, 3),
      decimals(v1Of(one)?.mean_return, 2),
      percentage(v1Of(one)?.share_of_oracle),
      decimals(v1Of(one)?.mean_grade, 3),
    ]);
  const head = [
    'task',
    'policy',
    'episodes',
    'v2 return',
    'of oracle',
    'v2 grade',
    'v1 return',
    'of oracle',
    'v1 grade',
  ];
  stdout.write(`\n${formatTable(head, rows, [2, 3, 4, 5, 6, 7, 8])}\n\n`);
  for (const one of search) {
    stdout.write(
      `${one.task}: searched ${one.steps.toLocaleString('en-US')} steps in ${one.episodes.toLocaleString('en-US')} episodes; ` +
        `best cycle pays ${decimals(one.worstCycle, 4)}, highest pay without work ${decimals(one.worstUnearned, 4)}\n` +
        `  ${JSON.stringify(one.unearnedProgram)}\n`,
    );
  }
  const missed = figures.filter(({ ok }) => !ok);
  if (missed.length === 0) return;
  const list = missed.map((one) => [one.figure, one.task, one.player, one.expected, decimals(one.measured, 4)]);
  stdout.write(`Missed:\n${formatTable(['figure', 'task', 'policy', 'expected', 'measured'], list, [4])}\n\n`);
}

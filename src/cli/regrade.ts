import { join } from 'node:path';
import { Command } from 'commander';
import { writeEvaluation } from '../evaluate/evaluate-run.ts';
import { type Regrading, regradeRun } from '../evaluate/regrade-run.ts';
import { MANIFEST, newRunFolder, SUMMARY, TRAJECTORIES } from '../rollout/run.ts';
import { GRADE_RANGE } from '../sim/v2/grade.ts';
import { decimal } from './arguments.ts';
import { tableOf } from './evaluation-text.ts';
import type { Io } from './io.ts';
import { decimals } from './progress.ts';

/** The most episodes that are listed. */
const MOST_LISTED = 20;

export function regradeCommand({ stdout }: Io): Command {
  return new Command('regrade')
    .description('Play the recorded answers of a run again, after a change of the grader: no model is asked.')
    .argument('<run>', 'folder of a complete run')
    .option('--out <dir>', 'folder for the new run (default: a new folder in runs/)')
    .option(
      '--success-grade <g>',
      'least grade of an episode that counts as a success (default: that of the run)',
      decimal(...GRADE_RANGE),
    )
    .addHelpText(
      'after',
      `
The new run has the same answers and prompts, with the rewards and grades that they get now. The old one stays as it is.

Examples:
  $ ghostexec regrade runs/qwen --out runs/qwen-again
  $ ghostexec regrade runs/qwen --success-grade 0.9`,
    )
    .action(async (run: string, options: { out?: string; successGrade?: number }) => {
      const { successGrade } = options;
      const out = options.out ?? newRunFolder('regrade');
      const regrading = await regradeRun(run, out, successGrade === undefined ? {} : { successGrade });
      stdout.write(`${regradingText(regrading)}\n`);
      const files = [TRAJECTORIES, MANIFEST];
      if (regrading.rules === 'v2') {
        await writeEvaluation(out);
        files.unshift(SUMMARY);
      }
      stdout.write(`${files.map((file) => join(out, file)).join(', ')}\n`);
    });
}

function regradingText({ edition, success_grade, changed_tasks, tasks, changed }: Regrading): string {
  const from = <T>(name: string, [before, after]: readonly [T, T]): string[] =>
    before === after ? [] : [`The ${name} was ${before} and is ${after}.`];
  const notes = [
    ...from('edition of the rules', edition),
    ...from('least grade of a success', success_grade),
    ...changed_tasks.map((task) => `The scenario of ${task} has changed since the run.`),
  ];
  const figures = tableOf(
    ['task', 'episodes', 'changed', 'grade before', 'after', 'successes before', 'after'],
    tasks.map(({ name, episodes, changed: count, before, after }) => [
      name,
      String(episodes),
      String(count),
      decimals(before.grade, 4),
      decimals(after.grade, 4),
      String(before.successes),
      String(after.successes),
    ]),
  );
  const listed = tableOf(
    ['episodes that changed', 'task', 'grade before', 'after', 'success before', 'after'],
    changed
      .slice(0, MOST_LISTED)
      .map(({ episode_id, task_id, grade, success }) => [
        episode_id,
        task_id,
        ...grade.map((one) => decimals(one, 4)),
        ...success.map((one) => String(one ?? '-')),
      ]),
  );
  const more = changed.length - MOST_LISTED;
  return [
    ...(notes.length === 0 ? [] : [`${notes.join('\n')}\n`]),
    `${figures}\n`,
    changed.length === 0 ? 'No grade changed.\n' : `${listed}\n`,
    ...(more > 0 ? [`${more} more episodes changed.\n`] : []),
  ].join('\n');
}

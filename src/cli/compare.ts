import { Command } from 'commander';
import { compareRuns, type RunComparison } from '../evaluate/compare-runs.ts';
import { plural, signed } from '../lib/text.ts';
import { estimateText, tableOf } from './evaluation-text.ts';
import type { Io } from './io.ts';
import { decimals } from './progress.ts';

/** The most worlds that are listed. */
const MOST_LISTED = 20;

export function compareCommand({ stdout }: Io): Command {
  return new Command('compare')
    .description('Compare two runs world by world: differences with their intervals, and which worlds changed.')
    .argument('<a>', 'folder of a run, such as one of ghostexec eval or rollout')
    .argument('<b>', 'folder of the other run; differences are B - A')
    .option('--json', 'print the comparison as JSON')
    .addHelpText('after', '\nExample:\n  $ ghostexec compare runs/before runs/after')
    .action(async (a: string, b: string, options: { json?: true }) => {
      const comparison = await compareRuns(a, b);
      stdout.write(options.json ? `${JSON.stringify(comparison, null, 2)}\n` : comparisonText(comparison));
    });
}

function comparisonText({ a, b, worlds, only, figures, changed, settings }: RunComparison): string {
  const paragraphs = [
    `A: ${a.out}, ${a.policy}\nB: ${b.out}, ${b.policy}`,
    tableOf(
      [plural(worlds, 'world'), 'A', 'B', 'B - A (95% CI)'],
      figures.map(({ name, a: one, b: other, difference }) => [
        name,
        decimals(one, 3),
        decimals(other, 3),
        estimateText(difference, (value) => signed(value, 3)),
      ]),
    ),
    changed.length === 0
      ? 'No grade changed.'
      : tableOf(
          ['worlds that changed', 'episodes', 'grade A', 'B', 'B - A'],
          changed
            .slice(0, MOST_LISTED)
            .map((world) => [
              world.task_id,
              [...new Set(world.episodes)].join(', '),
              decimals(world.a, 3),
              decimals(world.b, 3),
              signed(world.difference, 3),
            ]),
        ),
  ];
  const notes = [
    ...(changed.length > MOST_LISTED
      ? [`${changed.length - MOST_LISTED} more worlds changed (--json lists them).`]
      : []),
    ...(['a', 'b'] as const).flatMap((side) =>
      only[side].length === 0 ? [] : [`Only ${side.toUpperCase()} has: ${only[side].join(', ')}.`],
    ),
    ...[a, b].flatMap(({ out, status }) => (status === 'complete' ? [] : [`${out} is ${status}.`])),
    ...settings.map(({ part, one, other }) => `The runs have different ${part}: ${one} and ${other}.`),
  ];
  return `${[...paragraphs, ...(notes.length === 0 ? [] : [notes.join('\n')])].join('\n\n')}\n`;
}

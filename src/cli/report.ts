import { Command } from 'commander';
import { plural } from '../lib/text.ts';
import { createMeter } from './progress.ts';

const MEGABYTE = 1e6;

export function reportCommand(): Command {
  return new Command('report')
    .description('Write the results of a rollout as one HTML page, with its charts as SVG files.')
    .argument('<path>', 'the folder of a run, or its trajectories.jsonl')
    .option('--out <folder>', 'folder for the report (default: report/ beside the trajectories)')
    .addHelpText(
      'after',
      `
The page works without a network. It shows figures per task, charts, invalid actions, the signal within groups, and the best,
the median and the worst episode of each task. Equal trajectories give equal bytes.

Examples:
  $ ghostexec report runs/greedy
  $ ghostexec report runs/greedy --out reports/greedy`,
    )
    .action(async (path: string, options: { out?: string }) => {
      const meter = createMeter('MB');
      let drawn = -1;
      // The chart library is loaded only here, because it takes longer to load than the rest of the program.
      const { writeReport } = await import('../report/report.ts');
      const result = await writeReport(path, options.out, (read, bytes) => {
        const megabytes = Math.floor(read / MEGABYTE);
        if (megabytes > drawn) meter.update(megabytes, Math.ceil(bytes / MEGABYTE));
        drawn = megabytes;
      }).finally(() => meter.stop());
      const { episodes, failed, damaged, written } = result;
      const odd = [
        ...(failed > 0 ? [`${failed} failed`] : []),
        ...(damaged > 0 ? [`${plural(damaged, 'line')} could not be read`] : []),
      ];
      process.stdout.write(`${plural(episodes, 'episode')}${odd.length === 0 ? '' : `; ${odd.join('; ')}`}\n`);
      process.stdout.write(`${written.join('\n')}\n`);
    });
}

import { basename, dirname, join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { plural, quote } from '../lib/text.ts';
import { findRuns, noRuns } from '../rollout/read-run.ts';
import { BAD_ARGUMENTS, EndedEarly, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { withMeter } from './progress.ts';

const MEGABYTE = 1e6;

export function reportCommand({ stdout, stderr }: Io): Command {
  return new Command('report')
    .description('Write the results of a rollout as one HTML page, with its charts as SVG files.')
    .argument('<path...>', 'folders of runs, folders that contain such folders, or trajectory files')
    .option('--out <folder>', 'folder for the report (default: report/ beside the trajectories)')
    .addHelpText(
      'after',
      `
The page works without a network. It shows figures per task, charts, invalid actions, the signal within groups, and the best,
the median and the worst episode of each task. Equal trajectories give equal bytes. Each run has a report of its own;
with --out, the reports of several runs go into folders below it that are named like the runs.

Examples:
  $ ghostexec report runs/greedy
  $ ghostexec report runs --out reports`,
    )
    .action(async (paths: string[], { out }: { out?: string }) => {
      const runs = paths.flatMap((path) => {
        const found = findRuns(path);
        if (found.length === 0) throw noRuns(path);
        return found.map((run) => ({ ...run, name: relative(path, run.path) || basename(resolve(path)) }));
      });
      const names = runs.map(({ name }) => name);
      const twice = names.find((name, index) => names.indexOf(name) < index);
      if (out !== undefined && twice !== undefined)
        throw new UsageError(`two of the runs are named ${quote(twice)}; --out has one place for both`);
      for (const { path, name, trajectories } of runs) {
        if (trajectories === undefined) stdout.write(`${path}: a run without records, of which there is no report\n`);
        else if (out === undefined) await report(path, trajectories, join(dirname(trajectories), 'report'));
        else await report(path, trajectories, runs.length === 1 ? out : join(out, name));
      }
      if (runs.every(({ trajectories }) => trajectories === undefined)) throw new EndedEarly(BAD_ARGUMENTS);
    });

  async function report(path: string, trajectories: string, folder: string): Promise<void> {
    // The chart library is loaded only here, because it takes longer to load than the rest of the program.
    const { writeReport } = await import('../report/report.ts');
    const { episodes, failed, damaged, written } = await withMeter(stderr, '{value}/{total} MB', (onProgress) =>
      writeReport(trajectories, folder, (read, bytes) =>
        onProgress(Math.floor(read / MEGABYTE), Math.ceil(bytes / MEGABYTE)),
      ),
    );
    const odd = [
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(damaged > 0 ? [`${plural(damaged, 'line')} could not be read`] : []),
    ];
    stdout.write(`${path}: ${[plural(episodes, 'episode'), ...odd].join('; ')}\n${written.join('\n')}\n`);
  }
}

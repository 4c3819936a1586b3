import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { makeFolder, writeWhole } from '../lib/disk.ts';
import { MAX_SEED } from '../lib/random.ts';
import { plural } from '../lib/text.ts';
import { DATASET_FORMATS, type DatasetFormat, datasetRows } from '../rollout/dataset.ts';
import { defaultTaskIds } from '../scenarios/shipped.ts';
import { SPLITS, type Split, shipped } from '../scenarios/source.ts';
import { integer, taskList } from './arguments.ts';
import type { Io } from './io.ts';
import { tasksNamed } from './play-run.ts';

type Options = { for: DatasetFormat; tasks: string[]; split?: Split; count: number; seed: number; out?: string };

export function datasetCommand(io: Io): Command {
  return new Command('dataset')
    .description('Write prompts, tools and seeds of episodes as JSON lines, for a trainer or an evaluator.')
    .addOption(
      new Option('--for <format>', 'reader of the dataset, which decides the keys of a row')
        .choices(DATASET_FORMATS)
        .makeOptionMandatory(),
    )
    .option(
      '--tasks <names>',
      'ids of tasks or scenario files, separated by commas; the rows take them in turn',
      taskList,
      defaultTaskIds(),
    )
    .addOption(new Option('--split <name>', 'the tasks of a split').choices(SPLITS).conflicts('tasks'))
    .requiredOption('--count <n>', 'number of rows', integer(1, 1e9))
    .option('--seed <s>', 'root of all seeds', integer(0, MAX_SEED), 0)
    .option('--out <file>', 'file for the rows (default: standard output)')
    .addHelpText(
      'after',
      `
Equal options give equal bytes. Row i is episode i of ghostexec rollout with the same --tasks and --seed and --group-size 1, and
begins like group i with a larger --group-size. The rules are v2.

Examples:
  $ ghostexec dataset --for trl --count 1000 --out train.jsonl
  $ ghostexec dataset --for verl --split test --count 64 --seed 1 --out test.jsonl
  $ ghostexec dataset --for hf --tasks phase2_core,my-day.json --count 8 | head -n 1`,
    )
    .action((options: Options) => dataset(options, io));
}

async function dataset({ for: format, split, count, seed, out, ...rest }: Options, { stdout }: Io): Promise<void> {
  const tasks = split === undefined ? rest.tasks : shipped.list(split).map(({ id }) => id);
  const lines = linesOf(datasetRows(format, { ...tasksNamed(tasks), count, seed }));
  if (out === undefined) {
    await pipeline(Readable.from(lines), stdout, { end: false });
    return;
  }
  makeFolder(dirname(out));
  writeWhole('dataset', out, lines);
  stdout.write(`${plural(count, 'row')} for ${format}: ${out}\n`);
}

function* linesOf(rows: Iterable<unknown>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

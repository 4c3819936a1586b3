import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { Turn } from '../lib/turn.ts';
import { emptyVerification, unplayable, verifyDocument } from '../rollout/verify.ts';
import { readJson } from '../world/files.ts';
import { integer } from './arguments.ts';
import { FAILURE } from './exit.ts';

export function verifyCommand(): Command {
  return new Command('verify')
    .description('Play recorded episodes, or grader recordings, and compare every field (floats to 1e-9).')
    .argument('<path...>', 'recording files, or folders that are searched for .json files')
    .option('--show <n>', 'print so many of the differences', integer(0, 10_000), 20)
    .addHelpText(
      'after',
      '\nExamples:\n  $ ghostexec verify test/conformance\n  $ ghostexec verify recording.json --show 100',
    )
    .action(async (paths: string[], options: { show: number }) => {
      const files = paths.flatMap(jsonFiles);
      if (files.length === 0) throw new GhostexecError('FILE', `no .json file in ${paths.join(', ')}`);
      const result = emptyVerification();
      const turn = new Turn();
      for (const file of files) {
        await turn.rest();
        try {
          verifyDocument(file, readJson(file), result);
        } catch (error) {
          result.differing++;
          result.differences.push(unplayable(file, error));
        }
      }
      for (const { recording, step, field, expected, actual } of result.differences.slice(0, options.show)) {
        process.stdout.write(
          `${recording} step ${step} ${field}: expected ${quote(expected, 200)}, got ${quote(actual, 400)}\n`,
        );
      }
      const hidden = result.differences.length - options.show;
      if (hidden > 0) process.stdout.write(`... and ${hidden} more differences\n`);
      process.stdout.write(`${result.matched} steps match, ${result.differing} differ\n`);
      if (result.gradesMatched + result.gradesDiffering > 0) {
        process.stdout.write(`${result.gradesMatched} grades match, ${result.gradesDiffering} differ\n`);
      }
      if (result.differing + result.gradesDiffering > 0) process.exitCode = FAILURE;
    });
}

/** The file itself, or every .json file below the folder, in order of name. */
function jsonFiles(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
    return names
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new GhostexecError('FILE', `cannot read ${path}: ${messageOf(error)}`);
  }
}

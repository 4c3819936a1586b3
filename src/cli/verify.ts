import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { type Difference, emptyVerification, unplayable, verifyDocument } from '../analysis/verify.ts';
import { EPISODE, verifyRun } from '../analysis/verify-run.ts';
import { plural, quote } from '../lib/text.ts';
import { Turn } from '../lib/turn.ts';
import { type FoundRun, findRuns, noRuns } from '../rollout/read-run.ts';
import { MANIFEST } from '../rollout/run.ts';
import { cannotRead, readJsonFile } from '../scenarios/files.ts';
import { integer } from './arguments.ts';
import { EndedEarly, FAILURE } from './exit.ts';
import type { Io } from './io.ts';

/** Like `verifyRun`, with the lines to print. */
export async function verifyRollout(trajectories: string) {
  const outcome = await verifyRun(trajectories);
  const { hasManifest, episodes, reproduced, steps, damaged, changedTasks } = outcome;
  const lines = changedTasks.map((task) => `the scenario of ${task} has changed since the run`);
  if (!hasManifest) lines.push(`there is no ${MANIFEST} beside it, so its plan is not known`);
  const left = damaged === 0 ? '' : `; ${plural(damaged, 'line')} cannot be read`;
  lines.push(`${reproduced} of ${plural(episodes, 'episode')} reproduce (${plural(steps, 'step')})${left}`);
  return { ...outcome, lines: lines.map((line) => `${trajectories}: ${line}`) };
}

export function verifyCommand({ stdout }: Io): Command {
  return new Command('verify')
    .description(
      'Play rollouts, recorded episodes or grader recordings again, and compare every field (floats of recordings to 1e-9).',
    )
    .argument('<path...>', 'rollouts (their folder, or a .jsonl file), recording files, or folders of either')
    .option('--show <n>', 'maximum number of differences to print', integer(0, 10_000), 20)
    .addHelpText(
      'after',
      '\nExamples:\n  $ ghostexec verify runs/a\n  $ ghostexec verify test/conformance\n  $ ghostexec verify recording.json --show 100',
    )
    .action(async (paths: string[], options: { show: number }) => {
      const found = paths.map(filesIn);
      const print = printer(stdout, options.show);
      let differing = 0;
      for (const { path, trajectories } of found.flatMap(({ runs }) => runs)) {
        if (trajectories === undefined) stdout.write(`${path}: a run without records, which cannot be played again\n`);
        else {
          const outcome = await verifyRollout(trajectories);
          print(outcome.differences, outcome.differing);
          stdout.write(outcome.lines.map((line) => `${line}\n`).join(''));
          differing += outcome.differing;
        }
      }
      const recordings = found.flatMap((one) => one.recordings);
      if (recordings.length > 0) differing += await verifyRecordings(recordings, print, stdout);
      if (differing > 0) throw new EndedEarly(FAILURE);
    });
}

/** Returns the number of steps and grades that differ. */
async function verifyRecordings(files: readonly string[], print: Print, stdout: Io['stdout']): Promise<number> {
  const result = emptyVerification();
  const turn = new Turn();
  for (const file of files) {
    await turn.rest();
    try {
      verifyDocument(file, readJsonFile(file), result);
    } catch (error) {
      result.differing++;
      result.differences.push(unplayable(file, error));
    }
  }
  print(result.differences, result.differences.length);
  stdout.write(`${result.matched} steps match, ${result.differing} differ\n`);
  if (result.gradesMatched + result.gradesDiffering > 0) {
    stdout.write(`${result.gradesMatched} grades match, ${result.gradesDiffering} differ\n`);
  }
  return result.differing + result.gradesDiffering;
}

/** @param all The number of all differences; `differences` may hold only the first of them. */
type Print = (differences: readonly Difference[], all: number) => void;

function printer(stdout: Io['stdout'], show: number): Print {
  return (differences, all) => {
    for (const { recording, step, field, expected, actual } of differences.slice(0, show)) {
      const place = `${recording} ${step === EPISODE ? '' : `step ${step} `}${field}`;
      stdout.write(`${place}: expected ${quote(expected, 200)}, got ${quote(actual, 400)}\n`);
    }
    const hidden = all - Math.min(show, differences.length);
    if (hidden > 0) stdout.write(`... and ${hidden} more differences\n`);
  };
}

/** The runs of a path, and its recordings: the file itself, or the .json files of all folders that are not runs. */
function filesIn(path: string): { runs: readonly FoundRun[]; recordings: readonly string[] } {
  const runs = path.endsWith('.json') ? [] : findRuns(path);
  const recordings = recordingsIn(path, new Set(runs.map((run) => run.path)));
  if (runs.length + recordings.length === 0) throw noRuns(path);
  return { runs, recordings };
}

function recordingsIn(path: string, runs: ReadonlySet<string>): string[] {
  try {
    if (!statSync(path).isDirectory()) return path.endsWith('.json') ? [path] : [];
    const names = runs.has(path) ? [] : readdirSync(path).sort();
    return names.flatMap((name) => recordingsIn(join(path, name), runs));
  } catch (error) {
    throw cannotRead(path, error);
  }
}

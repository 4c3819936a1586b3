import { basename, join } from 'node:path';
import { Command } from 'commander';
import { type Solution, solveCompiled } from '../analysis/solve/search.ts';
import {
  auditPlan,
  checkOracle,
  measurePlan,
  oracleOf,
  PLAN_TOLERANCE,
  playPlan,
  type SidecarDifference,
} from '../analysis/solve/sidecar.ts';
import { makeFolder, writeWhole } from '../lib/disk.ts';
import { messageOf } from '../lib/errors.ts';
import { MAX_SEED } from '../lib/random.ts';
import { clip, plural, quote, signed } from '../lib/text.ts';
import { formatClock } from '../lib/time.ts';
import { Turn } from '../lib/turn.ts';
import { type Oracle, readDrift, readOracle, readScenario } from '../scenarios/files.ts';
import { type TaskFiles, taskIds } from '../scenarios/shipped.ts';
import { filesNamed } from '../scenarios/source.ts';
import { metadataOf } from '../sim/observation/metadata.ts';
import { compileFor, createRuleset } from '../sim/rules.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { Action } from '../world/schema.ts';
import { integer } from './arguments.ts';
import { EndedEarly, FAILURE, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { formatTable, withMeter } from './progress.ts';

type Options = {
  all?: true;
  beam: number;
  seed: number;
  maxExpansions: number;
  check?: true;
  dryRun?: true;
  replace?: true;
  dir?: string;
};

export function solveCommand(io: Io): Command {
  return new Command('solve')
    .description('Search for the best plan of tasks under rules v2, and store it beside the scenario for the graders.')
    .argument('[task...]', 'ids of tasks, or scenario files')
    .option('--all', 'every shipped task')
    .option('--beam <n>', 'number of states that are kept after each step', integer(1, 1_000_000), 200)
    .option('--seed <s>', 'seed of the random part of the beam', integer(0, MAX_SEED), 0)
    .option('--max-expansions <n>', 'maximum number of steps that are played for one task', integer(1, 1e9), 1_000_000)
    .option('--check', 'play the stored plans and compare every number; exit code 1 on a difference')
    .option('--dry-run', 'print the plan and store nothing')
    .option('--replace', 'store the plan even if a better one is already stored')
    .option('--dir <folder>', 'folder of the plans (default: beside the scenarios)')
    .addHelpText(
      'after',
      '\nThe plan depends only on the scenario, --beam, --seed and --max-expansions.\n' +
        '\nExamples:\n  $ ghostexec solve --all\n  $ ghostexec solve phase2_core --beam 2000 --dry-run\n  $ ghostexec solve --all --check',
    )
    .action((tasks: string[], options: Options) => run(tasks, options, io));
}

async function run(ids: string[], options: Options, io: Io): Promise<void> {
  if (options.check && options.dryRun)
    throw new UsageError('--check stores nothing, so --dry-run makes no sense with it');
  if (options.all && ids.length > 0) throw new UsageError('give tasks or --all, not both');
  if (!options.all && ids.length === 0) throw new UsageError('give a task, or --all for every shipped one');
  const tasks = (options.all ? taskIds() : ids).map(filesNamed);
  if (options.check) await check(tasks, options, io);
  else for (const task of tasks) await solveTask(task, options, io);
}

/** The compiled scenario of a task. Its stored plan is ignored, because it may belong to an older version of the scenario. */
function compileTask(files: TaskFiles, oracle?: number): CompiledScenario {
  const drift = files.drift === undefined ? undefined : readDrift(files.drift);
  return compileFor('v2', readScenario(files.scenario), drift, oracle);
}

function pathOf({ oracle }: TaskFiles, { dir }: Options): string {
  return dir === undefined ? oracle : join(dir, basename(oracle));
}

/** The name of a task in its plan: that of its file, wherever the file is. */
function nameOf({ oracle }: TaskFiles): string {
  return basename(oracle, '.oracle.json');
}

type Print = (line: string) => void;

function printTo({ stdout }: Io): Print {
  return (line) => stdout.write(`${line}\n`);
}

async function solveTask(task: TaskFiles, options: Options, io: Io): Promise<void> {
  const print = printTo(io);
  const c = compileTask(task);
  const began = performance.now();
  const { beam, seed, maxExpansions } = options;
  const solution = await withMeter(io.stderr, `{value}/{total} parts of the search for ${task.id}`, (onProgress) =>
    solveCompiled(c, { beam, seed, maxExpansions, onProgress }),
  );
  const seconds = (performance.now() - began) / 1000;
  print(`\n${task.id}: ${plural(solution.actions.length, 'step')}, V ${solution.value.toFixed(4)}`);
  printPlan(compileTask(task, solution.value), solution, print);
  const rate = `${plural(solution.expansions, 'expansion')} in ${seconds.toFixed(1)} s`;
  print(`  ${rate}${solution.exhausted ? '; they ran out, --max-expansions allows more' : ''}`);
  for (const problem of auditPlan(c, solution.actions)) print(`  warning: no briefing before it shows: ${problem}`);
  if (options.dryRun) return;
  const path = pathOf(task, options);
  if (options.dir !== undefined) makeFolder(options.dir);
  const better = betterPlan(path, nameOf(task), c, solution.value);
  if (better !== undefined && !options.replace) {
    print(`  kept: the plan in ${path} is better (V ${better.toFixed(4)}); --replace puts this one in its place`);
    return;
  }
  writeWhole(
    'plan',
    path,
    `${JSON.stringify(oracleOf(nameOf(task), c, solution, { beam, seed, maxExpansions }), null, 2)}\n`,
  );
  print(`  ${path}`);
}

/** The value V of the stored plan, if it is worth what it says in exactly this scenario, and better than `value`. */
function betterPlan(path: string, task: string, c: CompiledScenario, value: number): number | undefined {
  let kept: Oracle | undefined;
  try {
    kept = readOracle(path);
  } catch {
    // A damaged file counts as no plan.
  }
  if (kept === undefined || checkOracle(task, c, kept).length > 0) return undefined;
  return kept.v_oracle > value + PLAN_TOLERANCE ? kept.v_oracle : undefined;
}

function printPlan(c: CompiledScenario, { actions }: Solution, print: Print): void {
  const rules = createRuleset('v2');
  for (const { episode, action, reward } of playPlan(c, actions, rules)) {
    const { s } = episode;
    print(
      `  ${String(s.stepCount).padStart(2)} until ${formatClock(s.clock)}  ${signed(reward, 3)}  ${describe(action)}`,
    );
    for (const { channel, obligation, amount, reason } of metadataOf(episode, rules.breakdown).reward_attribution ??
      []) {
      print(`       ${signed(amount, 3)}  ${channel}: ${obligation}, ${reason}`);
    }
    if (episode.news !== '') print(`       since then: ${episode.news}`);
  }
  const { grade, paid } = measurePlan(c, actions);
  if (grade === undefined) return;
  const { value, floor, conflict, relationship, task, collateral, met, late, missed } = grade;
  print(
    `  V ${value.toFixed(4)}, floor ${floor.toFixed(4)}, return ${paid.toFixed(3)}: conflict ${conflict.toFixed(3)}, ` +
      `relationship ${relationship.toFixed(3)}, task ${task.toFixed(3)}, collateral ${collateral.toFixed(3)}; ` +
      `${met} met, ${late} late, ${missed} missed`,
  );
}

async function check(tasks: readonly TaskFiles[], options: Options, io: Io): Promise<void> {
  const print = printTo(io);
  const rows: string[][] = [];
  const lines: string[] = [];
  const turn = new Turn();
  for (const task of tasks) {
    await turn.rest();
    const { differences, stored } = checkTask(task, pathOf(task, options));
    rows.push([task.id, ...stored, differences.length === 0 ? 'as stored' : plural(differences.length, 'difference')]);
    for (const { field, stored: was, measured } of differences) {
      lines.push(`${task.id} ${field}: stored ${quote(was)}, measured ${quote(measured, 300)}`);
    }
  }
  print(formatTable(['task', 'V floor', 'V oracle', 'return', 'steps', 'measured again'], rows, [1, 2, 3, 4]));
  for (const line of lines) print(line);
  if (lines.length > 0) throw new EndedEarly(FAILURE);
}

function checkTask(task: TaskFiles, path: string): { differences: SidecarDifference[]; stored: string[] } {
  const nothing = ['-', '-', '-', '-'];
  try {
    const oracle = readOracle(path);
    if (oracle === undefined)
      return { differences: [{ field: 'sidecar', stored: 'no file', measured: path }], stored: nothing };
    const { v_floor, v_oracle, return: paid, plan } = oracle;
    return {
      differences: checkOracle(nameOf(task), compileTask(task), oracle),
      stored: [v_floor.toFixed(4), v_oracle.toFixed(4), paid.toFixed(3), String(plan.length)],
    };
  } catch (error) {
    return { differences: [{ field: 'sidecar', stored: 'unreadable', measured: messageOf(error) }], stored: nothing };
  }
}

/** An action in one line, such as `reply_email e01 by text "Thank you ..."`. */
function describe({ action_type = 'do_nothing', message_body, channel, new_time, ...rest }: Action): string {
  const { email_id, meeting_id, task_id, contact_name, reason } = rest;
  const subject = [email_id, meeting_id, task_id, contact_name].filter((one) => one !== undefined);
  const parts = [action_type, ...subject];
  if (channel !== undefined) parts.push(`by ${channel}`);
  if (new_time !== undefined) parts.push(`to ${new_time}`);
  const words = message_body ?? reason;
  if (words !== undefined) parts.push(`"${clip(words, 90)}"`);
  return parts.join(' ');
}

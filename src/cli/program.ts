/** The command line: its commands, and how their errors are reported. */
import { Command, CommanderError } from 'commander';
import { messageOf } from '../lib/errors.ts';
import { VERSION } from '../lib/version.ts';
import { agentCommand } from './agent.ts';
import { auditCommand } from './audit.ts';
import { autotuneCommand } from './autotune.ts';
import { compareCommand } from './compare.ts';
import { datasetCommand } from './dataset.ts';
import { evalCommand } from './eval.ts';
import { EndedEarly, exitCodeOf } from './exit.ts';
import type { Io } from './io.ts';
import { judgeCommand } from './judge.ts';
import { playCommand } from './play.ts';
import { regradeCommand } from './regrade.ts';
import { reportCommand } from './report.ts';
import { mergeCommand, rolloutCommand } from './rollout.ts';
import { scenarioCommand } from './scenario.ts';
import { serveCommand, viewCommand } from './serve.ts';
import { solveCommand } from './solve.ts';
import { promptCommand, schemaCommand, tasksCommand } from './tasks.ts';
import { verifyCommand } from './verify.ts';

function programFor(io: Io): Command {
  const program = new Command('ghostexec')
    .description("A chief of staff's messy day as an environment for language-model agents, many episodes at once.")
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .showHelpAfterError('(ghostexec --help lists the commands)')
    .addHelpText(
      'after',
      `
Examples:
  $ ghostexec tasks
  $ ghostexec prompt
  $ ghostexec play phase2_core
  $ ghostexec serve
  $ ghostexec rollout --policy greedy --episodes 48 --group-size 8 --out runs/greedy
  $ ghostexec eval --policy greedy
  $ ghostexec view runs/greedy
  $ ghostexec report runs/greedy
  $ ghostexec dataset --for trl --count 1000 --out train.jsonl
  $ ghostexec scenario validate my-day.json
  $ ghostexec solve phase2_core --dry-run
  $ ghostexec judge phase2_core e03 "625,400 to date."
  $ ghostexec verify test/conformance

Exit codes: 0 done, 1 failure, 2 bad arguments; 130, 143, 129 ended by SIGINT (Ctrl-C), SIGTERM, SIGHUP.`,
    );

  for (const make of [
    serveCommand,
    rolloutCommand,
    evalCommand,
    compareCommand,
    regradeCommand,
    mergeCommand,
    reportCommand,
    playCommand,
    tasksCommand,
    promptCommand,
    agentCommand,
    datasetCommand,
    auditCommand,
    autotuneCommand,
    scenarioCommand,
    schemaCommand,
    solveCommand,
    judgeCommand,
    verifyCommand,
    viewCommand,
  ]) {
    program.addCommand(make(io));
  }
  for (const command of program.commands.flatMap((outer) => [outer, ...outer.commands])) {
    command.copyInheritedSettings(program).showHelpAfterError(`(ghostexec ${command.name()} --help lists the options)`);
  }
  return program;
}

/**
 * Runs a command.
 * @param args The arguments after the name of the program.
 * @returns The exit code. A server goes on after it.
 * @example
 * const code = await run(['tasks', '--json'], process);
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    await programFor(io).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has already printed its own errors.
    const isSilent = error instanceof CommanderError || error instanceof EndedEarly;
    if (!isSilent) io.stderr.write(`ghostexec: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

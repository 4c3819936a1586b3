/** The command line: its commands, and how their errors are reported. */
import { Command, CommanderError } from 'commander';
import { messageOf } from '../lib/errors.ts';
import { VERSION } from '../lib/version.ts';
import { auditCommand } from './audit.ts';
import { autotuneCommand } from './autotune.ts';
import { exitCodeOf } from './exit.ts';
import { mergeCommand } from './merge.ts';
import { playCommand } from './play.ts';
import { reportCommand } from './report.ts';
import { rolloutCommand } from './rollout.ts';
import { scenarioCommand } from './scenario.ts';
import { serveCommand, viewCommand } from './serve.ts';
import { solveCommand } from './solve.ts';
import { schemaCommand, tasksCommand } from './tasks.ts';
import { verifyCommand } from './verify.ts';

const program = new Command('ghostexec')
  .description("A chief of staff's messy day as an environment for language-model agents, many episodes at once.")
  .version(VERSION, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .exitOverride()
  .showHelpAfterError('(ghostexec --help lists the commands)')
  .addHelpText(
    'after',
    `
Examples:
  $ ghostexec tasks
  $ ghostexec play phase2_core
  $ ghostexec serve
  $ ghostexec rollout --policy greedy --episodes 48 --group-size 8 --out runs/greedy
  $ ghostexec view runs/greedy
  $ ghostexec report runs/greedy
  $ ghostexec scenario validate my-day.json
  $ ghostexec solve phase2_core --dry-run
  $ ghostexec verify test/conformance

Exit codes: 0 done, 1 failure, 2 bad arguments; 130, 143, 129 ended by SIGINT (Ctrl-C), SIGTERM, SIGHUP.`,
  );

for (const make of [
  serveCommand,
  rolloutCommand,
  mergeCommand,
  reportCommand,
  playCommand,
  tasksCommand,
  auditCommand,
  autotuneCommand,
  scenarioCommand,
  schemaCommand,
  solveCommand,
  verifyCommand,
  viewCommand,
]) {
  program.addCommand(make());
}
for (const command of program.commands.flatMap((outer) => [outer, ...outer.commands])) {
  command
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError(`(ghostexec ${command.name()} --help lists the options)`);
}

export async function runProgram(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has already printed its own errors.
    if (!(error instanceof CommanderError)) process.stderr.write(`ghostexec: ${messageOf(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

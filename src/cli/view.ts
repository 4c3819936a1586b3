import { Command } from 'commander';
import { integer } from './arguments.ts';
import { runServer } from './serve.ts';

/** Only problems are logged: the person who looks at runs needs no line for each request. */
const LOG_LEVEL = 'warn';

export function viewCommand(): Command {
  return new Command('view')
    .description('Show the episodes of rollouts in a browser.')
    .argument('<paths...>', 'trajectory files, folders of runs, or folders that contain such folders')
    .option('--port <n>', 'port to listen on; 0 picks a free one', integer(0, 65_535), 0)
    .addHelpText(
      'after',
      `
Serves them to this machine alone until Ctrl-C, and says where. Files may be of any size, and may still be written.

Examples:
  $ ghostexec view runs/greedy
  $ ghostexec view runs
  $ ghostexec view before/trajectories.jsonl after/trajectories.jsonl --port 8080`,
    )
    .action(async (paths: string[], { port }: { port: number }) => {
      await runServer(
        { host: '127.0.0.1', port, traces: paths, logLevel: LOG_LEVEL },
        (address) => `Traces are at ${address}/web/traces. Ctrl-C stops it.`,
      );
    });
}

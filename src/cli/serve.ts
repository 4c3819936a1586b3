import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { messageOf } from '../lib/errors.ts';
import { LineOutput } from '../lib/line-output.ts';
import { quote } from '../lib/text.ts';
import type { App } from '../server/app.ts';
import {
  keyProblem,
  SECRETS,
  type ServerOptions,
  type ServerOptionsInput,
  secretProblem,
  serverOptionsSchema,
} from '../server/options.ts';
import { describeIssue } from '../world/validate.ts';
import { integer } from './arguments.ts';
import { endAtOnce, FAILURE, handleSignals, type Signal, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { writeAddress } from './served-at.ts';

/** Milliseconds after a signal at which the process ends in any case. */
const LONGEST_STOP_MS = 9_500;

const log = new LineOutput(2);

type RunningServer = { readonly app: App; close(): Promise<void> };

/** Set by OpenEnv's validator for the server that it starts. No other program needs it, so it is not a flag. */
const VALIDATION_TOKEN = 'OPENENV_VALIDATION_TOKEN';

type Name = Exclude<keyof ServerOptions, 'validationToken'>;

/** Names of the values in the help. */
const ENTRIES: Partial<Record<Name, string>> = {
  traces: '<path>',
  allowHost: '<name>',
  allowOrigin: '<origin>',
  basePath: '<path>',
  trustProxy: '<address>',
};

const NAMES = Object.keys(serverOptionsSchema.omit({ validationToken: true }).shape) as Name[];

export function serveCommand(): Command {
  const command = new Command('serve').description('Serve the environment to OpenEnv clients over HTTP and WebSocket.');
  for (const option of serverFlags(process.env)) command.addOption(option);
  return command
    .addHelpText(
      'after',
      `
A flag takes precedence over its variable. PORT is read if GHOSTEXEC_PORT is not set. HOST is not read, because shells set
it to the name of the machine. Every user of a machine can see the arguments of a command: pass keys in GHOSTEXEC_API_KEY,
GHOSTEXEC_TRAINER_KEY and GHOSTEXEC_SNAPSHOT_KEY.

If the server has a key, all requests need it, except GET /health and the files of the pages: Authorization: Bearer <key>.
A WebSocket may have ?api_key=<key> instead. In --mode production these keys are those of agents, who reach only
/mcp/episodes/{id}, /health, /metadata, /schema and /system_prompt; everything else needs the key of the trainer. Every
client of a server with --oracle can read the plans, so never train against such a server. The rate limit counts the
requests of each client address. Behind a proxy all clients have one address, unless --trust-proxy names the proxy.
Pages of other origins may read answers only if --allow-origin names their origin (CORS). A server without a key on a
loopback address answers only to names of this machine (localhost, 127.0.0.1, ::1) and those in --allow-host. GET
/metrics is for Prometheus.

Logs go to stdout as JSON, one line per request. Ctrl-C, SIGTERM or SIGHUP finishes the current requests, closes the
sockets and exits with 0 within 10 s; a second one exits at once, with 130, 143 or 129. Exit code 1: the server cannot listen.

Examples:
  $ ghostexec serve
  $ ghostexec serve --host 0.0.0.0 --port 7860 --max-sessions 256 --log-level warn
  $ GHOSTEXEC_API_KEY=$(cat key.txt) ghostexec serve --rate-limit 6000
  $ GHOSTEXEC_TRAINER_KEY=$(cat trainer.txt) GHOSTEXEC_API_KEY=$(cat key.txt) ghostexec serve --mode production`,
    )
    .action((flags: Partial<ServerOptions>) => serve(flags));
}

/** A flag for each option of the server, with its variable. Values are checked here, so that messages name the flag or variable. */
function serverFlags(env: NodeJS.ProcessEnv): Option[] {
  const defaults = serverOptionsSchema.parse({});
  return NAMES.map((name) => {
    const schema = serverOptionsSchema.shape[name];
    const fallback = defaults[name];
    const isNumber = typeof fallback === 'number';
    const isSwitch = typeof fallback === 'boolean';
    const { flag, variable } = spellings(name);
    const isList = Array.isArray(fallback);
    const value = isSwitch ? '[yes|no]' : isNumber ? '<n>' : (ENTRIES[name] ?? '<text>');
    const option = new Option(`${flag} ${value}`, schema.description).env(variable);
    if (isSwitch) return option.default(fallback).preset('yes').argParser(parseSwitch);
    if (isList)
      return option.default(fallback, 'none').argParser((text, before: string[]) => [...before, ...list(schema, text)]);
    if (name === 'port' && env[variable] === undefined && env.PORT !== undefined && env.PORT !== '') option.env('PORT');
    if (fallback !== undefined) option.default(fallback);
    const values = schema.unwrap();
    if (values instanceof z.ZodEnum) option.choices(values.options);
    // A message about a bad value would quote it, so secrets are checked later, without their values in the message.
    return isSecret(name) ? option : option.argParser((text) => parse(schema, text, isNumber));
  });
}

/** The flag and the variable of an option, such as `--max-envs` and `GHOSTEXEC_MAX_ENVS`. */
function spellings(name: Name): { flag: string; variable: string } {
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { flag: `--${flag}`, variable: `GHOSTEXEC_${flag.replaceAll('-', '_').toUpperCase()}` };
}

function isSecret(name: Name): name is Name & (typeof SECRETS)[number] {
  return (SECRETS as readonly string[]).includes(name);
}

function parse(schema: z.ZodType, given: string | string[], isNumber: boolean): unknown {
  if (isNumber && !/^[+-]?\d+(\.\d+)?$/.test(String(given))) {
    throw new InvalidArgumentError(`Expected a number, got ${quote(given)}.`);
  }
  const value = isNumber ? Number(given) : given;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidArgumentError(result.error.issues.map((issue) => describeIssue(issue, value).message).join('; '));
}

/** The values in a text, separated by commas. */
function list(schema: z.ZodType, text: string): string[] {
  return z.array(z.string()).parse(parse(schema, text.split(','), false));
}

/** The value of a switch. A variable always has a value, so `no` must not count as yes. */
function parseSwitch(text: string): boolean {
  const result = z.stringbool().safeParse(text);
  if (result.success) return result.data;
  throw new InvalidArgumentError(`Expected yes or no, got ${quote(text)}.`);
}

async function serve(flags: ServerOptionsInput): Promise<void> {
  for (const name of NAMES.filter(isSecret)) {
    const problem = secretProblem(name, flags[name]);
    const { flag, variable } = spellings(name);
    if (problem !== undefined) throw new UsageError(`${flag} or ${variable} cannot be used: ${problem}`);
  }
  const problem = keyProblem(flags);
  if (problem !== undefined) throw new UsageError(problem);
  const validationToken = validationTokenIn(process.env);
  await runServer({ ...flags, validationToken }, (address) => {
    if (flags.mode === 'production') return `Ghostexec listens on ${address}, in production mode. Ctrl-C stops it.`;
    const root = address + (flags.basePath ?? '');
    return `Ghostexec listens on ${address}, with the playground at ${root}/web/ and the documentation at ${root}/docs. Ctrl-C stops it.`;
  });
}

/**
 * Serves until a signal arrives.
 * @param announce Makes the line that stderr shows once the server listens
 * @returns the address
 */
async function runServer(options: ServerOptionsInput, announce: (address: string) => string): Promise<string> {
  // While the server starts, a signal has no requests to wait for.
  handleSignals(() => process.exit(0));
  // The modules of the server are loaded only here, so that other commands start faster.
  const { createServer } = await import('../server/server.ts');
  const server = await createServer(options);
  exitOnUnexpectedError(server);
  stopOnSignals(server);
  let address: string;
  try {
    address = await server.listen();
  } catch (error) {
    await server.close();
    throw error;
  }
  writeAddressFile(server.app);
  printLine(announce(address));
  return address;
}

/** Writes the address for the health check. If that fails, the check uses the port of the variables, so the server goes on. */
function writeAddressFile({ server, log }: App): void {
  const address = server.address();
  if (address === null || typeof address === 'string') return;
  try {
    writeAddress(address);
  } catch (error) {
    log.warn({ err: error }, 'the file for the health check cannot be written');
  }
}

/** @throws UsageError, which does not show the value */
function validationTokenIn({ [VALIDATION_TOKEN]: text }: NodeJS.ProcessEnv): string | undefined {
  if (text === undefined || text === '') return undefined;
  const problem = secretProblem('validationToken', text);
  if (problem !== undefined) throw new UsageError(`${VALIDATION_TOKEN} cannot be used: ${problem}`);
  return text;
}

/** Exits after an unexpected error. No request of a client may cause one; if it happens nevertheless, the state of the server is unknown. */
function exitOnUnexpectedError({ app }: RunningServer): void {
  const die = (error: unknown): void => {
    app.log.fatal({ err: error }, 'the server failed and exits');
    printLine(`ghostexec: ${messageOf(error)}`);
    process.exit(FAILURE);
  };
  process.on('uncaughtException', die).on('unhandledRejection', die);
}

function stopOnSignals(server: RunningServer): void {
  let stopping = false;
  handleSignals((signal: Signal): void => {
    if (stopping) endAtOnce(signal);
    stopping = true;
    printLine('Stopping: finishing what is under way. Once more stops at once.');
    server.app.log.info({ signal }, 'stopping');
    const exit = (): void => process.exit(0);
    setTimeout(exit, LONGEST_STOP_MS);
    server.close().then(exit, (error) => {
      server.app.log.error({ err: error }, 'stopping went wrong');
      exit();
    });
  });
}

/** Writes a line to stderr. The server goes on even if stderr is closed, or is a pipe without a reader. */
function printLine(line: string): void {
  log.write(`${line}\n`);
}

export function viewCommand({ stderr }: Io): Command {
  return new Command('view')
    .description('Show the episodes of rollouts in a browser.')
    .argument('<paths...>', 'trajectory files, folders of runs, or folders that contain such folders')
    .option('--port <n>', 'port to listen on; 0 picks a free one', integer(0, 65_535), 0)
    .option('--no-open', 'do not open the page in a browser')
    .addHelpText(
      'after',
      `
Serves them to this machine alone until Ctrl-C, says where, and opens the page in a browser if it was started at a terminal
of a desktop. Files may be of any size, and may still be written.

Examples:
  $ ghostexec view runs/greedy
  $ ghostexec view runs
  $ ghostexec view before/trajectories.jsonl after/trajectories.jsonl --port 8080`,
    )
    .action(async (paths: string[], { port, open }: { port: number; open: boolean }) => {
      const address = await runServer(
        // Only problems are logged: the person who looks at runs needs no line for each request.
        { host: '127.0.0.1', port, traces: paths, logLevel: 'warn' },
        (at) => `Traces are at ${at}/web/traces. Ctrl-C stops it.`,
      );
      if (open && stderr.isTTY === true && hasBrowser(process.env)) await openPage(`${address}/web/traces`);
    });
}

/** Whether a browser that this process opens appears before the person at the terminal. */
function hasBrowser({ SSH_CONNECTION, DISPLAY, WAYLAND_DISPLAY }: NodeJS.ProcessEnv): boolean {
  if (SSH_CONNECTION !== undefined) return false;
  return process.platform !== 'linux' || DISPLAY !== undefined || WAYLAND_DISPLAY !== undefined;
}

/** Opens a page. If that fails, the address on stderr remains. */
async function openPage(address: string): Promise<void> {
  const { default: openInBrowser } = await import('open');
  const browser = await openInBrowser(address).catch(() => undefined);
  browser?.on('error', () => {});
}

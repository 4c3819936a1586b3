import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { messageOf } from '../lib/errors.ts';
import { LineOutput } from '../lib/line-output.ts';
import { quote } from '../lib/text.ts';
import type { App } from '../server/app.ts';
import {
  SECRETS,
  type ServerOptions,
  type ServerOptionsInput,
  secretProblem,
  serverOptionsSchema,
} from '../server/options.ts';
import { describeIssue } from '../world/validate.ts';
import { FAILURE, UsageError } from './exit.ts';
import { writeAddress } from './served-at.ts';
import { endAtOnce, handleSignals, type Signal } from './signals.ts';

/** Whatever happens after a signal, the process ends. */
const LONGEST_STOP_MS = 9_500;

const stderr = new LineOutput(2);

type Running = { readonly app: App; close(): Promise<void> };

/** Given by OpenEnv's validator to the server that it starts; nobody else has a use for it, so it is no flag. */
const VALIDATION_TOKEN = 'OPENENV_VALIDATION_TOKEN';

type Name = Exclude<keyof ServerOptions, 'validationToken'>;

/** What a list holds, in the help. */
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
A flag goes before its variable. PORT is read where GHOSTEXEC_PORT is not set; HOST is not read, because shells put the
name of the machine there. Arguments can be seen by every user of a machine: give keys as GHOSTEXEC_API_KEY and
GHOSTEXEC_SNAPSHOT_KEY.
With a key, everything but GET /health and the files of the pages asks for it: Authorization: Bearer <key>; a WebSocket may
say ?api_key=<key>. Whoever can reach a server with --oracle can read the plans, so nothing should be trained against it.
The rate limit counts by the address that connects: behind a proxy all clients are one, unless --trust-proxy names it. Pages of other origins may read
answers only where --allow-origin names them (CORS). A server without a key on a loopback address answers only to names of
this machine (localhost, 127.0.0.1, ::1) and those of --allow-host. GET /metrics is for Prometheus.

Logs go to stdout as JSON, one line a request. Ctrl-C, SIGTERM or SIGHUP finishes the requests under way, closes the sockets
and exits with 0 within 10 s; a second one exits at once, with 130, 143 or 129. Exit code 1 if the server cannot listen.

Examples:
  $ ghostexec serve
  $ ghostexec serve --host 0.0.0.0 --port 7860 --max-sessions 256 --log-level warn
  $ GHOSTEXEC_API_KEY=$(cat key.txt) ghostexec serve --rate-limit 6000`,
    )
    .action((flags: Partial<ServerOptions>) => serve(flags));
}

/** A flag for each option of the server, with its variable. Values are checked here, so that messages name their origin. */
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
    // A secret that cannot be used is not repeated either.
    return isSecret(name) ? option : option.argParser((text) => parse(schema, text, isNumber));
  });
}

/** `--max-envs` and `GHOSTEXEC_MAX_ENVS`. */
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

/** Texts that are separated by commas. */
function list(schema: z.ZodType, text: string): string[] {
  return z.array(z.string()).parse(parse(schema, text.split(','), false));
}

/** Variables have values even where flags need none: one that says no must not mean yes. */
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
  const validationToken = validationTokenIn(process.env);
  await runServer({ ...flags, validationToken }, (address) => {
    const root = address + (flags.basePath ?? '');
    return `Ghostexec listens on ${address}, with the playground at ${root}/web/ and the documentation at ${root}/docs. Ctrl-C stops it.`;
  });
}

/** Serves until a signal comes; says on stderr where. */
export async function runServer(options: ServerOptionsInput, announce: (address: string) => string): Promise<void> {
  // There is nothing yet that could be finished.
  handleSignals(() => process.exit(0));
  // Other commands need not wait until everything that a server consists of is loaded.
  const { createServer } = await import('../server/server.ts');
  const server = await createServer(options);
  dieLoudly(server);
  stopOnSignals(server);
  let address: string;
  try {
    address = await server.listen();
  } catch (error) {
    await server.close();
    throw error;
  }
  tellAddress(server.app);
  say(announce(address));
}

/** A health check that does not find the file asks the port of the variables; so the server goes on. */
function tellAddress({ server, log }: App): void {
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

/** Nothing a client sends may lead here; if it happens nonetheless, nobody is served by what is left. */
function dieLoudly({ app }: Running): void {
  const die = (error: unknown): void => {
    app.log.fatal({ err: error }, 'the server failed and exits');
    say(`ghostexec: ${messageOf(error)}`);
    process.exit(FAILURE);
  };
  process.on('uncaughtException', die).on('unhandledRejection', die);
}

function stopOnSignals(server: Running): void {
  let stopping = false;
  handleSignals((signal: Signal): void => {
    if (stopping) endAtOnce(signal);
    stopping = true;
    say('Stopping: finishing what is under way. Once more stops at once.');
    server.app.log.info({ signal }, 'stopping');
    const exit = (): void => process.exit(0);
    setTimeout(exit, LONGEST_STOP_MS);
    server.close().then(exit, (error) => {
      server.app.log.error({ err: error }, 'stopping went wrong');
      exit();
    });
  });
}

/** The server goes on when stderr is closed, or is a pipe without a reader. */
function say(line: string): void {
  stderr.write(`${line}\n`);
}

/** `ghostexec serve` as a process of its own, or in this one if it ends before it starts a server. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serverOptionsSchema } from '../../src/server/options.ts';
import { endAfterTest } from '../support/children.ts';
import { cli, type Ran } from '../support/cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
export const FLAGS = Object.keys(serverOptionsSchema.omit({ validationToken: true }).shape).map((name) =>
  name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`),
);
export const variableOf = (flag: string): string => `GHOSTEXEC_${flag.replaceAll('-', '_').toUpperCase()}`;

/** The environment of this process without the variables that the server reads. */
const CLEAN = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GHOSTEXEC_') && !['PORT', 'HOST', 'OPENENV_VALIDATION_TOKEN'].includes(name),
  ),
);

export type Env = Readonly<Record<string, string>>;
export type Served = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly port: number;
  out(): string;
  err(): string;
  /** The exit code of the process, or the signal that ended it. */
  readonly ended: Promise<number | string>;
};

/** Starts the server on a free port and waits until it listens. */
export async function serve(args: readonly string[] = ['--port', '0'], env: Env = {}): Promise<Served> {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args], { env: { ...CLEAN, ...env } });
  endAfterTest(child);
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    out += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal);
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      err += chunk;
      const found = /listens on (\S+),/.exec(err)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('close', () => reject(new Error(`it ended: ${err}`)));
  });
  return { child, url, port: Number(new URL(url).port), out: () => out, err: () => err, ended };
}

/** Runs the command in this process; it must end before it starts a server. */
export async function fail(args: readonly string[], env: Env = {}): Promise<Ran> {
  const before = process.env;
  process.env = { ...CLEAN, ...env };
  try {
    return await cli(['serve', ...args]);
  } finally {
    process.env = before;
  }
}

/** Runs the command as a process that cannot listen. */
export function failToListen(args: readonly string[]): { code: number | null; err: string } {
  const done = spawnSync(process.execPath, [MAIN, 'serve', ...args], { env: CLEAN, encoding: 'utf8' });
  return { code: done.status, err: done.stderr };
}

export const linesOf = (out: string): Record<string, unknown>[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

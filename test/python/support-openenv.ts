/**
 * Real clients in Python: a virtual environment for each package from PyPI, and a Ghostexec server in another process. The
 * environments are kept in node_modules/.cache, so that only the first run installs them.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN = join(ROOT, 'dist/cli/main.js');

const MAX_OUTPUT = 2 ** 26;
export const INSTALL_MS = 600_000;
const CHECKS_MS = 500_000;

/**
 * Installs the clients of OpenEnv. Up to 0.3.0, the package was called openenv-core.
 * @returns the folder of their programs. @throws Error if PyPI cannot be reached and none is kept
 */
export function installOpenEnv(): Promise<string> {
  return installConsumer('openenv');
}

/**
 * Installs a package (`name==version`) in its own virtual environment.
 * @returns the folder of the programs. @throws Error if PyPI cannot be reached and none is kept
 */
export function installPackage(requirement: string): Promise<string> {
  return install(requirement.replace('==', '-'), [requirement]);
}

/**
 * Installs the packages of requirements/CONSUMER.txt, which lists every package with its version, in a virtual environment.
 * @param options Further arguments of `pip install`
 * @returns the folder of the programs. @throws Error if PyPI cannot be reached and none is kept
 */
export function installConsumer(consumer: string, ...options: string[]): Promise<string> {
  const list = fileURLToPath(new URL(`requirements/${consumer}.txt`, import.meta.url));
  const packages = readFileSync(list, 'utf8');
  const version = createHash('sha256').update(packages).digest('hex').slice(0, 12);
  const hasTorch = /^torch==/m.test(packages);
  return install(`${consumer}-${version}`, ['--no-deps', ...options, '--requirement', list], async (bin) => {
    if (hasTorch) await run(join(bin, 'python'), [fileURLToPath(new URL('cpu_torch.py', import.meta.url))]);
  });
}

/**
 * Makes a virtual environment with some packages, unless a complete one is kept.
 * @param name Its folder in node_modules/.cache
 * @param packages Arguments of `pip install`
 * @param finish The last step; it is called with the folder of the programs
 * @returns the folder of the programs
 */
async function install(name: string, packages: string[], finish?: (bin: string) => Promise<void>): Promise<string> {
  const folder = join(ROOT, 'node_modules/.cache', name);
  const complete = join(folder, 'complete');
  const bin = join(folder, 'bin');
  if (existsSync(complete)) return bin;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run('/usr/bin/python3', ['-m', 'venv', folder], { maxBuffer: MAX_OUTPUT });
  // Python itself compiles what is imported, which is a small part.
  const pip = ['install', '--quiet', '--no-compile', '--disable-pip-version-check', ...packages];
  await run(join(bin, 'pip'), pip, { maxBuffer: MAX_OUTPUT, timeout: INSTALL_MS });
  await finish?.(bin);
  writeFileSync(complete, `${name}\n`);
  return bin;
}

export type Served = { readonly url: string; stop(): Promise<void> };

/** Starts `ghostexec serve` on a free port of this machine. */
export async function startGhostexec(...args: string[]): Promise<Served> {
  const child: ChildProcess = spawn(
    process.execPath,
    [MAIN, 'serve', '--port', '0', '--log-level', 'silent', ...args],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      output += chunk;
      const [, address] = /^Ghostexec listens on (http:\S+),/m.exec(output) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', () => reject(new Error(`the server did not start: ${output}`)));
  });
  return {
    url,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/**
 * Runs a program of this folder that prints `{check: null | traceback}`, with its arguments as JSON.
 * @param more Further variables of its environment
 */
export async function runChecks(
  bin: string,
  program: string,
  given: unknown,
  more: NodeJS.ProcessEnv = {},
): Promise<Record<string, string | null>> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const env = { ...process.env, PYTHONWARNINGS: 'ignore', HF_HUB_OFFLINE: '1', ...more };
  const options = { env, maxBuffer: MAX_OUTPUT, timeout: CHECKS_MS };
  const { stdout } = await run(join(bin, 'python'), [path, JSON.stringify(given)], options);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/** What a program needs to play whole days. */
export type Days = {
  /** A folder for files of the program. */
  readonly folder: string;
  /** The path of a dataset in `folder`. */
  readonly rows: string;
  /** The best plan known of each task. */
  readonly plans: Readonly<Record<string, readonly object[]>>;
};

/**
 * Calls a function with a dataset of `ghostexec dataset` for a consumer.
 * @param count The number of rows, which take the tasks in turn
 */
export async function withDays<T>(
  consumer: string,
  tasks: string[],
  count: number,
  use: (days: Days) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ghostexec-days-'));
  try {
    const rows = join(folder, 'train.jsonl');
    const options = ['--for', consumer, '--count', String(count), '--tasks', tasks.join(), '--out', rows];
    await run(process.execPath, [MAIN, 'dataset', ...options]);
    const plans = Object.fromEntries(
      tasks.map((task) => [task, JSON.parse(readFileSync(join(ROOT, `scenarios/${task}.oracle.json`), 'utf8')).plan]),
    );
    return await use({ folder, rows, plans });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The blocks of Python of a page. @param page Its path in the repository */
export function pythonOf(page: string): string[] {
  return [...readFileSync(join(ROOT, page), 'utf8').matchAll(/```python\n([\s\S]*?)```/g)].map(
    ([, code]) => code ?? '',
  );
}

export type Report = { readonly passed: boolean; readonly criteria: readonly { id: string; passed: boolean }[] };

/** Runs `openenv validate --url` and returns its report. */
export async function validate(bin: string, url: string): Promise<Report> {
  const options = { maxBuffer: MAX_OUTPUT, timeout: 100_000 };
  const { stdout } = await run(join(bin, 'openenv'), ['validate', '--url', url, '--json'], options);
  return JSON.parse(stdout);
}

/** An episode of the built-in policy, played in this process. A client that plays its actions must get the same rewards and grade. */
export function greedyEpisode(): { reset: object; actions: unknown[]; rewards: number[]; grade: number } {
  const out = mkdtempSync(join(tmpdir(), 'ghostexec-openenv-'));
  try {
    const args = ['--policy', 'greedy', '--tasks', 'phase2_core', '--episodes', '1', '--group-size', '1'];
    execFileSync(process.execPath, [MAIN, 'rollout', ...args, '--workers', '0', '--out', join(out, 'run')]);
    const record = JSON.parse(readFileSync(join(out, 'run', 'trajectories.jsonl'), 'utf8'));
    const { task_id, seed, rules, reward_mode, steps, grade } = record;
    return {
      reset: { task_id, seed, rules, reward_mode },
      // A record has the empty text for a field that was left out.
      actions: steps.map(({ action }: { action: object }) =>
        Object.fromEntries(Object.entries(action).filter(([, value]) => value !== '')),
      ),
      rewards: steps.map(({ reward }: { reward: number }) => reward),
      grade,
    };
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** Every command ends on a signal, also as process 1 of a container, and leaves the terminal and its files in order. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { endAfterTest } from '../support/children.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');
const POLL_MS = 10;
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof CODES;

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-signals-'));
let folders = 0;
const newFolder = (): string => join(folder, String(folders++));

/** Waits until a condition holds; the time limit of the test ends the wait otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(POLL_MS);
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * Whether a process has handlers for all three signals: the kernel drops signals to process 1 that have no handler. Node installs
 * handlers for SIGINT and SIGTERM that do not end process 1. A handler for SIGHUP can only come from the command, which installs
 * that one last.
 */
function catchesAll(pid: number): boolean {
  let status = '';
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // The process has ended.
  }
  const caught = BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(status)?.[1] ?? '0'}`);
  return Object.keys(CODES).every((signal) => (caught >> BigInt(constants.signals[signal as Signal] - 1)) & 1n);
}

/** Commands that run a program as process 1 of a new process namespace; some machines do not permit it. */
const AS_FIRST = [
  ['unshare', '--pid', '--fork', '--kill-child'],
  ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child'],
].find(([program = '', ...args]) => spawnSync(program, [...args, 'true']).status === 0);

type Started = { readonly child: ChildProcess; readonly pid: number; err(): string };

/** @param stays Keeps the process alive after its work, so that a signal can reach a command that takes milliseconds. */
async function start(args: readonly string[], { stays = false, asFirst = false } = {}): Promise<Started> {
  const [program = '', ...before] = [...(asFirst ? (AS_FIRST ?? []) : []), process.execPath];
  const keep = stays ? ['--import', 'data:text/javascript,setInterval(() => {}, 1000)'] : [];
  const child = spawn(program, [...before, ...keep, MAIN, ...args], { cwd: ROOT, stdio: ['pipe', 'ignore', 'pipe'] });
  endAfterTest(child);
  let err = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk) => {
    err += chunk;
  });
  let pid = child.pid ?? 0;
  await until(() => {
    if (child.exitCode !== null) throw new Error(`it ended: ${err}`);
    if (asFirst) pid = Number(textOf(`/proc/${child.pid}/task/${child.pid}/children`).trim());
    return pid > 0 && catchesAll(pid);
  });
  return { child, pid, err: () => err };
}

async function endWith({ child, pid }: Started, signal: Signal): Promise<[number | null, string | null]> {
  const exited = once(child, 'exit');
  process.kill(pid, signal);
  const [code, by] = await exited;
  return [code, by];
}

const RUN = newFolder();

/** Arguments for each command; none of them takes long. */
const COMMANDS: readonly (readonly [string, () => readonly string[]])[] = [
  ['rollout', () => ['--episodes', '8', '--out', newFolder()]],
  ['eval', () => ['--policy', 'greedy', '--limit', '1', '--samples', '1', '--out', newFolder()]],
  ['compare', () => [RUN, RUN]],
  ['regrade', () => [RUN, '--out', newFolder()]],
  ['report', () => [RUN, '--out', newFolder()]],
  ['merge', () => [RUN, '--out', newFolder()]],
  ['play', () => ['phase2_core']],
  ['tasks', () => []],
  ['prompt', () => []],
  ['agent', () => ['phase2_core', '--model', 'm', '--base-url', 'http://127.0.0.1:9/v1', '--call-retries', '0']],
  ['dataset', () => ['--for', 'trl', '--count', '2']],
  ['audit', () => ['--seeds', '10', '--workers', '1', '--out', join(newFolder(), 'audit.json')]],
  ['autotune', () => ['--seconds', '0.01', '--max-workers', '1', '--max-envs', '16']],
  ['scenario validate', () => ['scenarios/phase2_core.json']],
  ['scenario show', () => ['scenarios/phase2_core.json']],
  ['schema', () => ['action']],
  ['solve', () => ['phase2_core', '--dry-run']],
  ['judge', () => ['--file', 'test/judge/replies.jsonl']],
  ['verify', () => ['test/conformance']],
];
const SERVERS: readonly (readonly [string, () => readonly string[]])[] = [
  ['serve', () => ['--port', '0']],
  ['view', () => [RUN]],
];
const begin = (name: string, args: () => readonly string[], how: { stays?: boolean; asFirst?: boolean }) =>
  start([...name.split(' '), ...args()], how);

test('these are all the commands', () => {
  const run = spawnSync(process.execPath, [MAIN, 'rollout', '--episodes', '8', '--out', RUN], { cwd: ROOT });
  expect(run.status).toBe(0);
  const { stdout } = spawnSync(process.execPath, [MAIN, '--help'], { encoding: 'utf8' });
  const listed = [...stdout.matchAll(/^ {2}(\w+) .*$/gm)].map(([, name]) => name);
  const known = [...COMMANDS, ...SERVERS].map(([name]) => name.split(' ')[0]);
  expect(new Set(known)).toEqual(new Set(listed.slice(0, listed.indexOf('help'))));
});

describe.each([false, true])('as process 1: %j', (asFirst) => {
  const signal = asFirst ? 'SIGINT' : 'SIGTERM';

  test.skipIf(asFirst && AS_FIRST === undefined).each(COMMANDS)(`%s ends on ${signal}`, async (name, args) => {
    const started = await begin(name, args, { stays: name !== 'play', asFirst });
    expect(await endWith(started, signal)).toEqual([CODES[signal], null]);
  });

  test.skipIf(asFirst && AS_FIRST === undefined).each(SERVERS)(`%s ends in order on ${signal}`, async (name, args) => {
    const started = await begin(name, args, { asFirst });
    await until(() => started.err().includes('Ctrl-C stops it'));
    expect(await endWith(started, signal)).toEqual([0, null]);
  });
});

test.each(['play', 'tasks', 'verify'])('%s ends on SIGHUP', async (name) => {
  const [, args = () => []] = COMMANDS.find(([one]) => one === name) ?? [];
  expect(await endWith(await begin(name, args, { stays: name !== 'play' }), 'SIGHUP')).toEqual([129, null]);
});

test('serve ends in order on SIGHUP', async () => {
  const started = await start(['serve', '--port', '0']);
  await until(() => started.err().includes('Ctrl-C stops it'));
  expect(await endWith(started, 'SIGHUP')).toEqual([0, null]);
});

describe('during long work', () => {
  const HOURS: readonly (readonly [string, readonly string[]])[] = [
    ['solve', ['dinner_disaster', '--dry-run', '--beam', '1000000', '--max-expansions', '1000000000']],
    ['audit', ['--seeds', '1000000', '--out', join(folder, 'audit.json')]],
    ['autotune', ['--seconds', '3600', '--max-workers', '0', '--max-envs', '16']],
  ];

  test.each(HOURS)('%s ends on SIGINT', async (name, args) => {
    const started = await start([name, ...args]);
    // `autotune` prints nothing during this hour.
    if (name !== 'autotune') await until(() => /^\d+\/\d+/.test(started.err()));
    else await sleep(1_000);
    expect(await endWith(started, 'SIGINT')).toEqual([130, null]);
  });
});

describe('rollout', () => {
  const LONG = ['rollout', '--policy', 'random', '--episodes', '1500', '--group-size', '6', '--out'];
  const trajectories = (out: string): string => join(out, 'trajectories.jsonl');
  const hash = (out: string): string =>
    createHash('sha256')
      .update(readFileSync(trajectories(out)))
      .digest('hex');
  const statusOf = (out: string): unknown => JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).status;
  const run = (...args: string[]): number | null => spawnSync(process.execPath, [MAIN, ...args], { cwd: ROOT }).status;
  const whole = newFolder();
  const expected = (): string => {
    if (!existsSync(whole)) expect(run(...LONG, whole)).toBe(0);
    return hash(whole);
  };
  const beginRun = async (out: string): Promise<Started> => {
    const started = await start([...LONG, out]);
    await until(() => (statSync(trajectories(out), { throwIfNoEntry: false })?.size ?? 0) > 0);
    return started;
  };

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s finishes the active episodes; --resume gives the same bytes',
    async (signal) => {
      const out = newFolder();
      const started = await beginRun(out);
      expect(await endWith(started, signal)).toEqual([CODES[signal], null]);
      expect(started.err()).toContain('Stopping');
      expect(statusOf(out)).toBe('interrupted');
      expect(run('rollout', '--resume', '--out', out)).toBe(0);
      expect(hash(out)).toBe(expected());
    },
  );

  test('a second signal ends it at once, and the manifest is right', async () => {
    const out = newFolder();
    const { child } = await beginRun(out);
    const exited = once(child, 'exit');
    child.kill('SIGHUP');
    child.kill('SIGTERM');
    const [code] = await exited;
    expect([CODES.SIGHUP, CODES.SIGTERM]).toContain(code);
    expect(statusOf(out)).toBe('interrupted');
    expect(run('rollout', '--resume', '--out', out)).toBe(0);
    expect(hash(out)).toBe(expected());
  });
});

describe('on a terminal', () => {
  const [HIDE, SHOW] = ['\u001b[?25l', '\u001b[?25h'];

  /** Runs a command on a pseudo terminal and sends it signals once its bar is shown. Returns the output and the exit code. */
  async function onTerminal(
    args: readonly string[],
    signals: readonly Signal[],
  ): Promise<{ out: string; code: number }> {
    const pid = newFolder();
    const command = `echo $$ >${pid}; exec ${[process.execPath, MAIN, ...args].join(' ')}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
    endAfterTest(child);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      out += chunk;
    });
    const closed = once(child, 'close');
    await until(() => out.includes(HIDE));
    for (const signal of signals) process.kill(Number(readFileSync(pid, 'utf8')), signal);
    const [code] = await closed;
    return { out, code };
  }

  test.each([
    [['SIGTERM'], ['rollout', '--episodes', '200000', '--no-records', '--out', newFolder()], [143]],
    [
      ['SIGHUP', 'SIGTERM'],
      ['rollout', '--episodes', '200000', '--no-records', '--out', newFolder()],
      [129, 143],
    ],
    [
      ['SIGINT'],
      ['solve', 'dinner_disaster', '--dry-run', '--beam', '100000', '--max-expansions', '1000000000'],
      [130],
    ],
  ] as [Signal[], string[], number[]][])('the cursor is shown again after %j to %j', async (signals, args, codes) => {
    const { out, code } = await onTerminal(args, signals);
    expect(codes).toContain(code);
    expect(out.lastIndexOf(SHOW)).toBeGreaterThan(out.lastIndexOf(HIDE));
  });
});

describe('a terminal that is closed', () => {
  test.each([
    ['rollout', ['--episodes', '200000', '--no-records', '--out', newFolder()], 'episodes'],
    ['serve', ['--port', '0'], 'Ctrl-C stops it'],
    ['play', ['phase2_core'], 'What do you do?'],
    ['tasks', [], 'dinner_disaster:'],
  ] as [string, string[], string][])('ends %s by SIGHUP', async (name, args, said) => {
    const [code, pid] = [newFolder(), newFolder()];
    const keep = name === 'tasks' ? `--import "data:text/javascript,setInterval(()=>{},1000)"` : '';
    const program = `${process.execPath} ${keep} ${[MAIN, name, ...args].join(' ')}`;
    // The kernel hangs up the outer shell, and then the foreground processes: the command, and an inner shell that outlives the
    // command to report its exit code.
    const command = `(trap '' HUP; sh -c 'stty cols 80 rows 24; echo $$ >${pid}; exec ${program}'; echo $? >${code}); true`;
    onTestFinished(() => {
      if (textOf(code) === '' && textOf(pid) !== '') process.kill(Number(textOf(pid)), 'SIGKILL');
    });
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
    endAfterTest(child);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      out += chunk;
    });
    await until(() => out.includes(said));
    child.kill('SIGKILL');
    await until(() => textOf(code).endsWith('\n'));
    expect(textOf(code)).toBe('129\n');
    const manifest = join(args.at(-1) ?? '', 'manifest.json');
    if (name === 'rollout') expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ status: 'interrupted' });
  });
});

afterAll(() => {
  if (AS_FIRST === undefined)
    process.stderr.write(
      'signals.test: this machine does not permit a new process namespace; handlers were checked instead\n',
    );
});

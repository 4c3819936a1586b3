/** `ghostexec serve` keeps serving and ends on a signal, even if its output is not read or cannot be written. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { endAfterTest } from '../support/children.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SERVE = [MAIN, 'serve', '--port', '0'];
/** A path that gives a log line of about 350 bytes. */
const LONG_PATH = `/${'x'.repeat(190)}`;
/** The number of requests whose log lines are twice as much as the pipe and the log buffer hold. */
const TOO_MANY_LINES = 6_000;
const CLIENTS = 16;
const POLL_MS = 20;

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-output-'));
const opened = new Set<number>();

afterEach(() => {
  for (const descriptor of opened) close(descriptor);
});

type Served = { readonly child: ChildProcess; readonly url: string };

function open(path: string, flags: number): number {
  const descriptor = openSync(path, flags);
  opened.add(descriptor);
  return descriptor;
}

function close(descriptor: number): void {
  if (opened.delete(descriptor)) closeSync(descriptor);
}

/** Both ends of a pipe. Reads from the pipe do not block. */
function pipe(): { reader: number; writer: number } {
  const path = join(folder, `pipe-${process.hrtime.bigint()}`);
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const reader = open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: open(path, constants.O_WRONLY) };
}

/** Reads all that the pipe holds. */
function drain(reader: number): string {
  const pieces: Buffer[] = [];
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    try {
      const read = readSync(reader, buffer);
      if (read === 0) break;
      pieces.push(Buffer.from(buffer.subarray(0, read)));
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' });
      break;
    }
  }
  return Buffer.concat(pieces).toString();
}

/**
 * Starts the server on a free port and waits until it listens.
 * @param newOutput Returns the new output of the server. The default reads the file that stderr is written to.
 */
async function serve(stdout: number | 'pipe', stderr?: number, newOutput?: () => string): Promise<Served> {
  const file = join(folder, `stderr-${process.hrtime.bigint()}`);
  const stdio = ['ignore', stdout, stderr ?? open(file, constants.O_WRONLY | constants.O_CREAT)] as const;
  return started(
    spawn(process.execPath, SERVE, { stdio: [...stdio] }),
    newOutput ?? (() => readFileSync(file, 'utf8')),
  );
}

async function started(child: ChildProcess, newOutput: () => string): Promise<Served> {
  endAfterTest(child);
  let [text, url] = ['', ''];
  await until(() => {
    text += newOutput();
    url = /listens on (http:\S+),/.exec(text)?.[1] ?? '';
    if (child.exitCode !== null) throw new Error(`it ended: ${text}`);
    return url !== '';
  });
  return { child, url };
}

/** Waits until the condition holds. The time limit of the test ends an endless wait. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(POLL_MS);
}

async function ask({ url }: Served, times: number, path = LONG_PATH): Promise<void> {
  let left = times;
  const client = async (): Promise<void> => {
    while (left-- > 0) await (await fetch(url + path)).arrayBuffer();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

async function dropped({ url }: Served): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^ghostexec_log_lines_dropped_total (\d+)$/m.exec(text)?.[1]);
}

async function endsInOrder({ child }: Served): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('with an unread pipe, the server serves, counts dropped lines, and ends on SIGTERM', async () => {
  const { reader, writer } = pipe();
  const served = await serve(writer, writer, () => drain(reader));
  await ask(served, TOO_MANY_LINES);
  expect((await fetch(`${served.url}/health`)).status).toBe(200);
  expect(await dropped(served)).toBeGreaterThan(0);
  await endsInOrder(served);
  expect(drain(reader)).toContain('"msg":"request"');
});

test('once the pipe is read again, buffered and new lines arrive whole, with the number of dropped lines', async () => {
  const { reader, writer } = pipe();
  const served = await serve(writer);
  await ask(served, TOO_MANY_LINES);
  expect(await dropped(served)).toBeGreaterThan(0);
  let text = '';
  await until(() => {
    text += drain(reader);
    return text.includes('"dropped":');
  });
  await fetch(`${served.url}/afterwards`);
  await until(() => {
    text += drain(reader);
    return text.includes('"path":"/afterwards"') && text.endsWith('\n');
  });
  const total = await dropped(served);
  await endsInOrder(served);
  text += drain(reader);
  const lines = linesOf(text);
  const counts = lines.filter(({ msg }) => msg === 'log lines were dropped').map((line) => Number(line.dropped));
  expect(counts.reduce((sum, one) => sum + one, 0)).toBe(total);
  const written = lines.filter(({ path }) => path === LONG_PATH).length;
  // The line of the first GET /metrics may have been dropped too.
  expect([TOO_MANY_LINES, TOO_MANY_LINES + 1]).toContain(written + total);
});

test('with an unread socket, the server serves, and its log continues once the socket is read', async () => {
  const served = await serve('pipe');
  await ask(served, TOO_MANY_LINES);
  expect((await fetch(`${served.url}/health`)).status).toBe(200);
  await until(async () => {
    await ask(served, 500);
    return (await dropped(served)) > 0;
  });
  let text = '';
  served.child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await until(() => text.includes('"dropped":'));
  await fetch(`${served.url}/afterwards`);
  await until(() => text.includes('"path":"/afterwards"'));
  await endsInOrder(served);
});

test('with a full disk, every line is dropped', async () => {
  const full = open('/dev/full', constants.O_WRONLY);
  const served = await serve(full);
  await ask(served, 50);
  expect(await dropped(served)).toBeGreaterThanOrEqual(50);
  await endsInOrder(served);
});

test('with a log file at its size limit, the log continues with whole lines once there is room', async () => {
  const path = join(folder, 'log');
  let newOutput = '';
  const limited = spawn('sh', ['-c', `ulimit -f 8; exec "$0" "$@" >>${path}`, process.execPath, ...SERVE], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  limited.stderr.setEncoding('utf8').on('data', (chunk) => {
    newOutput += chunk;
  });
  const served = await started(limited, () => newOutput);
  await ask(served, 100);
  expect(await dropped(served)).toBeGreaterThan(0);
  const before = readFileSync(path, 'utf8');
  // In nearly all runs, only a part of the last line fits into the file.
  const isTorn = !before.endsWith('\n');
  const kept = isTorn ? before.length - 1_000 : before.lastIndexOf('\n', before.length - 1_000) + 1;
  truncateSync(path, kept);
  await ask(served, 1, '/afterwards');
  await until(() => readFileSync(path, 'utf8').includes('/afterwards'));
  await endsInOrder(served);
  const after = readFileSync(path, 'utf8').slice(kept);
  expect(after.startsWith('\n')).toBe(isTorn);
  expect(linesOf(after).map(({ path: asked, msg }) => asked ?? msg)).toEqual(
    expect.arrayContaining(['/afterwards', 'log lines were dropped', 'stopping']),
  );
});

test('with closed pipes as stdout and stderr, the server serves and ends in order', async () => {
  const { reader, writer } = pipe();
  const served = await serve(writer, writer, () => drain(reader));
  close(writer);
  close(reader);
  await ask(served, 50);
  expect(await dropped(served)).toBeGreaterThanOrEqual(50);
  await endsInOrder(served);
});

test('serve 2>&1 | head -1 keeps serving', async () => {
  const [pid, code] = [join(folder, 'pid'), join(folder, 'code')];
  const inner = `echo $$ >${pid}; exec "$0" "$@"`;
  const script = `{ sh -c '${inner}' "$0" "$@"; echo $? >${code}; } 2>&1 | head -1`;
  const shell = spawn('sh', ['-c', script, process.execPath, ...SERVE], { stdio: ['ignore', 'pipe', 'inherit'] });
  endAfterTest(shell);
  const ended = once(shell, 'exit');
  const [line] = await once(shell.stdout, 'data');
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(String(line))?.[0] ?? '';
  for (let i = 0; i < 20; i++) expect((await fetch(`${url}/health`)).status).toBe(200);
  process.kill(Number(readFileSync(pid, 'utf8')), 'SIGTERM');
  await ended;
  expect(readFileSync(code, 'utf8')).toBe('0\n');
});

test('an uncaught error ends the server although its output is not read', async () => {
  const { reader, writer } = pipe();
  const bomb = "data:text/javascript,process.on('SIGUSR2',()=>{throw new Error('boom')})";
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `--import "${bomb}"`;
  const served = await serve(writer, writer, () => drain(reader)).finally(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  });
  await ask(served, 500);
  const exited = once(served.child, 'exit');
  served.child.kill('SIGUSR2');
  expect(await exited).toEqual([1, null]);
});

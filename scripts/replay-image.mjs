#!/usr/bin/env node
/**
 * Replays the steps of the Dockerfile in an empty folder, for machines without a container engine: it copies and runs what the
 * steps require, keeps their settings, starts the result with its entry point and environment, and checks that it does what the
 * image must do.
 *
 *   node scripts/replay-image.mjs [--node PATH]     PATH: the node binary to use instead of the one in the base image
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isLetIn, parseDockerfile, parseDockerignore } from './dockerfile.mjs';

const CONTEXT = fileURLToPath(new URL('..', import.meta.url));
const HEALTHY_WITHIN = 30_000;
const STOPPED_WITHIN = 10_000;
const { values: options } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });

const print = (text) => process.stdout.write(`${text}\n`);
const skip = (text) => print(`  not replayed: ${text}`);
const check = (holds, text) => {
  if (!holds) throw new Error(text);
  print(`  ok: ${text}`);
};

const stages = parseDockerfile(readFileSync(join(CONTEXT, 'Dockerfile'), 'utf8'));
const allowed = parseDockerignore(readFileSync(join(CONTEXT, '.dockerignore'), 'utf8'));
const root = mkdtempSync(join(tmpdir(), 'ghostexec-image-'));
let server;
try {
  // A folder that contains the requested node. npm, found beside the node that runs this script, then runs on it.
  const bin = join(root, 'bin');
  mkdirSync(bin);
  symlinkSync(resolve(options.node), join(bin, 'node'));
  const path = [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
  const built = build(path);
  printSizes(built);
  await tryOut(built);
  print('the image does what it should');
} catch (error) {
  process.stderr.write(`replay-image: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  server?.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
}

/** Replays every stage; returns the last one. */
function build(path) {
  const done = new Map();
  let stage;
  for (const [index, { image, name, steps }] of stages.entries()) {
    print(`stage ${name ?? index}`);
    skip(`FROM ${image}; ${spawnSync(join(root, 'bin', 'node'), ['--version'], { encoding: 'utf8' }).stdout.trim()} instead`);
    const folder = join(root, `stage-${index}`);
    mkdirSync(folder);
    stage = { folder, cwd: '/', env: { PATH: path }, entrypoint: [], command: [], health: [] };
    for (const step of steps) replay(step, stage, done);
    done.set(name ?? String(index), stage);
  }
  return stage;
}

function replay(step, stage, done) {
  const inside = (path) => join(stage.folder, posix.resolve(stage.cwd, path));
  switch (step.kind) {
    case 'WORKDIR':
      stage.cwd = step.path;
      mkdirSync(inside('.'), { recursive: true });
      return;
    case 'ENV':
      Object.assign(stage.env, step.values);
      return;
    case 'COPY':
      for (const source of step.sources) copy(source, step, stage, done, inside);
      return;
    case 'RUN':
      for (const command of step.commands) {
        if (command.startsWith('chown ')) {
          skip(command);
          continue;
        }
        if (/(?:^|\s)\//.test(command)) throw new Error(`RUN ${command}: an absolute path would lead out of the folder`);
        print(`  ${command}`);
        // Network settings (proxy, certificates, npm's own) come from the machine that builds.
        const place = { cwd: inside('.'), env: { ...process.env, ...stage.env } };
        const { status } = spawnSync('sh', ['-c', command], { ...place, stdio: ['ignore', 'ignore', 'inherit'] });
        if (status !== 0) throw new Error(`RUN ${command}: exit code ${status}`);
      }
      return;
    case 'USER':
      skip(`USER ${step.user}`);
      return;
    case 'ENTRYPOINT':
      stage.entrypoint = step.command;
      return;
    case 'CMD':
      stage.command = step.command;
      return;
    case 'HEALTHCHECK':
      stage.health = step.command;
      return;
    case 'LABEL':
    case 'EXPOSE':
      return;
    default:
      throw new Error(`${step.kind}: replaying this instruction is not implemented`);
  }
}

/** Copies a file into a folder or to the destination's name, and the contents of a folder into the destination. */
function copy(source, { from, to }, stage, done, inside) {
  const origin = from === undefined ? join(CONTEXT, source) : join(done.get(from)?.folder ?? '', source);
  if (from === undefined && !isLetIn(posix.normalize(source), allowed)) {
    throw new Error(`COPY ${source}: .dockerignore keeps it out`);
  }
  if (from !== undefined && !done.has(from)) throw new Error(`COPY --from=${from}: there is no such stage`);
  if (!existsSync(origin)) throw new Error(`COPY ${source}: there is no such file`);
  const isFolder = lstatSync(origin).isDirectory();
  const target = to.endsWith('/') && !isFolder ? join(inside(to), basename(source)) : inside(to);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(origin, target, { recursive: true, verbatimSymlinks: true });
}

function printSizes({ folder, cwd }) {
  const app = join(folder, cwd);
  const sizes = readdirSync(app).map((name) => ({ name, bytes: sizeOf(join(app, name)) }));
  print('what is in the image, beside the base image');
  for (const { name, bytes } of sizes.toSorted((a, b) => b.bytes - a.bytes)) print(`  ${mib(bytes)}  ${name}`);
  print(`  ${mib(sizes.reduce((sum, { bytes }) => sum + bytes, 0))}  in all`);
}

function sizeOf(path) {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function mib(bytes) {
  return `${(bytes / 2 ** 20).toFixed(2).padStart(8)} MiB`;
}

async function tryOut({ folder, cwd, env, entrypoint, command, health }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // A file outside of the folder of the image is one of this machine.
  const ours = { ...env, GHOSTEXEC_HOST: '127.0.0.1', GHOSTEXEC_ADDRESS_FILE: join(root, 'address') };
  const place = { cwd: join(folder, cwd), env: { ...ours, PORT: String(port) } };
  const inside = ([program, ...words]) => spawnSync(program, words, { ...place, encoding: 'utf8' });
  skip(`listening on ${env.GHOSTEXEC_HOST}; 127.0.0.1 instead`);

  const rollout = inside([...entrypoint, 'rollout', '--episodes', '24', '--out', 'runs/one']);
  if (rollout.status !== 0) print(rollout.stderr);
  check(rollout.status === 0, `${entrypoint.join(' ')} rollout ends with exit code ${rollout.status}`);

  await checkHealth({ ...place, env: ours }, [...entrypoint, ...command], health);
  const [program, ...words] = [...entrypoint, ...command];
  print(`${[program, ...words].join(' ')} with PORT=${port}`);
  const started = performance.now();
  server = spawn(program, words, { ...place, stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  server.stdout.on('data', (data) => (log += data));
  const ended = new Promise((settle) => server.once('exit', (code, signal) => settle({ code, signal })));
  while (inside(health).status !== 0) {
    if (server.exitCode !== null) throw new Error(`the server stopped with exit code ${server.exitCode}\n${log}`);
    if (performance.now() - started > HEALTHY_WITHIN) throw new Error(`not healthy after ${HEALTHY_WITHIN} ms\n${log}`);
    await new Promise((settle) => setTimeout(settle, 100));
  }
  check(true, `healthy after ${Math.round(performance.now() - started)} ms`);

  let answer = await post(url, '/reset', { episode_id: 'image', seed: 1 });
  let steps = 0;
  for (; !answer.done && steps < 100; steps++) {
    answer = await post(url, '/step', { episode_id: 'image', action: { action_type: 'do_nothing' } });
  }
  const { grade } = answer.observation;
  check(answer.done && grade !== null, `an episode over HTTP ends after ${steps} steps with the grade ${grade?.grade}`);
  const oracle = inside(['node', 'validation/oracle.mjs', url]);
  if (oracle.status !== 0) print(oracle.stderr);
  check(oracle.status === 0, 'the oracle gets its grade on every task');
  const memory = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1];
  print(`  greatest resident memory: ${mib(Number(memory) * 1024).trim()}`);

  const asked = performance.now();
  server.kill('SIGTERM');
  const late = new Promise((settle) => setTimeout(settle, STOPPED_WITHIN, { code: null, signal: 'none in time' }).unref());
  const { code, signal } = await Promise.race([ended, late]);
  check(code === 0, `SIGTERM ends it after ${Math.round(performance.now() - asked)} ms with exit code ${code ?? signal}`);
  check(log !== '', 'it logs to stdout');
}

/** The health check follows the port that is served, whatever says which: a flag goes before its variable, and that before PORT. */
async function checkHealth(place, command, health) {
  const [program, ...words] = command;
  const wrong = String(await freePort());
  const right = String(await freePort());
  for (const [flags, variables, named] of [
    [['--port', right], { GHOSTEXEC_PORT: wrong, PORT: wrong }, 'a flag'],
    [[], { GHOSTEXEC_PORT: right, PORT: wrong }, 'GHOSTEXEC_PORT'],
    [['--port', '0'], { PORT: wrong }, 'the system'],
  ]) {
    const env = { ...place.env, ...variables };
    const isHealthy = () => spawnSync(health[0], health.slice(1), { ...place, env }).status === 0;
    if (isHealthy()) throw new Error('healthy before a server is there');
    server = spawn(program, [...words, ...flags], { ...place, env, stdio: 'ignore' });
    const ended = new Promise((tell) => server.once('exit', tell));
    const started = performance.now();
    while (!isHealthy()) {
      if (server.exitCode !== null) throw new Error(`the server stopped with exit code ${server.exitCode}`);
      if (performance.now() - started > HEALTHY_WITHIN) throw new Error(`not healthy where the port is that of ${named}`);
      await new Promise((tell) => setTimeout(tell, 100));
    }
    check(true, `healthy where the port is that of ${named}`);
    server.kill('SIGTERM');
    await ended;
    check(!isHealthy(), 'not healthy when it has ended');
  }
}

async function post(url, route, body) {
  const response = await fetch(url + route, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${route} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

function freePort() {
  return new Promise((settle) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => settle(port));
    });
  });
}

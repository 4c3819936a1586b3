/** Servers for tests of remote rollouts: one with canned answers, and a proxy that loses answers. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { connect, type RemoteServer } from '../../src/cli/remote.ts';
import { readRunManifest, scenarioHashes } from '../../src/rollout/manifest.ts';
import { checkPlan, type RolloutPlan } from '../../src/rollout/plan.ts';
import { MANIFEST, type RunOptions, runRollout, TRAJECTORIES } from '../../src/rollout/run.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');

export type Canned = { status?: number; headers?: Record<string, string>; body?: unknown };

/** Starts a server that sends the canned answer that `answer` returns for a request such as `GET /health`. */
export async function startFake(
  answer: (what: string, asked: IncomingMessage) => Canned,
): Promise<{ url: URL; asked: string[] }> {
  const asked: string[] = [];
  const fake = createHttpServer((incoming, reply) => {
    const what = `${incoming.method} ${incoming.url}`;
    asked.push(what);
    const { status = 200, headers = {}, body = '' } = answer(what, incoming);
    const [type, text] =
      typeof body === 'string' ? ['text/html', body] : ['application/json; charset=utf-8', JSON.stringify(body)];
    incoming.resume().on('end', () => reply.writeHead(status, { 'content-type': type, ...headers }).end(text));
  });
  return { url: await listening(fake), asked };
}

export type Seen = { readonly what: string; readonly status: number };
export type Proxy = {
  readonly url: URL;
  /** Requests that the server behind the proxy has answered. */
  readonly seen: Seen[];
  /** Stops the proxy: cuts every connection and accepts no more. */
  kill(): void;
};

/** Starts a proxy that forwards requests. If `loses` returns true, it cuts the connection instead of forwarding the answer. */
export async function startProxy(target: URL, loses: (what: string) => boolean = () => false): Promise<Proxy> {
  const seen: Seen[] = [];
  const proxy = createHttpServer((incoming, reply) => {
    const what = `${incoming.method} ${incoming.url}`;
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url ?? '/', target), { method: method ?? 'GET', headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        seen.push({ what, status: answer.statusCode ?? 0 });
        if (loses(what)) incoming.socket.destroy();
        else reply.writeHead(answer.statusCode ?? 500, answer.headers).end(Buffer.concat(chunks));
      });
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  const url = await listening(proxy);
  return { url, seen, kill: () => stop(proxy) };
}

async function listening(server: HttpServer): Promise<URL> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => stop(server));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function stop(server: HttpServer): void {
  server.closeAllConnections();
  server.close();
}

export const PLAN: RolloutPlan = checkPlan({
  tasks: ['phase2_core', 'monday_morning', 'drift_drill'],
  policy: 'random',
  episodes: 24,
  groupSize: 4,
  seed: 11,
  rules: 'v2',
  rewardMode: 'full',
});

export const newFolder = (): string => join(mkdtempSync(join(tmpdir(), 'ghostexec-remote-')), 'run');
export const trajectories = (out: string): string => readFileSync(join(out, TRAJECTORIES), 'utf8');
export const manifestOf = (out: string): ReturnType<typeof readRunManifest> => readRunManifest(join(out, MANIFEST));

/** @param waitMs For how long a server that is gone is waited for. */
export function connectTo(
  url: URL,
  plan: RolloutPlan = PLAN,
  apiKey?: string,
  { say, waitMs = 500 }: { say?: (line: string) => void; waitMs?: number } = {},
): Promise<RemoteServer> {
  return connect(url, apiKey, plan.rules, scenarioHashes(plan), say, waitMs);
}

type Playing = { url?: URL; plan?: RolloutPlan } & Partial<Omit<RunOptions, 'plan'>>;

/** Plays a plan, on a server if there is an address. @returns the text of the trajectories */
export async function play({ url, plan = PLAN, ...rest }: Playing = {}): Promise<string> {
  const remote = url === undefined ? {} : { remote: await connectTo(url, plan) };
  const options = { plan, out: newFolder(), workers: 0, numEnvs: 7, resume: false, ...remote, ...rest };
  await runRollout(options);
  return trajectories(options.out);
}

/** Runs the command in another process, because this one may be its server. */
export function ghostexec(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const all = { ...process.env, GHOSTEXEC_API_KEY: undefined, ...env };
    execFile(process.execPath, [MAIN, ...args], { cwd: ROOT, env: all }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

/**
 * Plays monday_morning in 1,024 environments of a checkout, once for each message of its parent, in a process of its own. It
 * uses only what every build of the package has had.
 */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export type SideJob = {
  /** Folder of the checkout. */
  readonly root: string;
  readonly scenario: unknown;
  readonly workers: number;
  readonly autoreset: string;
  /** Whether each briefing is read. */
  readonly read: boolean;
  /** Whether steps go through `send` and `recv`. */
  readonly sent: boolean;
  readonly numEnvs: number;
  /** Options of VectorEnv.create that not every build has. */
  readonly more: object;
  /** The actions of each step, by environment. */
  readonly actions: readonly (readonly unknown[])[];
};

/** Days that are played in a run. */
const DAYS = 12;

/** What a run reports: its duration, and the CPU time of the whole process, in milliseconds. */
export type SideRun = {
  readonly ms: number;
  readonly cpuMs: number;
  /** The sum of a character of each briefing that was read: equal for builds that write equal texts. */
  readonly seen: number;
};

type SideBatch = { readonly envIds: readonly number[]; briefing(i: number): string };
type SideVector = {
  readonly envIds: readonly number[];
  reset(options: object): Promise<SideBatch>;
  step(actions: readonly unknown[]): Promise<SideBatch>;
  send(actions: readonly unknown[], envIds: readonly number[]): void;
  recv(least?: number): Promise<SideBatch>;
};

process.on('message', async (job: SideJob) => {
  const entry = `${job.root}/dist/index.js`;
  if (!existsSync(entry)) throw new Error(`there is no build in ${job.root}: run npm ci there first`);
  const { VectorEnv } = await import(pathToFileURL(entry).href);
  const { numEnvs, workers, autoreset, scenario } = job;
  const envs = Array.from({ length: numEnvs }, () => ({ task: 'day', scenario }));
  const env: SideVector & { close(): Promise<void> } = await VectorEnv.create({
    ...{ envs, workers, autoreset, rules: 'v2', maxForks: 0, ...job.more },
  });
  process.removeAllListeners('message');
  process.on('message', async (what) => {
    if (what === 'end') return env.close().then(() => process.disconnect());
    process.send?.(await playDays(env, job));
  });
  process.send?.('ready');
});

async function playDays(env: SideVector, { actions, read, sent }: SideJob): Promise<SideRun> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  seen = 0;
  for (let day = 0; day < DAYS; day++) {
    look(await env.reset({ seed: 1 }), read);
    if (sent) await sendAll(env, actions, read);
    else for (const step of actions) look(await env.step(step), read);
  }
  const ms = (performance.now() - began) / DAYS;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1_000 / DAYS, seen };
}

/** Half of the environments are always under way. */
async function sendAll(env: SideVector, actions: readonly (readonly unknown[])[], read: boolean): Promise<void> {
  const played = new Map(env.envIds.map((id) => [id, 0]));
  const send = (ids: readonly number[]): number => {
    const next = ids.filter((id) => (played.get(id) ?? 0) < actions.length);
    const given = next.map((id) => actions[played.get(id) ?? 0]?.[id]);
    for (const id of next) played.set(id, (played.get(id) ?? 0) + 1);
    if (next.length > 0) env.send(given, next);
    return next.length;
  };
  let open = send(env.envIds);
  while (open > 0) {
    const batch = await env.recv(Math.min(open, env.envIds.length / 2));
    look(batch, read);
    open += send(batch.envIds) - batch.envIds.length;
  }
}

let seen = 0;

/** V8 joins the parts of a text when a character is read. */
function look(batch: SideBatch, read: boolean): void {
  if (!read) return;
  for (let i = 0; i < batch.envIds.length; i++) seen += batch.briefing(i).charCodeAt(99);
}

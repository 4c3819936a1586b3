/** A Ghostexec server as the stage of a rollout, through its batch API. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { quote } from '../lib/text.ts';
import type { OpenStage, Rows, Stage } from '../rollout/stage.ts';
import { answersToJson, answerToJson } from '../vector/wire-action.ts';
import { Link, RemoteError } from './remote-link.ts';
import { readBatch, readRows } from './remote-rows.ts';

/** A server that was found to play the same scenarios. */
export type RemoteServer = {
  /** Its address, without credentials. */
  readonly url: string;
  /** Creates a batch on the server; closing the stage deletes it. */
  readonly open: OpenStage;
  /** Deletes all open batches at once; never throws. */
  abandon(): Promise<void>;
};

const NAME = 'ghostexec';
const healthSchema = z.object({ status: z.literal('healthy') });
const metadataSchema = z.object({
  name: z.string(),
  scenario_hashes: z.record(z.string(), z.string()).optional(),
});

/**
 * Finds the server and checks that it plays the same scenarios.
 * @param hashes SHA-256 of the scenario of each task to be played, as in a manifest.
 * @throws RemoteError
 */
export async function connect(
  address: URL,
  apiKey: string | undefined,
  hashes: Readonly<Record<string, string>>,
): Promise<RemoteServer> {
  const link = new Link(address, apiKey);
  const health = await link.get('health').catch((error: unknown) => {
    const status = error instanceof RemoteError ? error.status : undefined;
    const answered = status !== undefined && (status < 300 || status === 404);
    throw answered ? notGhostexec(link, error instanceof Error ? error.message : '') : error;
  });
  if (!healthSchema.safeParse(health).success) {
    throw notGhostexec(link, `expected GET /health to answer {"status":"healthy"}, got ${quote(health)}`);
  }
  const metadata = metadataSchema.safeParse(await link.get('metadata'));
  const name = metadata.data?.name;
  if (name?.toLowerCase() !== NAME) {
    throw notGhostexec(link, `expected GET /metadata to name ${NAME}, got ${quote(name ?? null)}`);
  }
  refuseOtherScenarios(link, hashes, metadata.data?.scenario_hashes ?? {});

  const open = new Set<Stage>();
  return {
    url: link.url,
    open: async (plan, numEnvs) => {
      const request = {
        num_envs: numEnvs,
        tasks: plan.tasks,
        rules: plan.rules,
        reward_mode: plan.rewardMode,
        autoreset: 'disabled',
        seed: plan.seed,
        max_forks: 0,
      };
      const { batch_id, env_ids } = readBatch(await link.post('batch', withId(request)));
      const path = `batch/${encodeURIComponent(batch_id)}`;
      const call = async (what: string, envIds: readonly number[], json: string): Promise<Rows> =>
        readRows(await link.post(`${path}/${what}`, json), envIds, plan.rules);
      const stage: Stage = {
        envIds: env_ids,
        reset: (envIds, seeds, tasks) => call('reset', envIds, withId({ env_ids: envIds, seeds, tasks })),
        step: (envIds, actions) =>
          call('step', envIds, withId({ env_ids: envIds, include: ['breakdown'] }, actionsToJson(actions))),
        close: async () => {
          if (!open.delete(stage)) return;
          // A failure here must not replace the error that ended the run; the server deletes idle batches anyway.
          await link.delete(path).catch(() => undefined);
        },
      };
      open.add(stage);
      return stage;
    },
    abandon: async () => {
      await Promise.all([...open].map((stage) => stage.close()));
    },
  };
}

function notGhostexec({ url }: Link, why: string): RemoteError {
  return new RemoteError(`there is no Ghostexec server at ${url}: ${why}`);
}

function refuseOtherScenarios(
  { url }: Link,
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): void {
  const differing = Object.keys(wanted).filter((task) => Object.hasOwn(found, task) && found[task] !== wanted[task]);
  if (differing.length === 0) return;
  const why = differing.map((task) => `${task} is ${found[task]} there, ${wanted[task]} here`).join('; ');
  throw new RemoteError(`the server at ${url} has other scenario files, so the run would be another one: ${why}`);
}

/** Adds a request id to a body, by which the server recognizes a repeated request. `actions` is JSON already. */
function withId(body: object, actions?: string): string {
  const json = JSON.stringify({ ...body, request_id: randomUUID() });
  return actions === undefined ? json : `${json.slice(0, -1)},"actions":${actions}}`;
}

/** Keys for which the server refuses a body. */
const REFUSED_KEYS = /"(?:__proto__|constructor)":/;

/**
 * Actions as JSON, in the same form as for a worker thread, which keeps unpaired surrogates. If an object has a key for which
 * the server would refuse the whole body, the object is sent as text: as a completion that contains it.
 */
function actionsToJson(answers: readonly unknown[]): string {
  const json = answersToJson(answers);
  if (!REFUSED_KEYS.test(json)) return json;
  const each = answers.map(answerToJson).map((one) => (one.startsWith('{') ? JSON.stringify(one) : one));
  return `[${each.join(',')}]`;
}

/** A Ghostexec server as the stage of a rollout, through its batch API. */

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Gather } from '../lib/gather.ts';
import { plural, quote } from '../lib/text.ts';
import type { RolloutPlan } from '../rollout/plan.ts';
import type { EnvResult, OpenStage, RecordedStep, Stage } from '../rollout/stage.ts';
import { otherEdition } from '../sim/edition.ts';
import { breakdownSchema } from '../sim/observation/metadata.ts';
import { observationSchema } from '../sim/observation/observation.ts';
import { gradedBy, type Rules } from '../sim/rules.ts';
import { gradeSchema } from '../sim/v2/grade.ts';
import { answersToJson, answerToJson } from '../vector/wire-action.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import { describeIssues } from '../world/validate.ts';
import { RemoteError, ServerLink } from './remote-link.ts';

// Checks the results of a batch in a server's answer and presents them as rows of a stage.

/** The status of an answer about a batch that does not exist. */
const GONE = 404;

/** The code of a step that was played with an invalid action. Any other code means that no step was played. */
const INVALID_ACTION = 'INVALID_ACTION';

// Unknown keys are dropped: a newer server may send more of them.
const observation = z.object({
  briefing: z.string(),
  data: observationSchema.optional(),
  step_ok: z.boolean(),
  error: z.string().nullish(),
  reward_breakdown: z.object(breakdownSchema.shape).nullish(),
});
const row = z.object({
  env_id: z.int(),
  observation: observation.nullish(),
  reward: z.number().nullish(),
  terminated: z.boolean().nullish(),
  truncated: z.boolean().nullish(),
  grade: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
});
const resultsSchema = z.object({ results: z.array(row) });
const parts = z.object(gradeSchema.shape);
const batchSchema = z.object({ batch_id: z.string().min(1), env_ids: z.array(z.int()) });

/** The results of these environments in the answer to a reset or a step. */
export function readResults(answer: unknown, envIds: readonly number[], rules: Rules): EnvResult[] {
  const results = new Map(parse(resultsSchema, answer, 'results').results.map((result) => [result.env_id, result]));
  return envIds.map((id) => {
    const result = results.get(id);
    if (result === undefined) throw new RemoteError(`the server's answer has no result for environment ${id}`);
    return readResult(result, rules);
  });
}

function readResult(result: z.output<typeof row>, rules: Rules): EnvResult {
  const { env_id: id, error: refused } = result;
  const seen = (): z.output<typeof observation> => {
    if (result.observation) return result.observation;
    throw new RemoteError(`the server's answer has no observation for environment ${id}`);
  };
  return {
    problem: refused && refused.code !== INVALID_ACTION ? `the server failed: ${refused.message}` : undefined,
    observation: () => {
      const { data } = seen();
      if (data !== undefined) return data;
      throw new RemoteError(`the server's answer lacks the data of the observation of environment ${id}`);
    },
    briefing: () => seen().briefing,
    outcome: (): RecordedStep => {
      const { reward, terminated, truncated } = result;
      const { step_ok, error, reward_breakdown } = seen();
      if (reward == null || terminated == null || truncated == null || reward_breakdown == null) {
        throw new RemoteError(`the server's answer to a step of environment ${id} lacks the results of the step`);
      }
      return { reward, reward_breakdown, terminated, truncated, step_ok, error: step_ok ? null : (error ?? '') };
    },
    grade: () =>
      gradedBy(rules) === 'state' ? parse(parts, result.grade, `the grade of environment ${id}`) : undefined,
  };
}

function parse<S extends z.ZodType>(schema: S, answer: unknown, what: string): z.output<S> {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const [first] = describeIssues(result.error, answer);
  throw new RemoteError(`the server's answer for ${what} has an unexpected shape: ${first}`);
}

/** What an environment is asked: to begin an episode, or to step it. */
type Asked = { readonly env: number } & (
  | { readonly seed: number; readonly task: string }
  | { readonly answer: PolicyAnswer }
);

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
  editions: z.record(z.string(), z.int()).optional(),
});

/** For how long a run waits for a server that does not answer, by default: long enough for a restart. */
const WAIT_MS = 300_000;
/** How often a batch is made again for one call, before the server counts as broken. */
const MAX_RENEWALS = 5;

/**
 * Finds the server and checks that it plays the same scenarios under the same edition of the rules.
 * @param rules The rules to be played; the server must have the same edition of them.
 * @param hashes SHA-256 of the scenario of each task to be played, as in a manifest.
 * @param say Receives lines for the user: that the server does not answer, or was started again.
 * @param waitMs For how long a run waits for the server if it no longer answers.
 * @throws RemoteError
 */
export async function connect(
  address: URL,
  apiKey: string | undefined,
  rules: Rules,
  hashes: Readonly<Record<string, string>>,
  say: (line: string) => void = () => undefined,
  waitMs = WAIT_MS,
): Promise<RemoteServer> {
  const link = new ServerLink(address, apiKey);
  link.onRetry = say;
  await greet(link, rules, hashes);
  const opened: Stage[] = [];
  return {
    url: link.url,
    open: async (plan, numEnvs) => {
      const stage = new RemoteStage(link, plan, numEnvs, () => greet(link, rules, hashes), waitMs);
      await stage.make();
      opened.push(stage);
      return stage;
    },
    abandon: async () => {
      await Promise.all(opened.map((stage) => stage.close()));
    },
  };
}

/** @throws RemoteError if the server is another one than expected */
async function greet(link: ServerLink, rules: Rules, hashes: Readonly<Record<string, string>>): Promise<void> {
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
  const other = otherEdition(rules, metadata.data?.editions?.[rules]);
  if (other !== undefined) {
    const what = 'its rewards and grades are not those of this version; use the version that the server has';
    throw new RemoteError(`the server at ${link.url} is ${other}: ${what}`);
  }
  refuseOtherScenarios(link, hashes, metadata.data?.scenario_hashes ?? {});
}

/** What an episode in flight consists of, to play it again. */
type Played = { readonly seed: number; readonly task: string; readonly answers: PolicyAnswer[] };

/**
 * The environments of a batch. If the server no longer has the batch, because it was started again, another one is made, and the
 * episodes in flight are played again from their answers.
 */
class RemoteStage implements Stage {
  readonly envIds: readonly number[];
  /** One call at a time: the server knows a repeated request only if no more than 15 others came in between. */
  private readonly calls = new Gather<Asked, EnvResult>((asked) => this.perform(asked), 1);
  /** Path of the batch; empty while there is none. */
  private path = '';
  /** The ids of the environments on the server. */
  private remoteIds: readonly number[] = [];
  private readonly inFlight = new Map<number, Played>();
  private readonly link: ServerLink;
  private readonly plan: RolloutPlan;
  private readonly greet: () => Promise<void>;
  private readonly waitMs: number;

  constructor(link: ServerLink, plan: RolloutPlan, numEnvs: number, greet: () => Promise<void>, waitMs: number) {
    this.link = link;
    this.plan = plan;
    this.envIds = Array.from({ length: numEnvs }, (_, env) => env);
    this.greet = greet;
    this.waitMs = waitMs;
  }

  /** Makes the batch. */
  async make(): Promise<void> {
    const { plan } = this;
    const request = {
      ...environmentsOf(plan, this.envIds.length),
      rules: plan.rules,
      reward_mode: plan.rewardMode,
      // Records have the rewards of the steps and whole briefings, whatever the defaults of the server.
      reward_profile: 'step',
      observation_profile: 'briefing',
      autoreset: 'disabled',
      seed: plan.seed,
      max_forks: 0,
    };
    const answer = await this.link.post('batch', withId(request), this.waitMs);
    const { batch_id, env_ids } = parse(batchSchema, answer, 'the new batch');
    this.path = `batch/${encodeURIComponent(batch_id)}`;
    this.remoteIds = env_ids;
  }

  reset(env: number, seed: number, task: string): Promise<EnvResult> {
    return this.calls.add({ env, seed, task });
  }

  step(env: number, answer: PolicyAnswer): Promise<EnvResult> {
    return this.calls.add({ env, answer });
  }

  /** Deletes the batch. A failure must not replace the error that ended the run; the server deletes idle batches anyway. */
  async close(): Promise<void> {
    const { path } = this;
    this.path = '';
    if (path !== '') await this.link.delete(path).catch(() => undefined);
  }

  private async perform(asked: readonly Asked[]): Promise<EnvResult[]> {
    for (const { env, ...what } of asked) if ('task' in what) this.inFlight.delete(env);
    const results = await this.untilThere(asked);
    for (const [i, { env, ...what }] of asked.entries()) {
      const result = results[i];
      if ('task' in what) this.inFlight.set(env, { ...what, answers: [] });
      else this.inFlight.get(env)?.answers.push(what.answer);
      if (result === undefined || result.problem !== undefined) this.inFlight.delete(env);
    }
    return results;
  }

  /** Makes a call, and as often as the batch is gone, makes another one first. */
  private async untilThere(asked: readonly Asked[]): Promise<EnvResult[]> {
    for (let renewals = 0; ; renewals++) {
      try {
        if (renewals > 0) await this.renew();
        return await this.call(asked, ['breakdown', 'data']);
      } catch (error) {
        if (!(error instanceof RemoteError) || error.status !== GONE || renewals === MAX_RENEWALS) throw error;
      }
    }
  }

  private async renew(): Promise<void> {
    await this.greet();
    await this.make();
    const episodes = [...this.inFlight];
    this.link.onRetry(
      `The server no longer has the batch; ${plural(episodes.length, 'episode')} go on in another one.`,
    );
    await this.call(
      episodes.map(([env, { seed, task }]) => ({ env, seed, task })),
      [],
    );
    const longest = Math.max(0, ...episodes.map(([, { answers }]) => answers.length));
    for (let step = 0; step < longest; step++) {
      const answers = episodes.flatMap(([env, played]) =>
        step < played.answers.length ? [{ env, answer: played.answers[step] ?? '' }] : [],
      );
      await this.call(answers, []);
    }
  }

  private async call(asked: readonly Asked[], include: readonly string[]): Promise<EnvResult[]> {
    const begun = asked.filter((one) => 'task' in one);
    const stepped = asked.filter((one) => 'answer' in one);
    const [seeds, tasks] = [begun.map(({ seed }) => seed), begun.map(({ task }) => task)];
    const actions = actionsToJson(stepped.map(({ answer }) => answer));
    const [first, then] = await Promise.all([
      this.send('reset', begun, { include, seeds, tasks }),
      this.send('step', stepped, { include }, actions),
    ]);
    return asked.flatMap((one) => ('task' in one ? first : then).shift() ?? []);
  }

  private async send(what: string, envs: readonly Asked[], body: object, actions?: string): Promise<EnvResult[]> {
    if (envs.length === 0) return [];
    const ids = envs.map(({ env }) => this.remoteIds[env] ?? env);
    const json = withId({ env_ids: ids, ...body }, actions);
    return readResults(await this.link.post(`${this.path}/${what}`, json, this.waitMs), ids, this.plan.rules);
  }
}

/** The environments of a batch that knows every task of a plan. A scenario of the plan is sent once. */
function environmentsOf({ tasks, scenarios }: RolloutPlan, numEnvs: number): object {
  if (scenarios === undefined) return { num_envs: numEnvs, tasks };
  const envs = [...new Set(tasks)].map((task_id) => ({ task_id, ...scenarios[task_id] }));
  return { envs: [...envs, ...Array.from({ length: numEnvs - envs.length }, () => ({}))] };
}

function notGhostexec({ url }: ServerLink, why: string): RemoteError {
  return new RemoteError(`there is no Ghostexec server at ${url}: ${why}`);
}

function refuseOtherScenarios(
  { url }: ServerLink,
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

/** Support for tests of the batch API: a client of either format, and the rows expected from a VectorEnv. */

import { Packr } from 'msgpackr';
import type { VectorEnv } from '../../src/index.ts';
import { Grades } from '../../src/server/batch/grades.ts';
import type { BatchOutcome } from '../../src/server/batch/outcome.ts';
import type { Included, ResultRow } from '../../src/server/batch/wire.ts';
import type { Batch, EnvInfo } from '../../src/vector/batch.ts';
import { LADDER, scripted } from '../vector/support.ts';

export type Format = 'json' | 'msgpack';
export const FORMATS: readonly Format[] = ['json', 'msgpack'];

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

export function pack(value: unknown): Buffer {
  return packr.pack(value);
}

export type Reply = { readonly status: number; readonly type: string; readonly headers: Headers; readonly body: Body };
/** The body of any answer. Each test reads the fields that it expects. */
export type Body = {
  batch_id: string;
  env_ids: number[];
  group_ids: number[];
  results: ResultRow[];
  snapshot: string | Uint8Array;
  detail: string | { type: string; loc: (string | number)[]; msg: string }[];
  code: string;
  [key: string]: unknown;
};

/** A client that sends and requests one format. The headers of a call may request another. */
export class Client {
  readonly url: string;
  readonly format: Format;

  constructor(url: string, format: Format = 'json') {
    this.url = url;
    this.format = format;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const bytes = this.format === 'json' ? Buffer.from(JSON.stringify(body ?? {})) : pack(body ?? {});
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'content-type': `application/${this.format}`, accept: `application/${this.format}`, ...headers },
      ...(method === 'POST' ? { body: new Uint8Array(bytes) } : {}),
    });
    const type = answer.headers.get('content-type') ?? '';
    const received = Buffer.from(await answer.arrayBuffer());
    const value: unknown = type === 'application/msgpack' ? unpack(received) : JSON.parse(received.toString('utf8'));
    return { status: answer.status, type, headers: answer.headers, body: value as Body };
  }

  /** Sends a request that must be answered 200. @returns the body of the answer */
  async ok(method: string, path: string, body?: unknown): Promise<Body> {
    const reply = await this.call(method, path, body);
    if (reply.status === 200) return reply.body;
    throw new Error(`${method} ${path} was answered ${reply.status}: ${JSON.stringify(reply.body)}`);
  }

  create(body: unknown = {}): Promise<Body> {
    return this.ok('POST', '/batch', body);
  }

  async step(id: string, actions: readonly unknown[], more: object = {}): Promise<ResultRow[]> {
    return (await this.ok('POST', `/batch/${id}/step`, { actions, ...more })).results;
  }
}

/** The row expected for environment `i` of a batch, written independently of the server's code. */
export function expectedRow(batch: Batch, i: number, groupSize = 1, include: readonly string[] = []): ResultRow {
  const env = batch.envIds[i] ?? -1;
  const info: EnvInfo = batch.info(i);
  const final = batch.final(i);
  const { step_ok, step_error } = final?.info ?? info;
  const breakdown = final?.info.reward_breakdown ?? info.reward_breakdown ?? null;
  const terminated = batch.terminated[i] === 1;
  const truncated = batch.truncated[i] === 1;
  const grade = (final?.info ?? info).grade;
  const row = {
    env_id: env,
    group_id: Math.floor(env / groupSize),
    observation: {
      briefing: batch.briefing(i),
      task_id: info.task_id,
      seed: info.seed,
      episode: info.episode,
      step_ok,
      error: step_error,
      ...(include.includes('breakdown') ? { reward_breakdown: breakdown } : {}),
      ...(include.includes('metadata') ? { metadata: info } : {}),
    },
    reward: batch.reward[i] ?? Number.NaN,
    terminated,
    truncated,
    ...(grade === undefined ? {} : { grade, success: grade.grade >= 0.8 }),
    ...(final === undefined ? {} : { final: { briefing: final.briefing, metadata: final.info } }),
    ...(step_ok ? {} : { error: { code: 'INVALID_ACTION', message: step_error ?? '' } }),
  };
  // JSON.stringify writes -0 as 0.
  return JSON.parse(JSON.stringify(row));
}

export function expectedRows(batch: Batch, groupSize = 1, include: readonly string[] = []): ResultRow[] {
  return batch.envIds.map((_, i) => expectedRow(batch, i, groupSize, include));
}

/** Rows after a round trip through JSON, where undefined and -0 are lost. */
export function plain(rows: readonly ResultRow[]): ResultRow[] {
  return JSON.parse(JSON.stringify(rows));
}

/** The outcome for all environments of a vector after `turns` steps. With `refuse`, every third environment has a problem. */
export async function outcomeOf(
  vector: VectorEnv,
  turns: number,
  refuse: boolean,
  included: Included,
): Promise<BatchOutcome> {
  const grades = new Grades(new Set());
  let batch = await vector.reset();
  let graded = grades.began(batch);
  for (let turn = 0; turn < turns; turn++) {
    batch = await vector.step(vector.envIds.map((env) => scripted(LADDER[env % 3] ?? '', env, turn)));
    graded = grades.stepped(batch);
  }
  const isRefused = (env: number): boolean => refuse && env % 3 === 1;
  return {
    envIds: batch.envIds,
    batch,
    rows: refuse ? Int32Array.from(batch.envIds, (env, row) => (isRefused(env) ? -1 : row)) : undefined,
    problems: new Map(
      batch.envIds.filter(isRefused).map((env) => [env, { code: 'UNKNOWN_ENV', message: `no ${env} \u{1f989}` }]),
    ),
    grades: graded,
    groupOf: (env) => (env % 3 === 1 ? null : env * 100_000),
    included,
    told: {},
    successGrade: 0.8,
  };
}

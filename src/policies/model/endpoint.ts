/** One OpenAI-compatible endpoint, and several that share the calls. */

import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { APIError } from 'openai';
import PQueue from 'p-queue';
import pRetry from 'p-retry';
import { Agent, fetch } from 'undici';
import { ZodError, z } from 'zod';
import { GhostexecError, messageOf } from '../../lib/errors.ts';
import { pauseIn } from '../../lib/retry-after.ts';
import { clip, oneLine } from '../../lib/text.ts';
import type { FailureKind } from '../../records/schema.ts';
import { PolicyFailure, RunHalted } from '../failure.ts';
import { type ModelAnswer, modelAnswerIn } from './answer.ts';
import { type ModelOptions, NO_KEY } from './options.ts';

type ChatBody = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;

/** Pause before the second attempt; each further pause is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A longer pause in a Retry-After is shortened to this. */
const LONGEST_REQUESTED_MS = 120_000;
const PREFLIGHT_MS = 15_000;
const LONGEST_LIST = 600;

const modelListSchema = z.object({ data: z.array(z.object({ id: z.string() })) });
/** Some endpoints report an error with status 200. */
const errorSchema = z.object({ error: z.object({ message: z.string(), code: z.unknown() }) });

/** An attempt that failed, and what that means. */
class FailedAttempt extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** An endpoint, with its own queue of calls. */
class Endpoint {
  readonly url: string;
  private readonly queue: PQueue;
  private readonly client: OpenAI;
  /** Waits as long for an answer as the client does; by default, undici gives up after five minutes. */
  private readonly agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  constructor(
    url: string,
    { apiKey, concurrency, timeoutSeconds }: Pick<ModelOptions, 'apiKey' | 'concurrency' | 'timeoutSeconds'>,
  ) {
    this.url = url;
    this.queue = new PQueue({ concurrency: concurrency ?? Number.POSITIVE_INFINITY });
    this.client = new OpenAI({
      baseURL: url,
      apiKey,
      maxRetries: 0,
      timeout: timeoutSeconds * 1000,
      // The types of undici and of Node differ in names only.
      fetch: fetch as unknown as typeof globalThis.fetch,
      fetchOptions: { dispatcher: this.agent } as object,
    });
  }

  /** Number of calls that wait or are in flight. */
  get load(): number {
    return this.queue.size + this.queue.pending;
  }

  /** The ids of its models; undefined if it does not list them. @throws GhostexecError (ENDPOINT) */
  async models(): Promise<string[] | undefined> {
    try {
      const answer = await this.client.get('/models', { timeout: PREFLIGHT_MS });
      return modelListSchema.safeParse(answer).data?.data.map(({ id }) => id);
    } catch (error) {
      const { status } = Object(error) as { status?: unknown };
      if (status === 404 || status === 405) return undefined;
      const { message } = refusalOf(error);
      throw new GhostexecError('ENDPOINT', `the endpoint at ${this.url} cannot be used: ${message}`);
    }
  }

  /** Sends a call once, unless `signal` is aborted before. @throws FailedAttempt */
  async attempt(
    body: ChatBody,
    step: number,
    tokenIds: boolean,
    attempts: number,
    signal: AbortSignal,
  ): Promise<ModelAnswer> {
    try {
      return await this.queue.add(async () => {
        signal.throwIfAborted();
        const began = performance.now();
        const answer: unknown = await this.client.chat.completions.create(body);
        const latency_ms = Math.round(performance.now() - began);
        const { data } = errorSchema.safeParse(answer);
        if (data !== undefined) {
          const { code, message } = data.error;
          throw OpenAI.APIError.generate(Number(code) || 500, Object(answer), message, new Headers());
        }
        return modelAnswerIn(answer, step, tokenIds, { latency_ms, attempts });
      });
    } catch (error) {
      throw new FailedAttempt(refusalOf(error));
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/**
 * The ids of the models of an endpoint; empty if it does not list them.
 * @throws GhostexecError (ENDPOINT)
 */
export async function listModels(baseUrl: string, apiKey: string | undefined): Promise<readonly string[]> {
  const endpoint = new Endpoint(baseUrl, { apiKey: apiKey || NO_KEY, timeoutSeconds: PREFLIGHT_MS / 1000 });
  try {
    return (await endpoint.models()) ?? [];
  } finally {
    await endpoint.close();
  }
}

/** Endpoints of the same model. An episode stays at one of them, which then knows the beginning of its next prompt. */
export class Endpoints {
  private readonly all: readonly Endpoint[];
  private readonly options: ModelOptions;
  /** Aborted when no further attempt is to begin. Attempts in flight go on. */
  private readonly stopping = new AbortController();
  private next = 0;

  constructor(options: ModelOptions) {
    // Each call listens while it pauses between two attempts.
    setMaxListeners(0, this.stopping.signal);
    this.options = options;
    this.all = options.baseUrls.map((url) => new Endpoint(url, options));
  }

  /**
   * Checks that every endpoint answers, and has the model if it lists its models.
   * @throws GhostexecError (ENDPOINT, NO_MODEL)
   */
  async check(): Promise<void> {
    const { model } = this.options;
    await Promise.all(
      this.all.map(async (endpoint) => {
        const models = await endpoint.models();
        if (models === undefined || models.some((id) => isNamed(id, model))) return;
        const known = models.length === 0 ? 'none' : clip(models.join(', '), LONGEST_LIST);
        throw new GhostexecError(
          'NO_MODEL',
          `the endpoint at ${endpoint.url} has no model "${model}"; it has: ${known}`,
        );
      }),
    );
  }

  /** The place of the endpoint for a new episode: one with the fewest calls. */
  place(): number {
    const loads = this.all.map(({ load }) => load);
    const least = Math.min(...loads);
    for (let tried = 0; tried < loads.length; tried++) {
      const place = this.next++ % loads.length;
      if (loads[place] === least) return place;
    }
    return 0;
  }

  /**
   * Sends a call until it is answered. Each further attempt is at the next endpoint.
   * @param at The place of the endpoint of the episode, which becomes that of the endpoint that answered.
   * @throws PolicyFailure if the call is lost or refused, RunHalted if all calls would be
   */
  async ask(at: { place: number }, body: ChatBody, step: number): Promise<ModelAnswer> {
    const { all, options } = this;
    const { signal } = this.stopping;
    let attempts = 0;
    let endpoint: Endpoint | undefined;
    let answer: ModelAnswer | undefined;
    try {
      return await pRetry(
        async () => {
          if (attempts++ > 0) at.place = (at.place + 1) % all.length;
          endpoint = all[at.place];
          answer = await endpoint?.attempt(body, step, options.tokenIds, attempts, signal);
          if (answer === undefined) throw new RangeError('there is no endpoint');
          return answer;
        },
        {
          retries: options.retries,
          minTimeout: FIRST_PAUSE_MS,
          maxTimeout: LONGEST_PAUSE_MS,
          randomize: true,
          signal,
          shouldRetry: async ({ error }) => {
            if (!(error instanceof FailedAttempt) || error.refusal.kind !== 'again') return false;
            const { pauseMs } = error.refusal;
            if (pauseMs !== undefined) await sleep(Math.min(pauseMs, LONGEST_REQUESTED_MS), undefined, { signal });
            return true;
          },
        },
      );
    } catch (error) {
      // An answer that comes after the stop is not lost.
      if (answer !== undefined) return answer;
      if (signal.aborted) throw new RunHalted('the model is no longer asked');
      if (!(error instanceof FailedAttempt)) throw error;
      const { kind, message } = error.refusal;
      const where = `the endpoint at ${endpoint?.url}`;
      if (kind === 'halt') throw new RunHalted(`${where} refuses the calls: ${message}`);
      if (kind !== 'again') throw new PolicyFailure(kind, `${where} refused the call: ${message}`);
      const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
      throw new PolicyFailure('infrastructure', `no answer from ${where} in ${tries}: ${message}`);
    }
  }

  /** Begins no further attempt. */
  stop(): void {
    this.stopping.abort();
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((endpoint) => endpoint.close()));
  }
}

/** Whether a listed model is the named one. Some endpoints list a tag that may be left out, others lack variants in their list. */
function isNamed(id: string, model: string): boolean {
  return id === model || id === `${model}:latest` || model.startsWith(`${id}:`);
}

const LONGEST_REPORT = 300;

/** What the failure of an attempt means. */
type Refusal = {
  /**
   * `again`: another attempt may succeed; `halt`: no call of the run will; otherwise the kind of failure of the episode.
   */
  readonly kind: 'again' | 'halt' | FailureKind;
  readonly message: string;
  /** The pause before the next attempt that the endpoint requests, in milliseconds. */
  readonly pauseMs: number | undefined;
};

/** Answers that concern all calls: a wrong key, no money, no such model or address. */
const HALTING = new Set([401, 402, 403, 404, 405]);
/** Refusals of one request. */
const REFUSING = new Set([400, 413, 422]);

/** The words of OpenAI, vLLM, llama.cpp, SGLang, TGI and proxies before them. */
const TOO_LONG =
  /context.?(length|size|window)|maximum (context|model) length|too many (input )?tokens|(prompt|input) is too long|exceeds? the (maximum|available)/i;
const FILTERED = /content.?(filter|policy|management)|safety system|moderation|flagged/i;
const NO_MONEY = /insufficient_quota|billing/i;

/** Reads what an attempt threw. */
function refusalOf(error: unknown): Refusal {
  const message = describe(error);
  const of = (kind: Refusal['kind'], pauseMs?: number): Refusal => ({ kind, message, pauseMs });
  if (error instanceof ZodError || !(error instanceof APIError)) return of('again');
  const { status, code, type, headers } = error;
  const words = `${code} ${type} ${error.message}`;
  if (REFUSING.has(status ?? 0)) {
    if (TOO_LONG.test(words) || status === 413) return of('context_overflow');
    return of(FILTERED.test(words) ? 'content_filter' : 'bad_request');
  }
  if (status === 403 && FILTERED.test(words)) return of('content_filter');
  if (HALTING.has(status ?? 0) || (status === 429 && NO_MONEY.test(words))) return of('halt');
  return of('again', pauseIn(headers?.get('retry-after') ?? null));
}

/** The message of an error with those that caused it: fetch only says that it failed. */
function describe(error: unknown): string {
  if (error instanceof ZodError) {
    const [issue] = error.issues;
    return `its answer is not a chat completion: ${issue?.path.join('.')}: ${issue?.message}`;
  }
  const messages: string[] = [];
  for (let cause = error; cause !== undefined && messages.length < 3; cause = Object(cause).cause) {
    messages.push(messageOf(cause) || String(Object(cause).code ?? ''));
  }
  return clip(oneLine(messages.filter((message) => message !== '').join(': ')), LONGEST_REPORT);
}

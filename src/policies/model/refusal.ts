/** Reads the error of a call: whether to send the call again, to fail the episode, or to end the run. */
import { APIError } from 'openai';
import { ZodError } from 'zod';
import { messageOf } from '../../lib/errors.ts';
import { pauseIn } from '../../lib/retry-after.ts';
import { clip, oneLine } from '../../lib/text.ts';
import type { FailureKind } from '../../records/schema.ts';

const LONGEST_REPORT = 300;

/** What the failure of an attempt means. */
export type Refusal = {
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
export function refusalOf(error: unknown): Refusal {
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

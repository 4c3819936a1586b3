/** Requests to a server. Bodies are JSON, answers are msgpack or JSON, and requests that may be repeated are retried. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Unpackr } from 'msgpackr';
import pRetry from 'p-retry';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { pauseIn } from '../lib/retry-after.ts';
import { clip, oneLine } from '../lib/text.ts';

/** A server that cannot be used. */
export class RemoteError extends GhostexecError {
  override readonly name = 'RemoteError';
  /** HTTP status, if the server answered. */
  readonly status: number | undefined;
  /** Whether another attempt may succeed, or the milliseconds to wait before it. */
  readonly again: boolean | number;

  constructor(message: string, status?: number, again: boolean | number = false) {
    super('REMOTE', message);
    this.status = status;
    this.again = again;
  }
}

type Method = 'GET' | 'POST' | 'DELETE';

/** How long an attempt may take, how many others may follow, and for how long. */
type Patience = { readonly timeoutMs: number; readonly retries: number; readonly maxRetryTime?: number };

const PATIENT: Patience = { timeoutMs: 120_000, retries: 2 };
const HURRIED: Patience = { timeoutMs: 3_000, retries: 0 };

/** Pause before the second attempt; each further pause is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_BACK_OFF_MS = 15_000;
/** After this number of attempts, the cause is reported to the user. */
const ATTEMPTS_UNREPORTED = 3;
/** A longer pause in a Retry-After is shortened to this. */
const LONGEST_PAUSE_MS = 60_000;
/** Answers of proxies and servers under load that usually pass. */
const PASSING = new Set([502, 503, 504]);
const LONGEST_REPORT = 300;

const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

/** The connection to one server. Requests are retried if they fail for a passing reason. */
export class ServerLink {
  /** Address of the server, without credentials. */
  readonly url: string;
  /** Called with a line for the user when a request is to be sent again. */
  onRetry: (why: string) => void = () => undefined;
  private readonly base: string;
  private readonly headers: Readonly<Record<string, string>>;

  /** @param apiKey Sent as a bearer token. Without a key, credentials in the address are sent with Basic authentication. */
  constructor(address: URL, apiKey?: string) {
    this.base = `${address.origin}${address.pathname.replace(/\/*$/, '/')}`;
    this.url = this.base.slice(0, -1);
    const credentials = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
    this.headers = {
      accept: 'application/msgpack, application/json',
      ...(credentials === ':' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    };
  }

  get(path: string): Promise<unknown> {
    return this.request('GET', path, undefined, PATIENT);
  }

  /**
   * @param json A JSON text. It should contain a `request_id`, because the server may receive it more than once.
   * @param waitMs For how long the request is sent again while the server does not answer.
   */
  post(path: string, json: string, waitMs: number): Promise<unknown> {
    const { timeoutMs } = PATIENT;
    return this.request('POST', path, json, { timeoutMs, retries: Number.POSITIVE_INFINITY, maxRetryTime: waitMs });
  }

  /** Makes one short attempt: it is used at the end of a run, which it must not delay. */
  async delete(path: string): Promise<void> {
    await this.request('DELETE', path, undefined, HURRIED);
  }

  private async request(method: Method, path: string, json: string | undefined, patience: Patience): Promise<unknown> {
    const { timeoutMs, ...limits } = patience;
    let tried = 0;
    try {
      return await pRetry(
        () => {
          tried++;
          return this.attempt(method, path, json, timeoutMs);
        },
        {
          ...limits,
          minTimeout: FIRST_PAUSE_MS,
          maxTimeout: LONGEST_BACK_OFF_MS,
          shouldRetry: async ({ error }) => {
            const again = error instanceof RemoteError && error.again;
            if (again !== false && tried === ATTEMPTS_UNREPORTED) this.onRetry(`Trying again: ${error.message}`);
            if (typeof again === 'number') await sleep(Math.min(again, LONGEST_PAUSE_MS));
            return again !== false;
          },
        },
      );
    } catch (error) {
      if (!(error instanceof RemoteError) || error.status !== undefined || tried === 1) throw error;
      throw new RemoteError(`${error.message} (tried ${tried} times)`);
    }
  }

  private async attempt(method: Method, path: string, json: string | undefined, timeoutMs: number): Promise<unknown> {
    let response: Response;
    let bytes: Buffer;
    // A timer of AbortSignal.timeout would keep all of this in memory until its time is over, even if the answer comes soon.
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
      timeoutMs,
    );
    try {
      response = await fetch(`${this.base}${path}`, {
        method,
        headers: { ...this.headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
        redirect: 'manual',
        signal: late.signal,
        ...(json === undefined ? {} : { body: json }),
      });
      bytes = Buffer.from(await response.arrayBuffer());
    } catch (error) {
      const message = `no answer from the server at ${this.url} to ${method} /${path}: ${causeOf(error)}`;
      throw new RemoteError(message, undefined, true);
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) throw this.refusal(method, path, response, bytes);
    const packed = response.headers.get('content-type')?.includes('msgpack') === true;
    try {
      return bytes.length === 0 ? undefined : packed ? unpackr.unpack(bytes) : JSON.parse(bytes.toString());
    } catch (error) {
      const what = packed ? 'msgpack' : 'JSON';
      const message = `the server at ${this.url} answered ${method} /${path} with something that is not ${what}: ${messageOf(error)}`;
      throw new RemoteError(message, response.status);
    }
  }

  private refusal(method: Method, path: string, { status, headers }: Response, bytes: Buffer): RemoteError {
    const location = headers.get('location');
    const report = location === null ? reportIn(bytes.toString()) : `it redirects to ${location}; is that the address?`;
    const hint = status === 401 ? '; --api-key or GHOSTEXEC_API_KEY gives its key' : '';
    const pause = status === 429 ? pauseIn(headers.get('retry-after')) : undefined;
    return new RemoteError(
      `the server at ${this.url} refused ${method} /${path} (${status}): ${report}${hint}`,
      status,
      pause ?? PASSING.has(status),
    );
  }
}

/** The error of fetch only says that it failed; the reason is in its cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = oneLine(messageOf(cause));
  // The message is empty if several addresses were tried.
  if (message === '' && cause instanceof Error && 'code' in cause) return String(cause.code);
  return clip(message, LONGEST_REPORT);
}

/** The reason in the body of a refusal: the details in one of ours, the beginning of any other body. */
function reportIn(body: string): string {
  let detail: unknown;
  try {
    detail = JSON.parse(body)?.detail;
  } catch {
    // Not JSON: for example the page of a proxy.
  }
  const text = Array.isArray(detail) ? detail.map(describe).join('; ') : typeof detail === 'string' ? detail : body;
  return clip(oneLine(text), LONGEST_REPORT) || 'it does not say why';
}

function describe(detail: unknown): string {
  const { loc, msg } = Object(detail) as { loc?: unknown; msg?: unknown };
  return `${Array.isArray(loc) ? `${loc.join('.')}: ` : ''}${String(msg)}`;
}

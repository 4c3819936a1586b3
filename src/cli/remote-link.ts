/** Requests to a server. Bodies are JSON, answers are msgpack or JSON, and requests that may be repeated are retried. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Unpackr } from 'msgpackr';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { clip, oneLine } from '../lib/text.ts';

/** A server that cannot be used. */
export class RemoteError extends GhostexecError {
  override readonly name = 'RemoteError';
  /** HTTP status, if the server answered. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super('REMOTE', message);
    this.status = status;
  }
}

type Method = 'GET' | 'POST' | 'DELETE';

/** Number of attempts of a request, and the time limit of each. */
type Patience = { readonly attempts: number; readonly timeoutMs: number };

const PATIENT: Patience = { attempts: 3, timeoutMs: 120_000 };
const HURRIED: Patience = { attempts: 1, timeoutMs: 3_000 };

/** Pause before the second attempt; each further pause is twice as long. */
const FIRST_PAUSE_MS = 250;
/** A longer pause in a Retry-After is shortened to this. */
const LONGEST_PAUSE_MS = 60_000;
/** Answers of proxies and servers under load that usually pass. */
const PASSING = new Set([502, 503, 504]);
const LONGEST_REPORT = 300;

const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

/** The result of one attempt. `again`: whether another attempt may succeed, or the milliseconds to wait before it. */
type Attempt =
  | { readonly value: unknown }
  | { readonly value?: never; readonly error: RemoteError; readonly again: boolean | number };

/** The connection to one server. Requests are retried if they fail for a passing reason. */
export class ServerLink {
  /** Address of the server, without credentials. */
  readonly url: string;
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

  /** @param json A JSON text. It should contain a `request_id`, because the server may receive it more than once. */
  post(path: string, json: string): Promise<unknown> {
    return this.request('POST', path, json, PATIENT);
  }

  /** Makes one short attempt: it is used at the end of a run, which it must not delay. */
  async delete(path: string): Promise<void> {
    await this.request('DELETE', path, undefined, HURRIED);
  }

  private async request(method: Method, path: string, json: string | undefined, patience: Patience): Promise<unknown> {
    for (let made = 1; ; made++) {
      const attempt = await this.attempt(method, path, json, patience);
      if (!('error' in attempt)) return attempt.value;
      const { error, again } = attempt;
      if (again === false || made >= patience.attempts) throw error;
      await sleep(again === true ? FIRST_PAUSE_MS * 2 ** (made - 1) : Math.min(again, LONGEST_PAUSE_MS));
    }
  }

  private async attempt(
    method: Method,
    path: string,
    json: string | undefined,
    { attempts, timeoutMs }: Patience,
  ): Promise<Attempt> {
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
      const tried = attempts > 1 ? ` (tried ${attempts} times)` : '';
      const message = `no answer from the server at ${this.url} to ${method} /${path}: ${causeOf(error)}${tried}`;
      return { error: new RemoteError(message), again: true };
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) return this.refusal(method, path, response, bytes);
    const packed = response.headers.get('content-type')?.includes('msgpack') === true;
    try {
      return { value: bytes.length === 0 ? undefined : packed ? unpackr.unpack(bytes) : JSON.parse(bytes.toString()) };
    } catch (error) {
      const what = packed ? 'msgpack' : 'JSON';
      const message = `the server at ${this.url} answered ${method} /${path} with something that is not ${what}: ${messageOf(error)}`;
      return { error: new RemoteError(message, response.status), again: false };
    }
  }

  private refusal(method: Method, path: string, { status, headers }: Response, bytes: Buffer): Attempt {
    const location = headers.get('location');
    const report = location === null ? reportIn(bytes.toString()) : `it redirects to ${location}; is that the address?`;
    const hint = status === 401 ? '; --api-key or GHOSTEXEC_API_KEY gives its key' : '';
    const error = new RemoteError(
      `the server at ${this.url} refused ${method} /${path} (${status}): ${report}${hint}`,
      status,
    );
    const pause = status === 429 ? pauseIn(headers.get('retry-after')) : undefined;
    return { error, again: pause ?? PASSING.has(status) };
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

/** The pause that a Retry-After requests, in milliseconds. The header contains seconds or a date. */
function pauseIn(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  const seconds = Number(retryAfter);
  const pause = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(pause) ? undefined : Math.max(0, pause);
}

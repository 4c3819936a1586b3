/** Requests to our own server. If it requires a key, the request is repeated with the key that the person types. */

/** A request that the server refused, or that did not reach it. The message is written for a person. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly code: string;
  /** What is wrong with the request, one problem per entry. */
  readonly problems: readonly string[];

  constructor(status: number, code: string, message: string, problems: readonly string[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.problems = problems;
  }
}

/** Asks the person for the server's key; null if the person gives none. */
type AskForKey = (reason: string) => Promise<string | null>;

const STORED_KEY = 'ghostexec.key';
let ask: AskForKey = async () => null;
/** The question in progress. Requests that need a key at the same time share its answer. */
let asking: Promise<string | null> | undefined;

/** Sets the function that asks for the key; the frame of the pages provides it. */
export function askForKeyWith(asker: AskForKey): void {
  ask = asker;
}

/** The key that was typed in this tab, if any. */
export function storedKey(): string | null {
  return sessionStorage.getItem(STORED_KEY);
}

/** Where the server is: all that comes before the paths of its routes. Every page is one step below it. */
export function serverRoot(): string {
  return new URL('..', location.href).href.replace(/\/$/, '');
}

/** @throws ApiError */
export function getJson<T>(path: string): Promise<T> {
  return request<T>(path, {});
}

/** @throws ApiError */
export function postJson<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return request<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function request<T>(path: string, options: RequestInit): Promise<T> {
  let key = storedKey();
  for (;;) {
    const response = await send(path, options, key);
    const body = await bodyOf(response);
    if (response.ok) return body as T;
    const error = errorOf(response.status, body);
    if (response.status !== 401) throw error;
    const known = storedKey();
    if (known === key) {
      asking ??= ask(error.message).finally(() => {
        asking = undefined;
      });
      key = await asking;
      if (key === null) throw error;
      sessionStorage.setItem(STORED_KEY, key);
    } else {
      key = known;
    }
  }
}

async function send(path: string, options: RequestInit, key: string | null): Promise<Response> {
  const headers = new Headers(options.headers);
  const url = serverRoot() + path;
  if (key !== null) headers.set('authorization', `Bearer ${key}`);
  try {
    return await fetch(url, { ...options, headers });
  } catch {
    throw new ApiError(0, 'NO_ANSWER', 'The server does not answer. Is it still running?');
  }
}

/** The body as JSON; undefined if it is not valid JSON. */
async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

function errorOf(status: number, body: unknown): ApiError {
  const { detail, code } = (body ?? {}) as { detail?: unknown; code?: unknown };
  if (Array.isArray(detail)) {
    const problems = detail.map(problemText);
    return new ApiError(status, 'VALIDATION_ERROR', 'The server cannot read this request.', problems);
  }
  const message = typeof detail === 'string' ? detail : `The server answered with status ${status}.`;
  return new ApiError(status, typeof code === 'string' ? code : 'ERROR', message);
}

function problemText(detail: unknown): string {
  const { loc, msg } = (detail ?? {}) as { loc?: unknown; msg?: unknown };
  const where = Array.isArray(loc) ? loc.filter((part) => part !== 'body').join('.') : '';
  return where === '' ? String(msg) : `${where}: ${String(msg)}`;
}

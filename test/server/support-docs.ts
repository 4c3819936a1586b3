/** A shared server, and a client that reads its answers. */
import type { ServerOptionsInput } from '../../src/server/options.ts';
import { sharedServer } from './support-server.ts';

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
};

export type Client = {
  get(path: string, init?: RequestInit): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
};

/** Starts a server for the tests of a file or of a `describe`. @returns its client */
export function serve(options: ServerOptionsInput = {}): Client {
  const shared = sharedServer(options);
  const send = async (path: string, init: RequestInit): Promise<Reply> => {
    const response = await fetch(shared().url + path, { redirect: 'manual', ...init });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  };
  return {
    get: (path, init = {}) => send(path, init),
    post: (path, body) =>
      send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  };
}

export type Json = Record<string, unknown>;

/** Every object inside a JSON value, the value itself included. */
export function objectsIn(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value as Json, ...inner];
}

/** The value that a local reference (`#/a/b`) points to, or undefined. */
export function resolveRef(document: unknown, ref: string): unknown {
  if (!ref.startsWith('#/')) return undefined;
  return ref
    .slice(2)
    .split('/')
    .map((key) => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? (value as Json)[key] : undefined),
      document,
    );
}

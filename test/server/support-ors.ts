/** A client of ORS for tests: raw requests, and server-sent events as lists. */
import type { ServerOptionsInput } from '../../src/server/options.ts';
import type { Server } from '../../src/server/server.ts';
import type { Json } from './support-docs.ts';
import { makeServer } from './support-server.ts';

export type OrsReply = {
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
  readonly type: string;
};

export type OrsServer = {
  readonly server: Server;
  get(path: string, sid?: string, headers?: Json): Promise<OrsReply>;
  post(path: string, body?: unknown, sid?: string, headers?: Json): Promise<OrsReply>;
  /** Draws an id and begins an episode under it. @returns the id */
  begin(create: Json): Promise<string>;
  /** Calls a tool and returns the data of `end`, as JSON. */
  call(sid: string, name: string, input?: unknown, base?: string): Promise<Json>;
};

/** The events of a stream; throws if the text does not have the form of one. */
export function eventsIn(text: string): [string, string][] {
  if (!text.endsWith('\n\n')) throw new Error(`a stream ends with an empty line: ${text.slice(-80)}`);
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      const [, name, data] = /^event: (\w+)\ndata: ([^\r\n]*)$/.exec(event) ?? [];
      if (name === undefined || data === undefined) throw new Error(`not an event: ${event}`);
      return [name, data];
    });
}

/** Creates a server that is closed when the test ends. */
export async function orsServer(options: ServerOptionsInput = {}): Promise<OrsServer> {
  const server = await makeServer(options);
  const send = async (method: 'GET' | 'POST', url: string, body: unknown, sid?: string, more: Json = {}) => {
    const {
      statusCode,
      headers,
      body: text,
    } = await server.app.inject({
      method,
      url,
      headers: { ...(sid === undefined ? {} : { 'x-session-id': sid }), ...(more as Record<string, string>) },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    const type = String(headers['content-type']);
    return { status: statusCode, text, type, body: type.startsWith('application/json') ? JSON.parse(text) : undefined };
  };
  const post: OrsServer['post'] = (path, body, sid, headers) => send('POST', path, body, sid, headers);
  return {
    server,
    get: (path, sid, headers) => send('GET', path, undefined, sid, headers),
    post,
    begin: async (create) => {
      const [[, sid = ''] = []] = eventsIn((await post('/create_session', {})).text);
      const { status, text } = await post('/create', create, sid);
      if (status !== 200) throw new Error(`expected 200, got ${status}: ${text}`);
      return sid;
    },
    call: async (sid, name, input = {}, base = '') => {
      const { text } = await post(`${base}/call`, { name, input }, sid);
      const [last] = eventsIn(text).slice(-1);
      if (last?.[0] !== 'end') throw new Error(`expected an end: ${text.slice(0, 200)}`);
      return JSON.parse(last[1]);
    },
  };
}

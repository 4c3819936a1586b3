/** A socket with `?session_id=` plays in the session that openenv/session/create made. The session outlives the socket. */
import { describe, expect, it } from 'vitest';
import type { RpcAnswer } from './support-mcp.ts';
import { Client, type Observed, started, tokenOf } from './support-ws.ts';

type Mcp = {
  readonly url: string;
  call(method: string, params?: object): Promise<RpcAnswer>;
  /** Creates a session. @returns its id */
  create(): Promise<string>;
  /** Plays a step in a session by POST /mcp. @returns the number of steps so far */
  step(session_id: string): Promise<number>;
  metric(name: string): Promise<number>;
};

async function mcp(options: Parameters<typeof started>[0] = {}): Promise<Mcp> {
  const { server, url } = await started(options);
  const call: Mcp['call'] = async (method, params = {}) => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/mcp',
      payload: { jsonrpc: '2.0', id: 1, method, params },
    });
    return answer.json<RpcAnswer>();
  };
  return {
    url,
    call,
    create: async () => String((await call('openenv/session/create')).result?.session_id),
    step: async (session_id) => {
      const { result } = await call('tools/call', { name: 'do_nothing', session_id });
      return (result as { structuredContent: Observed['data'] }).structuredContent.observation.episode_step;
    },
    metric: async (name) => {
      const { body } = await server.app.inject('/metrics');
      return Number(new RegExp(`^ghostexec_${name} (\\S+)$`, 'm').exec(body)?.[1]);
    },
  };
}

const attach = ({ url }: Mcp, id: string, path = '/ws'): Promise<Client> =>
  Client.connect(`${url}${path}?session_id=${id}`);

/** The one message and the close code of a socket that got no session. */
async function refusal(client: Client): Promise<{ data: Record<string, unknown>; code: number }> {
  const { type, data } = await client.next();
  expect(type).toBe('error');
  return { data, code: (await client.closed).code };
}

/** Attaches a socket, with retries until the server has noticed that the previous one is gone. */
async function attached(server: Mcp, id: string): Promise<Client> {
  for (;;) {
    const client = await attach(server, id);
    if ((await client.state()).type === 'state') return client;
    await client.closed;
  }
}

describe('a socket that names a session', () => {
  it('plays in the session, alternately with POST /mcp, and takes no slot of its own', async () => {
    const server = await mcp({ maxSessions: 1 });
    const id = await server.create();
    const socket = await attach(server, id);
    expect((await socket.step()).data.observation.episode_step).toBe(1);
    await socket.reset({ task_id: 'monday_morning', seed: 3, episode_id: 'shared' });
    expect(await server.step(id)).toBe(1);
    expect((await socket.step()).data.observation).toMatchObject({ task_id: 'monday_morning', episode_step: 2 });
    expect(await server.step(id)).toBe(3);
    const { data } = await socket.ask({
      type: 'mcp',
      data: { jsonrpc: '2.0', id: 1, method: 'openenv/state' },
    });
    expect(data).toMatchObject({ result: { episode_id: 'shared', step_count: 3 } });
    expect(await server.metric('sessions')).toBe(1);
  });

  it.each([
    ['closes itself', (client: Client) => client.socket.close()],
    ['is lost', (client: Client) => client.socket.terminate()],
    ['sends close', (client: Client) => client.send({ type: 'close' })],
  ])('does not affect the session when it %s', async (_how, close) => {
    const server = await mcp();
    const id = await server.create();
    const socket = await attach(server, id);
    await socket.reset({ episode_id: 'mine' });
    await socket.step();
    close(socket);
    await socket.closed;
    expect(await server.step(id)).toBe(2);
    const next = await attached(server, id);
    expect((await next.state()).data).toMatchObject({ episode_id: 'mine', step_count: 2 });
    expect(await server.metric('kept_sessions')).toBe(0);
  });

  it('gets SESSION_ERROR and is closed if the session does not exist', async () => {
    const server = await mcp();
    const gone = await server.create();
    await server.call('openenv/session/close', { session_id: gone });
    for (const id of ['nope', gone]) {
      const { data, code } = await refusal(await attach(server, id));
      expect(data).toEqual({ code: 'SESSION_ERROR', message: expect.stringContaining(`"${id}"`) });
      expect(code).toBe(1008);
    }
    expect(await server.metric('sessions')).toBe(0);
  });

  it('gets SESSION_ERROR and is closed if another socket is attached, and the other socket stays', async () => {
    const server = await mcp();
    const id = await server.create();
    const first = await attach(server, id);
    await first.reset();
    const { data, code } = await refusal(await attach(server, id));
    expect(data).toEqual({ code: 'SESSION_ERROR', message: expect.stringContaining('another socket') });
    expect(code).toBe(1008);
    expect((await first.step()).data.observation.episode_step).toBe(1);
  });

  it('takes the session over from a socket that does not answer pings, which is closed with 4001', async () => {
    const server = await mcp({ pingInterval: 0.2 });
    const id = await server.create();
    const broken = await Client.connect(`${server.url}/ws?session_id=${id}`, { autoPong: false });
    await broken.reset({ episode_id: 'mine' });
    const next = await attached(server, id);
    expect((await broken.closed).code).toBe(4001);
    expect((await next.state()).data.episode_id).toBe('mine');
  });

  it('can lose the session to a socket without session_id that resumes with its token', async () => {
    const server = await mcp();
    const id = await server.create();
    const first = await attach(server, id);
    const begun = await first.reset();
    const second = await Client.connect(`${server.url}/ws`);
    expect(await second.ask({ type: 'resume', data: { session_token: tokenOf(begun) } })).toEqual(begun);
    expect((await first.closed).code).toBe(4001);
    expect((await refusal(await attach(server, id))).data.code).toBe('SESSION_ERROR');
    expect(await server.step(id)).toBe(1);
  });

  it.each(['', '?session_id='])('has a new session of its own if the id is missing or empty: /ws%s', async (query) => {
    const server = await mcp();
    const id = await server.create();
    const before = (await server.call('openenv/state', { session_id: id })).result;
    const client = await Client.connect(`${server.url}/ws${query}`);
    await client.reset();
    expect(await server.metric('sessions')).toBe(2);
    expect((await server.call('openenv/state', { session_id: id })).result).toEqual(before);
  });
});

describe('openenv/session/close while a socket is attached', () => {
  it('answers "closing"; the socket can play on, and the session ends with the socket', async () => {
    const server = await mcp();
    const id = await server.create();
    const socket = await attach(server, id);
    const begun = await socket.reset();
    for (let asked = 0; asked < 2; asked++) {
      const { result } = await server.call('openenv/session/close', { session_id: id });
      expect(result).toEqual({ session_id: id, closed: false, closing: true });
    }
    expect((await socket.step()).data.observation.episode_step).toBe(1);
    expect((await refusal(await attach(server, id))).data.code).toBe('SESSION_ERROR');
    socket.socket.close();
    await socket.closed;
    await expect.poll(() => server.metric('sessions')).toBe(0);
    const gone = await server.call('openenv/session/close', { session_id: id });
    expect(gone.error?.code).toBe(-32602);
    const other = await Client.connect(`${server.url}/ws`);
    const answer = await other.ask({ type: 'resume', data: { session_token: tokenOf(begun) } });
    expect(answer.data.code).toBe('SESSION_ERROR');
  });

  it('is refused over the socket itself', async () => {
    const server = await mcp();
    const id = await server.create();
    const socket = await attach(server, id);
    const close = { jsonrpc: '2.0', id: 1, method: 'openenv/session/close', params: { session_id: id } };
    expect(await socket.ask({ type: 'mcp', data: close })).toMatchObject({ data: { error: { code: -32600 } } });
    expect((await socket.reset()).type).toBe('observation');
  });

  it('ends the session after the socket was closed, which is the order of an OpenEnv client', async () => {
    const server = await mcp();
    const id = await server.create();
    const socket = await attach(server, id);
    await socket.reset();
    socket.send({ type: 'close' });
    await socket.closed;
    const { result } = await server.call('openenv/session/close', { session_id: id });
    expect(result).toEqual({ session_id: id, closed: true });
  });
});

describe('WS /mcp', () => {
  it('attaches to a session in the same way', async () => {
    const server = await mcp();
    const id = await server.create();
    const socket = await attach(server, id, '/mcp');
    expect(await server.step(id)).toBe(1);
    const state = { jsonrpc: '2.0', id: 1, method: 'openenv/state' };
    expect(await socket.ask<object>(state)).toMatchObject({ result: { step_count: 1 } });
    const refused = await attach(server, id, '/mcp');
    expect(await refused.next()).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, message: expect.stringContaining('another socket'), data: { code: 'SESSION_ERROR' } },
    });
    expect((await refused.closed).code).toBe(1008);
  });
});

describe('an evicted session', () => {
  it('can be played over POST /mcp without a slot, and needs a slot for a socket', async () => {
    const server = await mcp({ maxSessions: 1, pingInterval: 0.2 });
    const id = await server.create();
    const silent = await Client.connect(`${server.url}/ws?session_id=${id}`, { autoPong: false });
    await silent.reset();
    while ((await server.metric('kept_sessions')) === 0) {
      const next = await Client.connect(`${server.url}/ws`);
      if ((await next.reset()).type === 'observation') break;
      await next.closed;
    }
    expect((await silent.closed).code).toBe(4003);
    expect([await server.step(id), await server.step(id)]).toEqual([1, 2]);
    expect((await refusal(await attach(server, id))).data).toMatchObject({ code: 'CAPACITY_REACHED' });
  });
});

/** Sockets and their sessions: capacity, resume, limits and shutdown. */
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { Sessions } from '../../src/server/sessions.ts';
import { actionsFor, Client, common, type Observed, resume, serve, started, tokenOf } from './support-ws.ts';

/** A socket with a session, with retries until the server has noticed that the previous socket is gone. */
async function admitted(url: string): Promise<Client> {
  for (;;) {
    const client = await Client.connect(url);
    if ((await client.state()).type === 'state') return client;
    await client.closed;
  }
}

describe('a session whose socket is gone', () => {
  it('continues on another socket as if nothing had happened', async () => {
    const url = `${await serve()}/ws`;
    const [steady, first] = [await Client.connect(url), await Client.connect(url)];
    const asked = { seed: 3, task_id: 'phase2_core' };
    const opening = await steady.reset(asked);
    let shaky = await first.reset(asked);
    const actions = actionsFor(opening);
    let client = first;
    for (const action of actions) {
      const expected = common(await steady.step(action));
      shaky = await client.step(action);
      expect(common(shaky)).toBe(expected);
      client.socket.terminate();
      await client.closed;
      client = await Client.connect(url);
      expect(await resume(client, tokenOf(shaky))).toEqual(shaky);
    }
    const [one, other] = [(await steady.state()).data, (await client.state()).data];
    expect({ ...other, episode_id: '' }).toEqual({ ...one, episode_id: '' });
    expect(other.episode_id).toBe(shaky.data.metadata.episode_id);
  });

  it('can be taken over from a socket that is still open, which is closed with 4001', async () => {
    const url = `${await serve()}/ws`;
    const old = await Client.connect(url);
    const begun = await old.reset({ seed: 4 });
    const client = await Client.connect(url);
    expect(await resume(client, tokenOf(begun))).toEqual(begun);
    expect((await old.closed).code).toBe(4001);
    expect((await client.step()).data.observation.episode_step).toBe(1);
  });

  it('can be resumed on its own socket, and by a socket with another session, which is kept', async () => {
    const url = `${await serve()}/ws`;
    const [one, other] = [await Client.connect(url), await Client.connect(url)];
    const begun = [await one.reset({ seed: 1 }), await other.reset({ seed: 2 })] as const;
    expect(await resume(one, tokenOf(begun[0]))).toEqual(begun[0]);
    expect(await resume(one, tokenOf(begun[1]))).toEqual(begun[1]);
    expect((await other.closed).code).toBe(4001);
    expect(await resume(one, tokenOf(begun[0]))).toEqual(begun[0]);
  });

  it('cannot be resumed after a close message', async () => {
    const url = `${await serve()}/ws`;
    const old = await Client.connect(url);
    const begun = await old.reset();
    old.send({ type: 'close' });
    await old.closed;
    const client = await Client.connect(url);
    const answer = await client.ask({ type: 'resume', data: { session_token: tokenOf(begun) } });
    expect(answer).toMatchObject({ type: 'error', data: { code: 'SESSION_ERROR' } });
    expect(JSON.stringify(answer)).not.toContain(tokenOf(begun));
  });

  it('takes no slot while it is kept, and new sessions do not evict it', async () => {
    const url = `${await serve({ maxSessions: 1 })}/ws`;
    const old = await Client.connect(url);
    const begun = await old.reset({ seed: 9 });
    old.socket.terminate();
    const guest = await admitted(url);
    await guest.reset({ seed: 10 });
    guest.send({ type: 'close' });
    await guest.closed;
    expect(await resume(await admitted(url), tokenOf(begun))).toEqual(begun);
  });

  it('is evicted, the oldest first, if there are more kept sessions than maxSessions', async () => {
    const url = `${await serve({ maxSessions: 1 })}/ws`;
    const tokens: string[] = [];
    for (let n = 0; n < 2; n++) {
      const client = await admitted(url);
      tokens.push(tokenOf(await client.reset({ seed: n })));
      client.socket.terminate();
    }
    const client = await admitted(url);
    const [gone, kept] = tokens;
    expect(await resume(client, gone ?? '')).toMatchObject({ type: 'error', data: { code: 'SESSION_ERROR' } });
    expect((await resume(client, kept ?? '')).data.observation.seed).toBe(1);
  });
});

describe('a socket for which there is no session', () => {
  it('gets the number of sessions and is closed, and a new socket gets a session once another has closed', async () => {
    const url = `${await serve({ maxSessions: 2 })}/ws`;
    const [first] = [await Client.connect(url), await Client.connect(url)];
    const refused = await Client.connect(url);
    expect(await refused.next()).toMatchObject({
      type: 'error',
      data: { code: 'CAPACITY_REACHED', active_sessions: 2, max_sessions: 2 },
    });
    expect((await refused.closed).code).toBe(1013);
    first.send({ type: 'close' });
    await first.closed;
    const client = await Client.connect(url);
    expect((await client.reset()).type).toBe('observation');
  });

  it('gets FACTORY_ERROR and is closed if creating a session fails', async () => {
    const url = `${await serve()}/ws`;
    const open = vi.spyOn(Sessions.prototype, 'open').mockImplementationOnce(() => {
      throw new Error('a secret');
    });
    const refused = await Client.connect(url);
    open.mockRestore();
    const { data } = await refused.next();
    expect(data.code).toBe('FACTORY_ERROR');
    expect(data.message).not.toContain('secret');
    expect((await refused.closed).code).toBe(1011);
  });
});

describe('at capacity, a socket', () => {
  it('that does not answer pings is closed with 4003, and its session is kept', async () => {
    const url = `${await serve({ maxSessions: 1, pingInterval: 0.2 })}/ws`;
    const silent = await Client.connect(url, { autoPong: false });
    const begun = await silent.reset({ seed: 6 });
    const next = await admitted(url);
    expect((await silent.closed).code).toBe(4003);
    await next.reset({ seed: 7 });
    expect(await resume(next, tokenOf(begun))).toEqual(begun);
  });

  it('that does not answer pings stays while another such socket has no episode', async () => {
    const url = `${await serve({ maxSessions: 2, pingInterval: 0.2 })}/ws`;
    const silent = [
      await Client.connect(url, { autoPong: false }),
      await Client.connect(url, { autoPong: false }),
    ] as const;
    await silent[0].reset();
    await admitted(url);
    expect((await silent[1].closed).code).toBe(4003);
    expect((await silent[0].step()).data.observation.episode_step).toBe(1);
  });

  it('that answers pings stays', async () => {
    const url = `${await serve({ maxSessions: 1, pingInterval: 0.1 })}/ws`;
    const client = await Client.connect(url);
    await client.reset();
    for (let pings = 0; pings < 6; pings++) await once(client.socket, 'ping');
    expect(await (await Client.connect(url)).next()).toMatchObject({ data: { code: 'CAPACITY_REACHED' } });
    expect((await client.step()).data.observation.episode_step).toBe(1);
  });
});

describe('the limits of a socket', () => {
  it('a message above the limit closes the socket with 1009, and its session is kept', async () => {
    const url = `${await serve({ bodyLimit: 1 })}/ws`;
    const client = await Client.connect(url);
    const begun = await client.reset();
    client.sendRaw(`{"type":"step","data":{"message":"${'x'.repeat(2 ** 20 - 100)}"}}`);
    expect(await client.next<Observed>()).toMatchObject({ type: 'observation' });
    client.sendRaw('x'.repeat(2 ** 20 + 1));
    expect((await client.closed).code).toBe(1009);
    const next = await Client.connect(url);
    expect((await resume(next, tokenOf(begun))).data.observation.episode_step).toBe(1);
  });

  it('a client that reads nothing for too long is cut, and its session is kept', async () => {
    const { server, url } = await started({ stallTimeout: 0.5 });
    const client = await Client.connect(`${url}/ws`);
    const begun = await client.reset();
    client.socket.pause();
    for (let n = 0; n < 6_000; n++) client.send({ type: 'state' });
    const kept = async (): Promise<string> => (await server.app.inject('/metrics')).body;
    await expect.poll(kept, { timeout: 30_000 }).toContain('ghostexec_connections_cut_total{reason="stalled"} 1');
    await expect.poll(kept, { timeout: 30_000 }).toContain('\nghostexec_kept_sessions 1\n');
    const next = await Client.connect(`${url}/ws`);
    expect(await resume(next, tokenOf(begun))).toEqual(begun);
  });

  it('the server stops reading messages while its answers are unread, and loses none', async () => {
    const { server, url } = await started();
    const client = await Client.connect(`${url}/ws`);
    await client.reset();
    client.socket.pause();
    const count = 6_000;
    for (let n = 0; n < count; n++) client.send({ type: 'state', request_id: String(n) });
    const [socket] = server.app.websocketServer.clients;
    await vi.waitFor(() => expect(socket?.isPaused).toBe(true), { timeout: 30_000, interval: 20 });
    expect(socket?.bufferedAmount).toBeLessThan(16 * 2 ** 20);
    client.socket.resume();
    for (let n = 0; n < count; n++) expect((await client.next()).request_id).toBe(String(n));
    expect(socket?.isPaused).toBe(false);
  });

  it('only the subprotocol mcp is accepted', async () => {
    const url = `${await serve()}/mcp`;
    const { socket } = await Client.connect(url, {}, ['other', 'mcp']);
    expect(socket.protocol).toBe('mcp');
    await expect(Client.connect(url, {}, ['other'])).rejects.toThrow('subprotocol');
  });

  it('a plain GET gets 426 on /ws and 405 on /mcp', async () => {
    const url = (await serve()).replace('ws', 'http');
    const ws = await fetch(`${url}/ws`);
    expect([ws.status, await ws.json()]).toEqual([426, expect.objectContaining({ code: 'UPGRADE_REQUIRED' })]);
    const mcp = await fetch(`${url}/mcp`);
    expect([mcp.status, mcp.headers.get('allow')]).toEqual([405, 'POST, DELETE']);
  });
});

describe('a server that shuts down', () => {
  it('closes sockets with 1001 and a reason', async () => {
    const { server, url } = await started();
    const clients = [await Client.connect(`${url}/ws`), await Client.connect(`${url}/mcp`)];
    await server.close();
    for (const client of clients) {
      expect(await client.closed).toEqual({ code: 1001, reason: expect.stringContaining('shutting down') });
    }
  });

  it('does not wait for a client that does not answer', async () => {
    const { server, url } = await started();
    const client = await Client.connect(`${url}/ws`);
    client.socket.pause();
    await server.close();
    expect(server.app.server.listening).toBe(false);
  });
});

describe('WS /mcp', () => {
  const call = (id: number, method: string): object => ({ jsonrpc: '2.0', id, method, params: {} });

  it('answers bare JSON-RPC, in the order of the requests', async () => {
    const client = await Client.connect(`${await serve()}/mcp`);
    client.send(call(1, 'tools/list'));
    client.sendRaw('{');
    client.sendRaw(Buffer.from([0xff]));
    client.send(call(2, 'ping'));
    client.send(call(3, 'no/such'));
    const answers = [];
    for (let n = 0; n < 5; n++) answers.push(await client.next<object>());
    expect(answers).toMatchObject([
      { jsonrpc: '2.0', id: 1, result: { tools: expect.any(Array) } },
      { jsonrpc: '2.0', id: null, error: { code: -32700 } },
      { jsonrpc: '2.0', id: null, error: { code: -32700 } },
      { jsonrpc: '2.0', id: 2, result: {} },
      { jsonrpc: '2.0', id: 3, error: { code: -32601 } },
    ]);
  });

  it('reports the capacity limit as a JSON-RPC error', async () => {
    const url = await serve({ maxSessions: 1 });
    await Client.connect(`${url}/ws`);
    const refused = await Client.connect(`${url}/mcp`);
    expect(await refused.next()).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, data: { active_sessions: 1, max_sessions: 1 } },
    });
    expect((await refused.closed).code).toBe(1013);
  });
});

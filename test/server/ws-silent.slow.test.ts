/** Sockets that are silent for a while: pings, idle sockets, and the sessions that they leave. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Client, resume, serve, started, tokenOf } from './support-ws.ts';

describe('a silent socket', () => {
  it('that does not answer pings for the whole timeout is cut and counted, and its session is kept', async () => {
    const { server, url } = await started({ maxSessions: 1, pingInterval: 0.2, pingTimeout: 0.7 });
    const silent = await Client.connect(`${url}/ws`, { autoPong: false });
    let pings = 0;
    silent.socket.on('ping', () => pings++);
    const begun = await silent.reset();
    expect((await silent.closed).code).toBe(1006);
    expect(pings).toBeGreaterThanOrEqual(4);
    const client = await Client.connect(`${url}/ws`);
    expect(await resume(client, tokenOf(begun))).toEqual(begun);
    const { body } = await server.app.inject('/metrics');
    expect(body).toContain('ghostexec_connections_cut_total{reason="dead"} 1');
    expect(body).toContain('\nghostexec_kept_sessions 0\n');
  });

  it('that answers pings again within the timeout stays open, as with a trainer whose event loop was blocked', async () => {
    const client = await Client.connect(`${await serve({ pingInterval: 0.1, pingTimeout: 2 })}/ws`, {
      autoPong: false,
    });
    await client.reset();
    for (let round = 0; round < 3; round++) {
      for (let pings = 0; pings < 8; pings++) await once(client.socket, 'ping');
      client.socket.pong();
    }
    expect((await client.step()).data.observation.episode_step).toBe(1);
  });

  it('that answers pings stays open', async () => {
    const client = await Client.connect(`${await serve({ pingInterval: 0.3 })}/ws`);
    for (let pings = 0; pings < 3; pings++) await once(client.socket, 'ping');
    expect((await client.state()).type).toBe('state');
  });

  it('is closed with 4002 only if socketIdleTimeout is set, and its session is kept', async () => {
    const url = `${await serve({ socketIdleTimeout: 1, pingInterval: 0.3 })}/ws`;
    const idle = await Client.connect(url);
    const begun = await idle.reset();
    expect(await idle.closed).toEqual({ code: 4002, reason: expect.stringContaining('idle') });
    const client = await Client.connect(url);
    expect(await resume(client, tokenOf(begun))).toEqual(begun);
  });

  it('keeps its session beyond episodeTimeout, while a session without a socket ends', async () => {
    const url = `${await serve({ episodeTimeout: 0.5 })}/ws`;
    const [quiet, lost] = [await Client.connect(url), await Client.connect(url)];
    await quiet.reset();
    const begun = await lost.reset();
    lost.socket.terminate();
    // Each attempt uses a new socket, because a socket that has resumed would keep the session.
    const refused = async (): Promise<unknown> => {
      const client = await Client.connect(url);
      const answer = await client.ask({ type: 'resume', data: { session_token: tokenOf(begun) } });
      client.socket.terminate();
      await client.closed;
      return answer.data.code;
    };
    await expect.poll(refused, { timeout: 30_000, interval: 1_500 }).toBe('SESSION_ERROR');
    expect((await quiet.step()).data.observation.episode_step).toBe(1);
  });

  it('gets its pings answered', async () => {
    const client = await Client.connect(`${await serve()}/ws`);
    client.socket.ping('are you there?');
    const [data] = await once(client.socket, 'pong');
    expect(String(data)).toBe('are you there?');
  });
});

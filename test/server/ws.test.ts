/** The messages of /ws: their answers, the order of the answers, and that no bad message ends a session. */
import { describe, expect, it, vi } from 'vitest';
import { Session } from '../../src/server/session.ts';
import { wireObservationSchema } from '../../src/server/wire.ts';
import { actionsFor, Client, common, type Reply, serve, started } from './support-ws.ts';

const connect = async (): Promise<Client> => Client.connect(`${await serve()}/ws`);

describe('the messages of /ws', () => {
  it('reset is answered with the observation of the requested episode', async () => {
    const client = await connect();
    const { type, data } = await client.reset({ task_id: 'phase2_core', seed: 7, episode_id: 'mine' });
    expect(type).toBe('observation');
    expect(wireObservationSchema.parse(data.observation)).toEqual(data.observation);
    expect(data).toMatchObject({ reward: 0, done: false, observation: { task_id: 'phase2_core', seed: 7 } });
    expect(await client.state()).toMatchObject({ type: 'state', data: { episode_id: 'mine', step_count: 0 } });
  });

  it('a step before any reset is refused and plays nothing, and the session continues', async () => {
    const { server, url } = await started();
    const client = await Client.connect(`${url}/ws`);
    const nothing = { episode_id: null, step_count: 0, seed: null, done: false, world: null };
    expect((await client.state()).data).toMatchObject(nothing);
    expect(await client.ask({ type: 'step', data: { action_type: 'do_nothing' }, request_id: 'r' })).toEqual({
      type: 'error',
      data: { code: 'RESET_NEEDED', message: expect.stringMatching(/reset.*resume/) },
      request_id: 'r',
    });
    expect((await client.state()).data).toMatchObject(nothing);
    await client.reset({ episode_id: 'mine' });
    expect((await client.step()).data.observation.episode_step).toBe(1);
    expect((await client.state()).data).toMatchObject({ episode_id: 'mine', step_count: 1 });
    const { body } = await server.app.inject('/metrics');
    expect(body).toContain('ghostexec_errors_total{code="RESET_NEEDED"} 1\n');
    expect(body).toContain('ghostexec_steps_total{surface="ws"} 1\n');
  });

  it('a tool that plays a step is refused before any reset, in an mcp message and in a step', async () => {
    const client = await connect();
    const rpc = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'do_nothing' } };
    const calls = [
      { type: 'mcp', data: rpc },
      { type: 'step', data: { type: 'call_tool', tool_name: 'do_nothing' } },
    ];
    for (const call of calls)
      expect(JSON.stringify(await client.ask(call))).toContain('"error_type":"execution_error"');
    expect((await client.state()).data.step_count).toBe(0);
    await client.reset();
    for (const call of calls) expect(JSON.stringify(await client.ask(call))).not.toContain('error_type');
    expect((await client.state()).data.step_count).toBe(2);
  });

  it('after the end of an episode, a step is refused, also on another socket', async () => {
    const url = `${await serve()}/ws`;
    const first = await Client.connect(url);
    let answer = await first.reset({ task_id: 'phase2_core', rules: 'v1' });
    const { session_token } = answer.data.metadata;
    while (!answer.data.done) answer = await first.step();
    const ended = (await first.state()).data;
    first.socket.terminate();
    const next = await Client.connect(url);
    expect(await next.ask({ type: 'resume', data: { session_token } })).toEqual(answer);
    expect((await next.state()).data).toEqual(ended);
    expect((await next.step()).data).toMatchObject({ done: true, observation: { step_ok: false } });
    expect((await next.state()).data).toEqual(ended);
  });

  it('the same seed and actions give the same observations and the same state', async () => {
    const url = `${await serve()}/ws`;
    const play = async (): Promise<string[]> => {
      const client = await Client.connect(url);
      const first = await client.reset({ seed: 11, episode_id: 'same' });
      const answers = [common(first)];
      for (const action of actionsFor(first)) answers.push(common(await client.step(action)));
      return [...answers, JSON.stringify((await client.state()).data)];
    };
    expect(await play()).toEqual(await play());
  });

  it('close ends the session and closes the socket with 1000', async () => {
    const client = await connect();
    client.send({ type: 'close' });
    expect((await client.closed).code).toBe(1000);
    expect(client.unread).toBe(0);
  });

  it('an mcp message carries JSON-RPC, and its answer comes in an envelope', async () => {
    const client = await connect();
    const answer = await client.ask({ type: 'mcp', data: { jsonrpc: '2.0', id: 3, method: 'tools/list' } });
    expect(answer).toMatchObject({
      type: 'mcp',
      data: { jsonrpc: '2.0', id: 3, result: { tools: expect.any(Array) } },
    });
  });

  it('a notification is answered only if it has a request_id', async () => {
    const client = await connect();
    const data = { jsonrpc: '2.0', method: 'notifications/initialized' };
    client.send({ type: 'mcp', data });
    expect(await client.ask({ type: 'mcp', data, request_id: 'n' })).toEqual({
      type: 'mcp',
      data: null,
      request_id: 'n',
    });
  });

  it.each([
    [{ type: 'reset', data: { seed: 1 } }, 'observation'],
    [{ type: 'step', data: {} }, 'observation'],
    [{ type: 'state' }, 'state'],
    [{ type: 'mcp', data: { jsonrpc: '2.0', id: 1, method: 'ping' } }, 'mcp'],
    [{ type: 'resume', data: { session_token: 'none' } }, 'error'],
    [{ type: 'step', data: { action_type: 'dance' } }, 'error'],
    [{ type: 'reset', data: { task_id: 'none' } }, 'error'],
    [{ type: 'close', data: {} }, 'error'],
    [{ type: 'toString' }, 'error'],
  ])('the answer repeats the request_id: %j', async (message, type) => {
    const client = await connect();
    await client.reset();
    const request_id = 'i'.repeat(255);
    expect(await client.ask({ ...message, request_id })).toMatchObject({ type, request_id });
    expect(await client.ask({ ...message, request_id: null })).not.toHaveProperty('request_id');
    const refused = await client.ask({ ...message, request_id: 'i'.repeat(256) });
    expect(refused).toMatchObject({ type: 'error' });
    expect(refused).not.toHaveProperty('request_id');
  });
});

describe('an invalid message is answered with its error', () => {
  const refused: [string, string | Buffer, string, RegExp][] = [
    ['not JSON', '{"type":', 'INVALID_JSON', /JSON/],
    ['nothing', '', 'INVALID_JSON', /JSON/],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'INVALID_JSON', /UTF-8/],
    ['a number', '5', 'VALIDATION_ERROR', /object.*got 5/],
    ['null', 'null', 'VALIDATION_ERROR', /object.*got null/],
    ['a list', '[{"type":"state"}]', 'VALIDATION_ERROR', /object/],
    ['no type', '{}', 'UNKNOWN_TYPE', /no type; known: reset, step, state, close, mcp, resume/],
    ['an unknown type', '{"type":"dance"}', 'UNKNOWN_TYPE', /"dance"; known: reset, step/],
    ['the type of a prototype', '{"type":"constructor"}', 'UNKNOWN_TYPE', /"constructor"/],
    ['an inherited type', '{"__proto__":{"type":"state"}}', 'UNKNOWN_TYPE', /no type/],
    ['a type that is not a string', '{"type":{"a":1}}', 'UNKNOWN_TYPE', /known/],
    ['state with data', '{"type":"state","data":{}}', 'VALIDATION_ERROR', /data/],
    ['close with data', '{"type":"close","data":{}}', 'VALIDATION_ERROR', /data/],
    ['an unknown key', '{"type":"step","data":{},"extra":1}', 'VALIDATION_ERROR', /extra/],
    ['a polluting key', '{"type":"step","data":{},"__proto__":{}}', 'VALIDATION_ERROR', /__proto__/],
    ['a request_id that is not a string', '{"type":"state","request_id":5}', 'VALIDATION_ERROR', /request_id.*5/],
    ['a step without an action', '{"type":"step"}', 'VALIDATION_ERROR', /data: missing/],
    ['a wrapped action', '{"type":"step","data":{"action":{}}}', 'VALIDATION_ERROR', /data\.action/],
    ['an unknown action', '{"type":"step","data":{"action_type":"dance"}}', 'VALIDATION_ERROR', /action_type.*"dance"/],
    ['a seed below 0', '{"type":"reset","data":{"seed":-1}}', 'VALIDATION_ERROR', /data\.seed.*-1/],
    ['a seed that is not a number', '{"type":"reset","data":{"seed":"x"}}', 'VALIDATION_ERROR', /data\.seed.*"x"/],
    ['an unknown task', '{"type":"reset","data":{"task_id":"x"}}', 'VALIDATION_ERROR', /"x"; known: .*phase2_core/],
    ['an invalid scenario', '{"type":"reset","data":{"scenario":{"a":1}}}', 'VALIDATION_ERROR', /"a"/],
    ['data that is not an object', '{"type":"reset","data":7}', 'VALIDATION_ERROR', /data.*7/],
    ['mcp without data', '{"type":"mcp"}', 'VALIDATION_ERROR', /data.*JSON-RPC/],
    ['an unknown token', '{"type":"resume","data":{"session_token":"x"}}', 'SESSION_ERROR', /token/],
    ['a resume without a token', '{"type":"resume"}', 'VALIDATION_ERROR', /data/],
    ['deep nesting', `{"type":"step","data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'VALIDATION_ERROR', /data/],
  ];

  it.each(refused)('%s', async (_name, raw, code, message) => {
    const client = await connect();
    client.sendRaw(raw);
    const { type, data } = await client.next();
    expect(type).toBe('error');
    expect(data).toMatchObject({ code, message: expect.stringMatching(message) });
    if (code === 'VALIDATION_ERROR') {
      const entry = { type: expect.any(String), loc: expect.any(Array), msg: expect.any(String) };
      expect(data.errors).toEqual(expect.arrayContaining([expect.objectContaining(entry)]));
    } else expect(data).not.toHaveProperty('errors');
    expect((await client.state()).data.step_count, 'no step was played').toBe(0);
  });

  it('after all of these messages, the session plays its episode to the end and gets its grade', async () => {
    const client = await connect();
    await client.reset({ seed: 5, episode_id: 'whole' });
    let answer = await client.step({ action_type: 'do_nothing' });
    for (const [, raw] of refused) {
      client.sendRaw(raw);
      expect((await client.next()).type).toBe('error');
    }
    // A text frame with invalid UTF-8 does not end the session either.
    client.socket.send(Buffer.from([0xc0, 0x80]), { binary: false });
    expect((await client.next()).data.code).toBe('INVALID_JSON');
    expect((await client.state()).data).toMatchObject({ episode_id: 'whole', step_count: 1 });
    while (!answer.data.done) answer = await client.step({ action_type: 'do_nothing' });
    expect(answer.data.observation.episode_step).toBe(answer.data.observation.max_episode_steps);
    expect(answer.data.observation.grade?.grade).toBeGreaterThanOrEqual(0.01);
  });

  it('a refused reset does not affect the running episode', async () => {
    const client = await connect();
    await client.reset({ episode_id: 'kept' });
    expect(await client.ask({ type: 'reset', data: { split: 'no split' } })).toMatchObject({ type: 'error' });
    expect((await client.state()).data.episode_id).toBe('kept');
  });

  it('an internal error is answered with EXECUTION_ERROR, without its details', async () => {
    const client = await connect();
    await client.reset();
    const step = vi.spyOn(Session.prototype, 'play').mockImplementationOnce(() => {
      throw new TypeError('a secret');
    });
    const { type, data } = await client.ask({ type: 'step', data: {}, request_id: 'r' });
    step.mockRestore();
    expect(type).toBe('error');
    expect(data.code).toBe('EXECUTION_ERROR');
    expect(data.message).not.toContain('secret');
    expect((await client.step()).data.observation.episode_step).toBe(1);
  });

  it.each([
    ['/ws', (rpc: object) => ({ type: 'mcp', data: rpc })],
    ['/mcp', (rpc: object) => rpc],
  ])('an internal error in a tool over %s is reported to the log alone', async (path, carried) => {
    const { server, url } = await started();
    const log = vi.spyOn(server.app.log, 'error');
    const client = await Client.connect(url + path);
    await client.ask(carried({ jsonrpc: '2.0', id: 0, method: 'openenv/session/create' }));
    const failure = new TypeError('a secret');
    const step = vi.spyOn(Session.prototype, 'step').mockImplementationOnce(() => {
      throw failure;
    });
    const params = { name: 'do_nothing' };
    const answer = await client.ask(carried({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
    step.mockRestore();
    const error = { code: -32603, message: 'the server failed; its log says why' };
    expect(answer).toEqual(carried({ jsonrpc: '2.0', id: 1, error }));
    expect(log.mock.calls).toEqual([[{ err: failure }, expect.any(String)]]);
  });

  it('binary frames may hold JSON', async () => {
    const client = await connect();
    client.sendRaw(Buffer.from('{"type":"state","request_id":"é"}'));
    expect(await client.next()).toMatchObject({ type: 'state', request_id: 'é' });
  });
});

describe('answers come in the order of the requests', () => {
  it('for 500 mixed messages sent without waiting', async () => {
    const client = await connect();
    await client.reset();
    const kinds: ((n: number) => [object | string, string])[] = [
      () => [{ type: 'step', data: { action_type: 'do_nothing' } }, 'observation'],
      (id) => [{ type: 'mcp', data: { jsonrpc: '2.0', id, method: 'tools/list' } }, 'mcp'],
      () => [{ type: 'state' }, 'state'],
      () => [{ type: 'dance' }, 'error'],
      (seed) => [{ type: 'reset', data: { seed } }, 'observation'],
      (id) => [{ type: 'mcp', data: { jsonrpc: '2.0', id, method: 'ping' } }, 'mcp'],
      () => [{ type: 'step', data: { action_type: 'dance' } }, 'error'],
    ];
    const expected: Reply[] = [];
    for (let n = 0; n < 500; n++) {
      const request_id = String(n);
      const [message, type] = kinds[n % kinds.length]?.(n) ?? [{}, ''];
      client.send({ ...(message as object), request_id });
      expected.push({ type, request_id } as Reply);
    }
    const answers: Reply[] = [];
    for (let n = 0; n < 500; n++) answers.push(await client.next());
    expect(answers.map(({ type, request_id }) => ({ type, request_id }))).toEqual(expected);
    const states = answers.filter(({ type }) => type === 'state').map(({ data }) => data.step_count);
    expect(states, 'and the messages were carried out in it').toEqual(states.map(() => 1));
    expect(client.unread).toBe(0);
  });

  it('the sessions of 300 sockets are independent of each other', async () => {
    const url = `${await serve()}/ws`;
    const clients = await Promise.all(Array.from({ length: 300 }, () => Client.connect(url)));
    await Promise.all(
      clients.map(async (client, n) => {
        await client.reset({ seed: n, episode_id: `episode ${n}` });
        for (let step = 0; step < n % 4; step++) await client.step({ action_type: 'do_nothing' });
      }),
    );
    const states = await Promise.all(clients.map((client) => client.state()));
    expect(states.map(({ data: { episode_id, seed, step_count } }) => ({ episode_id, seed, step_count }))).toEqual(
      clients.map((_, n) => ({ episode_id: `episode ${n}`, seed: n, step_count: n % 4 })),
    );
  });
});

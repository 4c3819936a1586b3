/** The rules of JSON-RPC over POST /mcp, for valid and invalid bodies. */
import { expect, test } from 'vitest';
import { VERSION } from '../../src/lib/version.ts';
import { type McpServer, mcpServer, type RpcAnswer } from './support-mcp.ts';

const ping = { jsonrpc: '2.0', id: 7, method: 'ping' };

test('a message that is not a request is refused with the reason', async () => {
  const mcp = await mcpServer();
  const wrong: [unknown, RegExp][] = [
    [{}, /jsonrpc: missing, expected "2\.0"/],
    [{ jsonrpc: '1.0', id: 1, method: 'ping' }, /jsonrpc: expected "2\.0", got "1\.0"/],
    [{ jsonrpc: '2.0', id: 1 }, /method: missing, expected string/],
    [{ jsonrpc: '2.0', id: 1, method: 5 }, /method: expected string, got 5/],
    [{ jsonrpc: '2.0', id: { a: 1 }, method: 'ping' }, /id: expected a string, a number or nothing, got \{"a":1\}/],
    [null, /expected object, got null/],
    [17, /expected object, got 17/],
    ['ping', /expected object, got "ping"/],
    [[], /expected 1 to 128 messages in a batch, got 0/],
    [Array.from({ length: 129 }, () => ping), /expected 1 to 128 messages in a batch, got 129/],
  ];
  for (const [message, why] of wrong) {
    const { jsonrpc, error } = await mcp.send(message);
    expect(jsonrpc).toBe('2.0');
    expect(error?.code).toBe(-32600);
    expect(error?.message).toMatch(why);
  }
});

test('a refusal repeats the id of the request if it is valid, else it has null', async () => {
  const mcp = await mcpServer();
  expect((await mcp.send({ id: 'x', method: 'ping' })).id).toBe('x');
  expect((await mcp.send({ id: [1], method: 'ping' })).id).toBeNull();
  expect((await mcp.send({ jsonrpc: '2.0', id: null, method: 'ping' })).result).toEqual({});
});

test('an empty body counts as an empty object; a body that is not JSON is -32700', async () => {
  const mcp = await mcpServer();
  expect(JSON.parse((await mcp.post('')).text).error.code).toBe(-32600);
  for (const body of ['{', 'nonsense', '[1,', '\u0000', Buffer.from([0xff, 0xfe, 0x7b])]) {
    const { status, text } = await mcp.post(body);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32700 } });
  }
});

test('any content type is accepted', async () => {
  const mcp = await mcpServer();
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json-rpc; charset=utf-8']) {
    const { status, text } = await mcp.post(JSON.stringify(ping), { 'content-type': type });
    expect([status, JSON.parse(text)]).toEqual([200, { jsonrpc: '2.0', id: 7, result: {} }]);
  }
});

test('the refusal of an unknown method names it and the known methods', async () => {
  const mcp = await mcpServer();
  for (const method of ['tools/lst', '__proto__', 'constructor', '', 'x'.repeat(100_000)]) {
    const { code, message } = await mcp.refused(method);
    expect(code).toBe(-32601);
    expect(message).toContain(`there is no method "${method.slice(0, 20)}`);
    expect(message).toContain('tools/list, tools/call, openenv/session/create');
    expect(message.length).toBeLessThan(400);
  }
});

test('bad params are listed one by one', async () => {
  const mcp = await mcpServer();
  const error = await mcp.refused('tools/call', { name: 5, arguments: 'all of them' });
  expect(error.code).toBe(-32602);
  expect(error.message).toBe(
    'params.name: expected string, got 5; params.arguments: expected record, got "all of them"',
  );
  expect(error.data).toEqual({
    detail: [
      { type: 'string_type', loc: ['params', 'name'], msg: 'expected string, got 5', input: 5 },
      { type: 'record_type', loc: ['params', 'arguments'], msg: expect.any(String), input: 'all of them' },
    ],
  });
  for (const params of [[], 'x', 5, true]) {
    expect((await mcp.refused('ping', params)).code).toBe(-32602);
  }
  expect(await mcp.call('ping', null)).toEqual({});
});

test('notifications and responses of the client get an answer without a body', async () => {
  const mcp = await mcpServer();
  const quiet = [
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 4 } },
    { jsonrpc: '2.0', method: 'no/such/method' },
    { jsonrpc: '2.0', id: 3, result: {} },
    [{ jsonrpc: '2.0', method: 'ping' }],
  ];
  for (const message of quiet) {
    const { status, text } = await mcp.post(JSON.stringify(message));
    expect([status, text]).toEqual([202, '']);
  }
});

test('a batch is answered with a list, in the same order and without the notifications', async () => {
  const mcp = await mcpServer();
  const batch = [ping, { jsonrpc: '2.0', method: 'ping' }, {}, null, { ...ping, id: 'b', method: 'nothing' }];
  const answers = (await mcp.send(batch)) as unknown as RpcAnswer[];
  expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
    [7, undefined],
    [null, -32600],
    [null, -32600],
    ['b', -32601],
  ]);
  expect(await mcp.send([ping])).toEqual([{ jsonrpc: '2.0', id: 7, result: {} }]);
});

test('the handshake agrees on a version that both sides know', async () => {
  const mcp = await mcpServer();
  const initialize = (protocolVersion?: string) =>
    mcp.call('initialize', { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } });
  expect(await initialize('2025-03-26')).toMatchObject({
    protocolVersion: '2025-03-26',
    capabilities: { tools: {} },
    serverInfo: { name: 'ghostexec', version: VERSION },
    instructions: expect.stringContaining('`briefing` shows what is going on'),
    _meta: { 'ghostexec/episode': { task_id: 'phase2_core', defaults: expect.arrayContaining(['task_id', 'seed']) } },
  });
  expect(await initialize('1999-01-01')).toMatchObject({ protocolVersion: '2025-11-25' });
  expect(await initialize()).toMatchObject({ protocolVersion: '2025-11-25' });
});

/** JSON texts that are known to cause trouble in servers. */
function oddities(): string[] {
  const call = (params: string): string => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  const create = (params: string): string =>
    `{"jsonrpc":"2.0","id":1,"method":"openenv/session/create","params":${params}}`;
  const deep = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);
  return [
    deep('[', ']', 100_000),
    `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    call(deep('[', ']', 50_000)),
    create(`{"drift":${deep('[', ']', 50_000)}}`),
    create(`{"scenario":${deep('[', ']', 50_000)}}`),
    create(`{"scenario":${'{"emails":'.repeat(20_000)}1${'}'.repeat(20_000)}}`),
    create('{"seed":1e999}'),
    create('{"__proto__":{"seed":5,"control":true},"constructor":1}'),
    call(`{"name":"archive_email","arguments":{"email_id":${deep('[', ']', 50_000)}}}`),
    call(`{"name":"do_nothing","arguments":{${Array.from({ length: 90_000 }, (_, key) => `"k${key}":1`).join(',')}}}`),
    call('{"name":"__proto__"}'),
    call('{"name":"toString","arguments":{}}'),
    call('{"__proto__":{"name":"reset"}}'),
    call('{"name":"reset","arguments":{"__proto__":{"seed":5},"constructor":1}}'),
    call('{"name":"do_nothing","arguments":{"hasOwnProperty":1}}'),
    call('{"name":"archive_email","arguments":{"email_id":"\\ud800"},"session_id":"\\udfff"}'),
    `{"jsonrpc":"2.0","id":1e999,"method":"ping","__proto__":null}`,
    `{"jsonrpc":"2.0","id":${'9'.repeat(400)},"method":"${'\\u0000'.repeat(1000)}"}`,
  ];
}

async function stillPlays(mcp: McpServer): Promise<void> {
  const { session_id } = await mcp.call('openenv/session/create');
  expect(await mcp.call('tools/call', { name: 'do_nothing', session_id })).toHaveProperty(
    'structuredContent.observation.step_ok',
    true,
  );
}

test('odd messages get short answers, and the server still plays', async () => {
  const mcp = await mcpServer();
  const { headers } = await mcp.post('{"jsonrpc":"2.0","id":1,"method":"initialize"}');
  const inSession = { 'mcp-session-id': String(headers['mcp-session-id']) };
  for (const body of oddities()) {
    for (const session of [{}, inSession]) {
      const { status, text } = await mcp.post(body, session);
      expect([200, 202], body.slice(0, 80)).toContain(status);
      expect(JSON.parse(text).error?.code ?? 0, body.slice(0, 80)).not.toBe(-32603);
      expect(text.length, body.slice(0, 80)).toBeLessThan(250_000);
    }
  }
  await stillPlays(mcp);
});

/** The record of a connection for automatic validation: who can read it, what it contains, and where it ends. */
import { describe, expect, test } from 'vitest';
import { PLAN } from '../docs/support-manifest.ts';
import { all, exchange, open, opening, probe, read, reading, TOKEN } from './support-validation.ts';
import { Client, serve, started, tokenOf } from './support-ws.ts';

const LIMIT = 8 * 2 ** 20;

async function connect(): Promise<Client> {
  return Client.connect(`${await serve({ validationToken: TOKEN })}/ws`);
}

describe('access to the record', () => {
  test('a server without a token does not know the message types', async () => {
    const client = await Client.connect(`${await serve()}/ws`);
    const unknown = await client.ask({ type: 'validation' });
    expect(unknown.data.code).toBe('UNKNOWN_TYPE');
    for (const message of [opening(), reading('c'.repeat(43))]) {
      const { type, data } = await client.ask(message);
      expect([type, data.code]).toEqual(['error', 'UNKNOWN_TYPE']);
      expect(JSON.stringify(data)).not.toContain(TOKEN);
      const known = (text: unknown): string | undefined => String(text).split('known: ')[1];
      expect(known(data.message)).toBe(known(unknown.data.message));
      expect(known(data.message)).not.toContain('validation');
    }
  });

  test.each([
    ['another token', opening(`${TOKEN}0`)],
    ['the beginning of the token', opening(TOKEN.slice(0, -1))],
    ['a token that is not a string', opening(7)],
    ['another version', { type: 'validation_open', data: { schema_version: 2, token: TOKEN } }],
    ['an extra key', { ...opening(), secret: TOKEN }],
    ['no data', { type: 'validation_open' }],
    ['an unknown capability', reading(TOKEN)],
  ])('%s is refused, the answer does not repeat it, and the session continues', async (_, message) => {
    const client = await connect();
    const { type, data } = await client.ask(message);
    // After a SESSION_ERROR, the validator would give up the whole episode.
    expect([type, data.code]).toEqual(['error', 'VALIDATION_ERROR']);
    expect(JSON.stringify(data)).not.toContain(TOKEN.slice(0, -1));
    expect(data).not.toHaveProperty('errors');
    expect((await client.reset()).type).toBe('observation');
  });

  test('a capability is valid on its own connection alone', async () => {
    const url = `${await serve({ validationToken: TOKEN })}/ws`;
    const [first, second, third] = [await Client.connect(url), await Client.connect(url), await Client.connect(url)];
    const [one, two] = [await open(first), await open(second)];
    expect(one).not.toBe(two);
    for (const capability of [one, two]) {
      expect(capability.length).toBeGreaterThanOrEqual(32);
      expect(capability.length).toBeLessThanOrEqual(256);
    }
    for (const [client, capability] of [
      [first, two],
      [second, one],
      [third, one],
      [first, TOKEN],
    ] as const) {
      expect((await client.ask(reading(capability))).data.code).toBe('VALIDATION_ERROR');
    }
    expect((await read(first, one)).trajectory.complete).toBe(true);
  });

  test('validation can be opened once, before the first episode', async () => {
    const { url } = await started({ validationToken: TOKEN });
    const [client, late, resumed] = await Promise.all([1, 2, 3].map(() => Client.connect(`${url}/ws`)));
    if (client === undefined || late === undefined || resumed === undefined) throw new Error('expected three clients');
    const capability = await open(client);
    expect((await client.ask(opening())).data.code).toBe('VALIDATION_ERROR');
    expect((await read(client, capability)).trajectory.records).toEqual([]);
    const begun = await late.reset();
    expect((await late.ask(opening())).data.code).toBe('VALIDATION_ERROR');
    await resumed.ask({ type: 'resume', data: { session_token: tokenOf(begun) } });
    expect((await resumed.ask(opening())).data.code).toBe('VALIDATION_ERROR');
  });
});

describe('the content of the record', () => {
  test('has the operations as sent and received, the seed, and no secret', async () => {
    const client = await connect();
    const capability = await open(client);
    expect(await read(client, capability)).toMatchObject({ seed: null, trajectory: { records: [] } });
    const exchanges = await all(probe(client));
    const telemetry = await read(client, capability);
    expect(telemetry).toEqual({
      schema_version: 1,
      seed: { requested: true, accepted: true, value: PLAN.reset.seed },
      trajectory: { schema_version: 1, source: 'openenv-server', complete: true, reason: null, records: exchanges },
    });
    expect(exchanges.length).toBeGreaterThan(4);
    for (const secret of [TOKEN, capability]) expect(JSON.stringify(telemetry)).not.toContain(secret);
    expect(await read(client, capability)).toEqual(telemetry);
  });

  test('keeps every character of requests and answers', async () => {
    const client = await connect();
    const capability = await open(client);
    const request =
      '{ "type":"reset",\n"data": {"seed": 4.0, "unlisted": [1e2, -0.0, "\\u00e9\u00e9"]}, "request_id": "r" }';
    client.sendRaw(`\uFEFF${request}`);
    const answer = await client.nextRaw();
    client.send({ ...reading(capability), request_id: 'mine "too"' });
    const text = await client.nextRaw();
    expect(text).toContain(`{"operation":"reset","request":${request},"response":${answer}}`);
    expect(JSON.parse(text)).toMatchObject({ data: { seed: { value: 4 } }, request_id: 'mine "too"' });
  });

  test('omits a message that is repeated with its request_id, because it plays nothing', async () => {
    const client = await connect();
    const capability = await open(client);
    const messages = [
      { type: 'reset', data: { seed: 4 }, request_id: 'a' },
      { type: 'step', data: { action_type: 'do_nothing' }, request_id: 'b' },
    ];
    for (const message of [...messages, ...messages]) await client.ask(message);
    const { trajectory } = await read(client, capability);
    expect(trajectory.records.map((record) => (record as { operation: string }).operation)).toEqual(['reset', 'step']);
  });

  test('has the seed of the last reset, or none if the reset named none', async () => {
    const client = await connect();
    const capability = await open(client);
    await client.reset({ seed: 5 });
    await client.reset({ seed: null });
    expect((await read(client, capability)).seed).toEqual({ requested: false, accepted: false, value: null });
    await client.reset({ seed: 0 });
    expect((await read(client, capability)).seed).toEqual({ requested: true, accepted: true, value: 0 });
  });

  test('omits refused messages and MCP messages', async () => {
    const client = await connect();
    const capability = await open(client);
    const begun = await exchange(client, { type: 'reset', data: { seed: 1 } });
    expect((await client.ask({ type: 'reset', data: { task_id: 'nowhere' } })).type).toBe('error');
    expect((await client.ask({ type: 'step', data: { action_type: 'dance' } })).type).toBe('error');
    expect((await client.ask({ type: 'mcp', data: { jsonrpc: '2.0', id: 1, method: 'tools/list' } })).type).toBe('mcp');
    const { seed, trajectory } = await read(client, capability);
    expect(seed).toMatchObject({ value: 1 });
    expect(trajectory).toMatchObject({ complete: true, records: [begun] });
  });
});

describe('the end of the record', () => {
  test('is after 202 operations, and the record then counts as incomplete', async () => {
    const client = await connect();
    const capability = await open(client);
    await client.reset();
    for (let count = 2; count <= 202; count++) await client.state();
    const full = await read(client, capability);
    expect(full.trajectory).toMatchObject({ complete: true, reason: null });
    expect(full.trajectory.records).toHaveLength(202);
    expect((await client.state()).type).toBe('state');
    const over = await read(client, capability);
    expect(over.trajectory).toMatchObject({ complete: false, reason: expect.stringContaining('202') });
    expect(over.trajectory.records).toEqual(full.trajectory.records);
  });

  test('is at 8 MiB of the answer, in bytes', async () => {
    const client = await connect();
    const capability = await open(client);
    // Each character takes two bytes.
    const note = 'é'.repeat(2 ** 20);
    for (let count = 1; count <= 3; count++) await client.reset({ note });
    expect((await read(client, capability)).trajectory).toMatchObject({ complete: true });
    await client.reset({ note });
    // The record must have no gap: it ends here although the next, smaller operation would fit.
    await client.state();
    client.send(reading(capability));
    const text = await client.nextRaw();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMIT);
    const { trajectory } = JSON.parse(text).data;
    expect(trajectory).toMatchObject({ complete: false, reason: expect.stringContaining(String(LIMIT)) });
    expect(trajectory.records).toHaveLength(3);
  });

  test('is at a resume of another session', async () => {
    const { url } = await started({ validationToken: TOKEN });
    const [client, other] = [await Client.connect(`${url}/ws`), await Client.connect(`${url}/ws`)];
    const capability = await open(client);
    await client.ask({ type: 'resume', data: { session_token: tokenOf(await other.reset()) } });
    await client.state();
    const { trajectory } = await read(client, capability);
    expect(trajectory).toMatchObject({ complete: false, reason: expect.stringContaining('resumed'), records: [] });
  });
});

/** Compressed bodies: gzip is decoded on every surface, within the limits that hold for plain bodies. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { pack, unpack } from 'msgpackr';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { gunzip } from '../../src/server/bodies.ts';
import { startServerProcess } from './support-process.ts';
import { sharedServer, startServer } from './support-server.ts';

const MIB = 2 ** 20;
const JSON_TYPE = { 'content-type': 'application/json' };
const ZEROS = gzipSync(Buffer.alloc(MIB));

/** A small gzip body that decodes to the given number of MiB of zeros. Concatenated gzip files form one gzip file. */
const bomb = (mebibytes: number): Buffer => Buffer.concat(Array.from({ length: mebibytes }, () => ZEROS));

type Reply = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> };

async function post(url: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<Reply> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip', ...headers },
    body: new Uint8Array(body),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

describe('a body in gzip', () => {
  const server = sharedServer();

  test.each(['gzip', 'GZIP', 'x-gzip'])('is decoded before it is read: %s', async (encoding) => {
    const asked = gzipSync(JSON.stringify({ task_id: 'phase2_core', seed: 3, episode_id: 'packed' }));
    const { status, body } = await post(`${server().url}/reset`, asked, { 'content-encoding': encoding });
    expect([status, body.episode_id, body.done]).toEqual([200, 'packed', false]);
  });

  test('may be empty, with or without a length, and then counts as {}', async () => {
    expect((await post(`${server().url}/reset`, gzipSync(''))).status).toBe(200);
    const injected = await server().server.app.inject({
      method: 'POST',
      url: '/reset',
      headers: { 'content-encoding': 'gzip' },
    });
    expect(injected.statusCode).toBe(200);
  });

  test('may come in chunks of unknown length', async () => {
    const bytes = gzipSync(JSON.stringify({ seed: 3, note: 'x'.repeat(200_000) }));
    const pieces = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    const answer = await fetch(`${server().url}/reset`, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip' },
      body: Readable.toWeb(Readable.from(pieces)) as ReadableStream,
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(200);
    expect((await answer.json()).observation.seed).toBe(3);
  });

  test('may be msgpack of the batch API', async () => {
    const asked = gzipSync(pack({ envs: [{ task_id: 'phase2_core', seed: 1 }] }));
    const answer = await fetch(`${server().url}/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/msgpack', 'content-encoding': 'gzip' },
      body: new Uint8Array(asked),
    });
    const reply = unpack(Buffer.from(await answer.arrayBuffer()));
    expect([answer.status, typeof reply.batch_id]).toEqual([200, 'string']);
    await fetch(`${server().url}/batch/${reply.batch_id}`, { method: 'DELETE' });
  });

  test('may be a message of MCP', async () => {
    const asked = gzipSync(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }));
    const { status, body } = await post(`${server().url}/mcp`, asked);
    expect([status, body]).toEqual([200, { jsonrpc: '2.0', id: 1, result: {} }]);
  });

  test.each([
    ['not gzip', Buffer.from('{}')],
    ['cut off', gzipSync(JSON.stringify({ seed: 3 })).subarray(0, -6)],
    ['damaged', Buffer.from(gzipSync(JSON.stringify({ seed: 3, note: 'abc' }))).fill(0xff, 12, 20)],
  ])('that is %s is refused, and the connection stays open', async (_, bytes) => {
    for (const path of ['/reset', '/mcp']) {
      const { status, body } = await post(server().url + path, bytes);
      expect(status).toBe(400);
      expect(body.code).toBe('INVALID_ENCODING');
      expect(body.detail).toMatch(/^the body is not gzip that can be decoded: ./);
    }
    expect((await post(`${server().url}/reset`, gzipSync('{}'))).status).toBe(200);
  });

  test('that is not JSON is refused like a plain one', async () => {
    const { status, body } = await post(`${server().url}/reset`, gzipSync('{'));
    expect(status).toBe(422);
    expect(body.detail).toMatchObject([{ type: 'json_invalid', loc: ['body'] }]);
  });

  test('that a route does not read does not block its connection', async () => {
    const socket = connect(server().port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    const body = bomb(900);
    for (const line of ['GET /health', 'DELETE /health', 'POST /nowhere']) {
      socket.write(
        `${line} HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      socket.write(body);
    }
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await vi.waitFor(() => expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(4), { timeout: 30_000 });
    expect(text.endsWith('{"status":"healthy"}')).toBe(true);
  });
});

describe('another encoding', () => {
  const server = sharedServer();

  test('identity means a plain body', async () => {
    const { status } = await post(`${server().url}/reset`, Buffer.from('{}'), { 'content-encoding': 'identity' });
    expect(status).toBe(200);
  });

  test.each([
    ['br', brotliCompressSync('{}')],
    ['deflate', deflateSync('{}')],
    ['gzip, gzip', gzipSync(gzipSync('{}'))],
    ['identity, gzip', gzipSync('{}')],
    ['<x>', Buffer.from('{}')],
  ])('%s is refused with the accepted encoding', async (encoding, bytes) => {
    const { status, headers, body } = await post(`${server().url}/reset`, bytes, { 'content-encoding': encoding });
    expect([status, body.code, headers.get('accept-encoding')]).toEqual([415, 'UNSUPPORTED_ENCODING', 'gzip']);
    expect(body.detail).toContain(JSON.stringify(encoding));
  });
});

describe('the limit of a body', () => {
  /** Decodes a body. @returns the bytes read, the decoded bytes that were counted, and the status of the error that ended it */
  async function decoded(body: Readable, limit: number): Promise<{ bytes: number; counted: number; status?: number }> {
    let [bytes, counted] = [0, 0];
    const stream = gunzip(body, limit, (more) => {
      counted += more;
    });
    stream.on('data', (chunk) => {
      bytes += chunk.length;
    });
    try {
      await once(stream, 'end');
      return { bytes, counted };
    } catch (error) {
      return { bytes, counted, status: (error as { status?: number }).status ?? 0 };
    }
  }

  test('applies to the decoded bytes exactly', async () => {
    const packed = gzipSync(Buffer.alloc(100_000));
    expect(await decoded(Readable.from([packed]), 100_000)).toEqual({ bytes: 100_000, counted: 100_000 });
    const more = await decoded(Readable.from([packed]), 99_999);
    expect(more.status).toBe(413);
    expect(more.counted).toBeLessThanOrEqual(99_999);
  });

  test('stops a gzip bomb before it is decoded, and discards the rest of the body', async () => {
    const body = new PassThrough();
    const sent = bomb(2_000);
    body.end(sent);
    const { bytes, counted, status } = await decoded(body, MIB);
    expect(status).toBe(413);
    expect(counted).toBeLessThanOrEqual(MIB);
    expect(bytes).toBeLessThanOrEqual(MIB);
    await vi.waitFor(() => expect(body.readableEnded).toBe(true));
  });

  test('applies to the encoded bytes, even if they decode to nothing', async () => {
    const body = new PassThrough();
    const empty = gzipSync('');
    body.end(Buffer.concat(Array.from({ length: 10_000 }, () => empty)));
    const { bytes, status } = await decoded(body, 100_000);
    expect([bytes, status]).toEqual([0, 413]);
  });

  test('of the server: 413 over HTTP, and the client can send further requests', async () => {
    const { url } = await startServer({ bodyLimit: 1 });
    const fits = gzipSync(JSON.stringify({ note: 'x'.repeat(MIB - 100) }));
    expect((await post(`${url}/reset`, fits)).status).toBe(200);
    for (const path of ['/reset', '/mcp', '/batch']) {
      const { status, body } = await post(url + path, bomb(900));
      expect([status, body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    }
    expect((await post(`${url}/reset`, gzipSync('{}'))).status).toBe(200);
  });
});

test('connections with small gzip bodies that never end are cut by their decoded size', async () => {
  const clients = 30;
  const maxMemory = 64;
  const server = await startServerProcess({ maxMemory });
  onTestFinished(async () => {
    server.child.kill('SIGKILL');
    await server.stop();
  });
  const before = await server.memory();
  const piece = bomb(8);
  for (let i = 0; i < clients; i++) {
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.write(
      `POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: ${piece.length + 1}\r\n\r\n`,
    );
    socket.write(piece);
  }
  const cuts = async (): Promise<number> => {
    const text = await (await fetch(`${server.address}/metrics`)).text();
    return Number(/^ghostexec_connections_cut_total\{reason="incoming"\} (\d+)$/m.exec(text)?.[1] ?? 0);
  };
  await vi.waitFor(async () => expect(await cuts()).toBeGreaterThanOrEqual(clients - maxMemory / 2 / 8), {
    timeout: 60_000,
    interval: 50,
  });
  expect(await server.memory()).toBeLessThan(before + 150);
  expect((await post(`${server.address}/reset`, gzipSync('{}'))).status).toBe(200);
});

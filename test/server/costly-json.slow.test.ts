/** JSON that would take seconds to parse is refused on every surface before it is parsed. */
import { expect, test, vi } from 'vitest';
import { sharedServer } from './support-server.ts';
import { Client } from './support-ws.ts';

const started = sharedServer();
const COSTLY = `{"x":{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":0`).join(',')}}}`;

async function post(path: string): Promise<{ status: number; body: unknown; read: boolean }> {
  const parse = vi.spyOn(JSON, 'parse');
  try {
    const answer = await fetch(started().url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: COSTLY,
    });
    const read = parse.mock.calls.some(([text]) => text === COSTLY);
    return { status: answer.status, body: await answer.json(), read };
  } finally {
    parse.mockRestore();
  }
}

test.each(['/reset', '/step', '/batch', '/web/api/episode', '/web/api/step', '/ghostexec/tasks'])(
  'POST %s',
  async (path) => {
    expect(await post(path)).toEqual({
      status: 422,
      body: {
        detail: [expect.objectContaining({ type: 'json_invalid', msg: expect.stringContaining('different keys') })],
      },
      read: false,
    });
  },
);

test('POST /mcp', async () => {
  expect(await post('/mcp')).toMatchObject({ status: 200, body: { error: { code: -32700 } }, read: false });
});

test('a WebSocket, which stays open', async () => {
  const socket = await Client.connect(`${started().url.replace('http', 'ws')}/ws`);
  socket.sendRaw(COSTLY);
  expect(await socket.next()).toMatchObject({ type: 'error', data: { code: 'INVALID_JSON' } });
  expect((await socket.reset({})).type).toBe('observation');
});

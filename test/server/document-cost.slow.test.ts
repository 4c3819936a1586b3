/** The most expensive documents that the limits allow: each surface plays them, or names the limit that they exceed. */
import { describe, expect, test } from 'vitest';
import { COSTLY_DOCUMENTS } from '../../bench/costly-documents.ts';
import { isTooLarge } from '../../src/server/large-requests.ts';
import { RULES, type Rules } from '../../src/sim/rules.ts';
import { sharedServer } from './support-server.ts';
import { Client as Socket } from './support-ws.ts';

type Reply = { readonly status: number; readonly text: string };
type Ask = (asked: Record<string, unknown>) => Promise<Reply>;

const started = sharedServer();

async function post(path: string, body: unknown): Promise<Reply> {
  const answer = await fetch(started().url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

/** Each surface answers 200 or 422, with its text. */
const SURFACES: Readonly<Record<string, Ask>> = {
  'POST /reset': (asked) => post('/reset', asked),
  'POST /batch': async (asked) => {
    const reply = await post('/batch', { envs: [asked] });
    const id = /"batch_id":"([^"]+)"/.exec(reply.text)?.[1];
    if (id !== undefined) await fetch(`${started().url}/batch/${id}`, { method: 'DELETE' });
    return reply;
  },
  'a session of MCP': async (asked) => {
    const message = { jsonrpc: '2.0', id: 1, method: 'openenv/session/create', params: asked };
    const { text } = await post('/mcp', message);
    return { status: JSON.parse(text).error === undefined ? 200 : 422, text };
  },
  'a WebSocket': async (asked) => {
    const socket = await Socket.connect(`${started().url.replace('http', 'ws')}/ws`);
    const { type, data } = await socket.reset(asked);
    return { status: type === 'observation' ? 200 : 422, text: JSON.stringify(data) };
  },
  'POST /web/api/episode': (asked) => post('/web/api/episode', { episode: asked }),
};

test('every document is within the size limits', () => {
  for (const { scenario, drift = {} } of Object.values(COSTLY_DOCUMENTS)) {
    for (const document of [scenario, drift]) {
      expect(isTooLarge(document)).toBe(false);
      expect(Buffer.byteLength(JSON.stringify(document))).toBeLessThan(2 ** 20);
    }
  }
});

const cases = Object.entries(COSTLY_DOCUMENTS).flatMap(([name, document]) =>
  RULES.map((rules: Rules) => ({ name, rules, document, limit: document.refused?.[rules] })),
);

describe.each(Object.keys(SURFACES))('%s', (surface) => {
  const ask = SURFACES[surface];
  test.each(cases)('$name, rules $rules', async ({ rules, document: { scenario, drift }, limit }) => {
    const reply = await ask?.({ rules, scenario, ...(drift === undefined ? {} : { drift }) });
    expect(reply?.status).toBe(limit === undefined ? 200 : 422);
    if (limit !== undefined) expect(reply?.text).toContain(limit);
  });
});

test('the refusal of too many overlaps gives a lower bound of their number and the last pair of meetings', async () => {
  const { scenario } = COSTLY_DOCUMENTS['meetings all at once'] ?? {};
  const { status, text } = await post('/reset', { rules: 'v2', scenario });
  expect(status).toBe(422);
  const [{ msg }] = JSON.parse(text).detail;
  expect(msg).toBe(
    'meetings: expected at most 200 pairs that overlap (rules v2), those that events bring included, got at least 201, the last of them "m0" and "m201"',
  );
});

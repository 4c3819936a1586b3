/** Long answers: their rows are sent while further rows are written, and the memory of what was sent is used again. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { freePacked, packPlain, TextParts } from '../../src/lib/msgpack.ts';
import { Client, FORMATS, pack, plain, unpack } from './support-batch.ts';
import { serve, startServer } from './support-server.ts';

const ENVS = 600;
const BATCH = { num_envs: ENVS, seed: 3, max_forks: 0 };
/** With all optional parts an answer has 20 MB, more than the kernel holds for a client that does not read. */
const STEP = { actions: Array.from({ length: ENVS }, () => ({})), include: ['breakdown', 'data', 'metadata'] };

/** Sends a step whose answer is not read yet. */
async function stepUnread(url: string, format: string, id: string): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/msgpack', accept: `application/${format}` };
  const sent = request(`${url}/batch/${id}/step`, { method: 'POST', headers, agent: false });
  sent.end(pack(STEP));
  const [response] = await once(sent, 'response');
  return response;
}

describe.each(FORMATS)('a long answer in %s', (format) => {
  test('says the same as one that is sent as a whole, also to a client that reads late', async () => {
    const client = new Client(await serve(), format);
    const [one, other] = await Promise.all([client.create(BATCH), client.create(BATCH)]);
    const response = await stepUnread(client.url, format, one.batch_id);
    expect(response.headers['content-length']).toBeUndefined();
    // These answers are written while the kernel has not taken all of the first one.
    const whole = await client.ok('POST', `/batch/${other.batch_id}/step`, { ...STEP, request_id: 'whole' });
    const small = await client.step(other.batch_id, [{}, {}], { env_ids: [4, 5] });
    expect(small.map(({ env_id }) => env_id)).toEqual([4, 5]);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const answer = (format === 'json' ? JSON.parse(bytes.toString()) : unpack(bytes)) as typeof whole;
    expect(plain(answer.results)).toEqual(plain(whole.results));
  });

  test('of which the client reads only the beginning leaves the batch as it is after the step', async () => {
    const { url } = await startServer();
    const client = new Client(url, format);
    const { batch_id } = await client.create(BATCH);
    const response = await stepUnread(url, format, batch_id);
    await once(response, 'readable');
    response.destroy();
    // Until the server sees that the client is gone, the environments belong to that answer.
    const briefing = await vi.waitUntil(async () => {
      const [row] = await client.step(batch_id, [{}], { env_ids: [ENVS - 1] });
      return row?.observation?.briefing;
    });
    expect(briefing).toContain('step 2 of');
  });
});

test('a text in parts is packed as the text', () => {
  const rest = ['', '\u00e9', 'the \u{1f989} '.repeat(9_000), 'a'.repeat(300)].map((text) => ({
    utf8: Buffer.from(text),
  }));
  for (const head of ['', 'head', '\u4e16'.repeat(90)]) {
    const texts = [1, 2, 3, 4].map((count) => new TextParts(head, rest.slice(0, count)));
    const expected = texts.map((text) => head + Buffer.concat(text.rest.map(({ utf8 }) => utf8)).toString());
    expect(unpack(packPlain(texts))).toEqual(expected);
  }
});

test('memory that is free again belongs to no other bytes', () => {
  const kept = packPlain('kept '.repeat(100));
  const copy = Buffer.from(packPlain('copied'));
  freePacked(copy);
  freePacked(kept);
  const gone = packPlain(['gone']);
  freePacked(gone.subarray(1));
  const again = packPlain(['again']);
  expect([again.buffer, again.byteOffset]).toEqual([gone.buffer, gone.byteOffset]);
  expect([kept, copy, again].map(unpack)).toEqual(['kept '.repeat(100), 'copied', ['again']]);
});

/** The channel that brings answers to a worker through shared memory. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { VectorEnv } from '../../src/index.ts';
import { ActionChannel, type ActionChunk } from '../../src/vector/action-channel.ts';
import { assertProperty } from '../support/property.ts';

const texts = fc.string({ unit: fc.constantFrom('a', '\n', '\u00e9', '\u4e16', '\u{1f44b}', '\ud800'), maxLength: 30 });
const chunks: fc.Arbitrary<ActionChunk> = fc.record({
  envs: fc.array(fc.nat(), { maxLength: 8 }).map((envs) => Uint32Array.from(envs)),
  answers: fc.record({
    numbers: fc.array(fc.integer(), { maxLength: 20 }).map((numbers) => Int32Array.from(numbers)),
    text: texts,
  }),
});

test('chunks are read as they were written, in one step after the other', () => {
  const channel = new ActionChannel();
  const other = new ActionChannel(channel.memory);
  const property = fc.property(fc.array(chunks, { maxLength: 12 }), (written) => {
    channel.clear();
    const starts = [written, written.slice(1)].map((step) => {
      const start = channel.open();
      for (const chunk of step) expect(channel.write(chunk)).toBe(true);
      channel.close(start);
      expect([...other.read(start)]).toEqual(step);
      return start;
    });
    for (const [i, start] of starts.entries()) {
      expect([...other.readAgain(start, Math.max(0, written.length - i))]).toEqual(written.slice(i));
    }
  });
  assertProperty(property, { runs: 300 });
});

test('a chunk that has no room is not written, and those before it are read', () => {
  const channel = new ActionChannel(new SharedArrayBuffer(4_096));
  const chunk = (length: number): ActionChunk => {
    return { envs: Uint32Array.of(1), answers: { numbers: Int32Array.of(-1, length), text: 'x'.repeat(length) } };
  };
  const start = channel.open();
  expect(channel.write(chunk(1_000))).toBe(true);
  expect(channel.write(chunk(4_000))).toBe(false);
  expect(channel.write(chunk(2_000))).toBe(true);
  channel.close(start);
  expect([...channel.read(start)]).toEqual([chunk(1_000), chunk(2_000)]);
  const next = channel.open();
  expect(channel.write(chunk(2_000))).toBe(false);
  channel.close(next);
  expect([...channel.read(next)]).toEqual([]);
  channel.clear();
  channel.open();
  expect(channel.write(chunk(2_000))).toBe(true);
});

test('a reading thread waits for chunks that are not written yet', async () => {
  const channel = new ActionChannel();
  const start = channel.open();
  const file = fileURLToPath(new URL('../../dist/vector/action-channel.js', import.meta.url));
  const reader = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.file).then(({ ActionChannel }) => {
      parentPort.postMessage('reads');
      for (const { answers } of new ActionChannel(workerData.memory).read(workerData.start)) {
        parentPort.postMessage(answers.text);
      }
      parentPort.postMessage('done');
    });`,
    { eval: true, workerData: { file, memory: channel.memory, start } },
  );
  const heard: string[] = [];
  reader.on('message', (text: string) => heard.push(text));
  for (const text of ['reads', 'one', 'two']) {
    if (text !== 'reads') channel.write({ envs: new Uint32Array(0), answers: { numbers: new Int32Array(0), text } });
    await once(reader, 'message');
  }
  expect(heard).toEqual(['reads', 'one', 'two']);
  channel.close(start);
  await once(reader, 'exit');
  expect(heard).toEqual(['reads', 'one', 'two', 'done']);
});

describe('answers for which the channel has no room', () => {
  const NUM_ENVS = 70;
  const made: VectorEnv[] = [];
  afterEach(() => Promise.all(made.splice(0).map((env) => env.close())));

  async function play(workers: number, answer: (env: number) => unknown): Promise<unknown[]> {
    const env = await VectorEnv.create({ numEnvs: NUM_ENVS, workers, seed: 5 });
    made.push(env);
    await env.reset();
    const told: unknown[] = [];
    for (let step = 0; step < 3; step++) {
      const batch = await env.step(Array.from({ length: NUM_ENVS }, (_, index) => answer(index)));
      told.push([...batch.reward], [...batch.stepOk], batch.briefings());
    }
    return told;
  }

  const reply = { action_type: 'reply_email', email_id: 'e01', message_body: 'Thank you, I will see to it today.' };
  const thought = 'I wonder. '.repeat(20_000);
  test.each([
    ['some long', (env: number) => (env % 3 === 0 ? `${thought}${JSON.stringify(reply)}` : reply)],
    ['all long', () => `${thought}${JSON.stringify(reply)}`],
    ['long in two bytes', () => `\u4e16${thought}${JSON.stringify(reply)}`],
  ])('%s', async (_, answer) => {
    const alone = await play(0, answer);
    expect(await play(1, answer)).toEqual(alone);
    expect(await play(2, answer)).toEqual(alone);
  });
});

/** A reset or step that is repeated with its request_id gets the same answer, byte for byte, and is played once. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { App } from '../../src/server/app.ts';
import { AnswerStore, Remembered } from '../../src/server/batch/remembered.ts';
import { Memory } from '../../src/server/memory.ts';
import { CompletionReader } from '../../src/server/reading/reader.ts';
import { Session } from '../../src/server/session.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { makeServer } from './support-server.ts';
import { Client, type Observed, serve, tokenOf } from './support-ws.ts';

const ACTION = { action_type: 'archive_email', email_id: 'e05' };
const OTHER = { action_type: 'do_nothing' };
/** Large enough to be read on another thread. */
const LARGE = `${' '.repeat(200_000)}${JSON.stringify(ACTION)}`;
const RESET = { task_id: 'phase2_core', seed: 1 };

/** Delays the reading of the next action until `end` is called. */
function holdReading(): { begun(): Promise<void>; end(): void } {
  let end: () => void = () => undefined;
  const read = vi.spyOn(CompletionReader.prototype, 'read').mockImplementationOnce(
    (answer) =>
      new Promise((resolve) => {
        end = () => resolve(readAction(answer));
      }),
  );
  onTestFinished(() => read.mockRestore());
  return {
    begun: () => vi.waitFor(() => expect(read).toHaveBeenCalled(), { timeout: 30_000 }),
    end: () => end(),
  };
}

describe('over HTTP', () => {
  const post = async (app: App, url: string, payload: object): Promise<{ status: number; text: string }> => {
    const { statusCode, body } = await app.inject({ method: 'POST', url, payload });
    return { status: statusCode, text: body };
  };
  const stepsOf = async (app: App, id: string): Promise<unknown> =>
    (await app.inject(`/state?episode_id=${id}`)).json().step_count;
  async function begun(): Promise<App> {
    const { app } = await makeServer();
    await post(app, '/reset', { ...RESET, episode_id: 'e' });
    return app;
  }

  test('a step can be repeated, also while the first request is in flight', async () => {
    const app = await begun();
    const bodies = [
      { action: ACTION, request_id: 'one', episode_id: 'e' },
      { action: LARGE, request_id: 'two', episode_id: 'e' },
    ];
    for (const [n, body] of bodies.entries()) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => post(app, '/step', body)));
      answers.push(await post(app, '/step', body));
      expect(answers[0]).toMatchObject({
        status: 200,
        text: expect.stringContaining(`"request_id":"${body.request_id}"`),
      });
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(await stepsOf(app, 'e')).toBe(n + 1);
    }
    // The answer to the first step is still kept.
    expect((await post(app, '/step', bodies[0] as object)).text).toContain('"episode_step":1');
    expect(await stepsOf(app, 'e')).toBe(2);
  });

  test('a repeated answer equals the first one, headers included', async () => {
    const app = await begun();
    const ask = () =>
      app.inject({ method: 'POST', url: '/step', payload: { action: ACTION, request_id: 'r', episode_id: 'e' } });
    const [first, again] = [await ask(), await ask()];
    const plain = await app.inject({ method: 'POST', url: '/reset', payload: RESET });
    expect(again.rawPayload.equals(first.rawPayload)).toBe(true);
    for (const { headers } of [first, again]) expect(headers['content-type']).toBe(plain.headers['content-type']);
  });

  test('the id of another request is refused; the id of a refused request is free', async () => {
    const app = await begun();
    const step = { request_id: 'a', episode_id: 'e' };
    expect((await post(app, '/step', { ...step, action: { action_type: 'fly' } })).status).toBe(422);
    const first = await post(app, '/step', { ...step, action: ACTION });
    const others = [
      await post(app, '/step', { ...step, action: OTHER }),
      await post(app, '/reset', { ...RESET, ...step }),
    ];
    for (const { status, text } of others) expect([status, JSON.parse(text).code]).toEqual([409, 'REQUEST_ID_REUSED']);
    expect(await post(app, '/step', { ...step, action: ACTION })).toEqual(first);
    expect(await post(app, '/step', { ...step, action: ACTION, timeout_s: 5 })).toEqual(first);
    expect(await stepsOf(app, 'e')).toBe(1);
    // In another episode the id is free.
    await post(app, '/reset', { ...RESET, episode_id: 'f' });
    expect((await post(app, '/step', { ...step, episode_id: 'f', action: OTHER })).status).toBe(200);
  });

  test('a reset that names its episode can be repeated; a step from before the reset is not played after it', async () => {
    const { app } = await makeServer();
    const reset = { ...RESET, episode_id: 'e', request_id: 'begin' };
    const step = { action: ACTION, episode_id: 'e', request_id: 'step' };
    const [begun, played] = [await post(app, '/reset', reset), await post(app, '/step', step)];
    expect(await post(app, '/reset', reset)).toEqual(begun);
    expect(await stepsOf(app, 'e')).toBe(1);
    await post(app, '/reset', { ...reset, request_id: 'begin again' });
    expect(await post(app, '/step', step)).toEqual(played);
    expect(await stepsOf(app, 'e')).toBe(0);
    expect((await post(app, '/reset', { ...reset, task_id: 'nope', request_id: 'wrong' })).status).toBe(422);
    expect((await post(app, '/reset', { ...reset, request_id: 'wrong' })).status).toBe(200);
  });

  test('a step whose completion is still being read when its episode is reset does not count in the new episode', async () => {
    const app = await begun();
    const step = { action: LARGE, episode_id: 'e', request_id: 'late' };
    const reading = holdReading();
    const late = post(app, '/step', step);
    await reading.begun();
    expect((await post(app, '/reset', { ...RESET, episode_id: 'e' })).status).toBe(200);
    reading.end();
    const played = await late;
    expect([played.status, await stepsOf(app, 'e')]).toEqual([200, 0]);
    expect(await post(app, '/step', step)).toEqual(played);
    expect(await stepsOf(app, 'e')).toBe(0);
  });

  test('a request_id that is empty, or without an episode_id, has no effect but to be returned', async () => {
    const app = await begun();
    for (const action of [OTHER, ACTION]) {
      const { status, text } = await post(app, '/step', { action, request_id: 'lone' });
      expect([status, JSON.parse(text).request_id]).toEqual([200, 'lone']);
    }
    const drawn = await Promise.all([1, 2].map(() => post(app, '/reset', { request_id: 'lone' })));
    expect(new Set(drawn.map(({ text }) => JSON.parse(text).episode_id)).size).toBe(2);
    for (const n of [1, 2]) {
      await post(app, '/step', { action: ACTION, episode_id: 'e', request_id: '' });
      expect(await stepsOf(app, 'e')).toBe(n);
    }
  });

  test('the last sixteen answers of an episode are kept', async () => {
    const app = await begun();
    const play = vi.spyOn(Session.prototype, 'play');
    onTestFinished(() => play.mockRestore());
    const step = (id: number) => post(app, '/step', { action: OTHER, episode_id: 'e', request_id: String(id) });
    for (let id = 0; id < 17; id++) await step(id);
    for (const [id, played] of [
      [1, 17],
      [16, 17],
      [0, 18],
    ] as const) {
      expect((await step(id)).status).toBe(200);
      expect(play).toHaveBeenCalledTimes(played);
    }
  });

  test('ids of episodes and requests are not confused with each other', async () => {
    const { app } = await makeServer();
    for (const episode_id of ['a', 'a b']) await post(app, '/reset', { ...RESET, episode_id });
    const one = await post(app, '/step', { action: ACTION, episode_id: 'a', request_id: 'b c' });
    const other = await post(app, '/step', { action: ACTION, episode_id: 'a b', request_id: 'c' });
    expect([JSON.parse(one.text).episode_id, JSON.parse(other.text).episode_id]).toEqual(['a', 'a b']);
    expect(await post(app, '/step', { action: ACTION, episode_id: 'a', request_id: 'b c' })).toEqual(one);
  });
});

describe('over /ws', () => {
  const step = (data: unknown, request_id: string): object => ({ type: 'step', data, request_id });
  const stepsOf = async (client: Client): Promise<number> => (await client.state()).data.step_count;
  const raw = (client: Client, message: object): Promise<string> => {
    client.send(message);
    return client.nextRaw();
  };

  test('a step and a reset can be repeated, also in flight, and also on the socket that resumes the session', async () => {
    const url = `${await serve()}/ws`;
    let client = await Client.connect(url);
    const reset = { type: 'reset', data: RESET, request_id: 'begin' };
    const begun = await raw(client, reset);
    const token = tokenOf(JSON.parse(begun) as Observed);
    const messages = [step(ACTION, 'one'), step(LARGE, 'two')];
    const first: string[] = [];
    for (const message of messages) {
      for (const one of [message, message, message]) client.send(one);
      const answers = [await client.nextRaw(), await client.nextRaw(), await client.nextRaw()];
      expect(new Set(answers).size).toBe(1);
      first.push(answers[0] ?? '');
    }
    expect(await stepsOf(client)).toBe(2);
    client.socket.terminate();
    await client.closed;
    client = await Client.connect(url);
    await client.ask({ type: 'resume', data: { session_token: token } });
    for (const [n, message] of messages.entries()) expect(await raw(client, message)).toBe(first[n]);
    expect(await raw(client, reset)).toBe(begun);
    expect(await stepsOf(client)).toBe(2);
    expect(await client.ask(step(OTHER, 'one'))).toMatchObject({ type: 'error', data: { code: 'REQUEST_ID_REUSED' } });
    expect(await client.ask({ ...reset, data: {} })).toMatchObject({ data: { code: 'REQUEST_ID_REUSED' } });
    expect(await stepsOf(client)).toBe(2);
    // In another session the id is free.
    const other = await Client.connect(url);
    await other.reset(RESET);
    expect(await other.ask(step(OTHER, 'one'))).toMatchObject({ type: 'observation' });
  });

  test('a step that is repeated on new sockets while its completion is being read is played once', async () => {
    const url = `${await serve()}/ws`;
    let client = await Client.connect(url);
    const token = tokenOf(await client.reset(RESET));
    const message = step(`${' '.repeat(900_000)}${JSON.stringify(ACTION)}`, 'sent');
    for (let turn = 0; turn < 3; turn++) {
      client.send(message);
      client = await Client.connect(url);
      await client.ask({ type: 'resume', data: { session_token: token } });
    }
    expect(await client.ask(message)).toMatchObject({ data: { observation: { episode_step: 1, step_ok: true } } });
    expect(await stepsOf(client)).toBe(1);
  });

  test.each([undefined, 'late'])(
    'a step is not played once another socket has resumed its session; id %s',
    async (id) => {
      const url = `${await serve()}/ws`;
      const [old, client] = [await Client.connect(url), await Client.connect(url)];
      const token = tokenOf(await old.reset(RESET));
      const reading = holdReading();
      const message = { type: 'step', data: ACTION, request_id: id };
      old.send(message);
      await reading.begun();
      await client.ask({ type: 'resume', data: { session_token: token } });
      reading.end();
      await old.closed;
      expect(await stepsOf(client)).toBe(0);
      expect(await client.ask(message)).toMatchObject({ type: 'observation' });
      expect(await stepsOf(client)).toBe(1);
    },
  );

  test('refusals are not kept', async () => {
    const client = await Client.connect(`${await serve()}/ws`);
    const wrong = { type: 'reset', data: { task_id: 'nope' }, request_id: 'r' };
    for (let n = 0; n < 2; n++) expect(await client.ask(wrong)).toMatchObject({ type: 'error', request_id: 'r' });
    expect(await client.ask({ ...wrong, data: RESET })).toMatchObject({ type: 'observation', request_id: 'r' });
  });
});

test('kept answers count as held memory, and are evicted when the memory is used up', async () => {
  const memory = new Memory(1);
  const answers = new Remembered(new AnswerStore(memory), 'e', 16);
  const answer = (id: string): Promise<Buffer> => answers.answer(id, '', async () => Buffer.alloc(400_000));
  for (const id of ['a', 'b']) await answer(id);
  expect(memory.used).toBe(800_002);
  await answer('c');
  expect(memory.used).toBe(800_002);
  expect(() => answer('a')).toThrow(expect.objectContaining({ code: 'ANSWER_FORGOTTEN' }));
  expect(await answer('c')).toHaveLength(400_000);
  const other = { mayGo: () => false, giveUp: () => undefined };
  memory.hold(other, 2 ** 20 - 100);
  expect(() => answer('c')).toThrow(expect.objectContaining({ code: 'ANSWER_FORGOTTEN' }));
  await answer('d');
  expect(memory.used).toBe(2 ** 20 - 100);
  answers.clear();
});

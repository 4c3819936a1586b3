/** The answers that a list of actions may contain. A bad answer affects only its own step. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Action, type PolicyAnswer, VectorEnv } from '../../src/index.ts';
import { answersToJson, readAnswer } from '../../src/vector/wire-action.ts';
import { ACTION_TYPES, actionSchema, CHANNELS } from '../../src/world/schema.ts';
import { texts } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';
import { BACKENDS, linesOf, scripted, smallScenario, unchecked, vectorFactory } from './support.ts';

const REPLY: Action = { action_type: 'reply_email', email_id: 'e1', message_body: 'Dear Ana, yes: {signed} "today".' };
const JSON_TEXT = JSON.stringify(REPLY);

const READABLE: readonly (readonly [string, PolicyAnswer])[] = [
  ['a bare JSON text', JSON_TEXT],
  ['JSON text between blank lines', `\n\n  ${JSON_TEXT}\n`],
  ['a fence', `Here is my action:\n\`\`\`json\n${JSON.stringify(REPLY, null, 2)}\n\`\`\`\nThank you.`],
  ['action tags', `<think>Or {"action_type": "do_nothing"}?</think>\n<action>${JSON_TEXT}</action>`],
  ['tags that are never closed', `<action>${JSON_TEXT}`],
  ['prose around it', `I will answer Ana first. ${JSON_TEXT} That should settle it.`],
  ['prose after an object that is not an action', `The world is {"e1": true}. So: ${JSON_TEXT}`],
  ['an object without a prototype', Object.assign(Object.create(null), REPLY)],
  ['an object with metadata', { ...REPLY, metadata: { tokens: 12, logprobs: [-0.5], model: null } }],
];

class Explosive {
  get action_type(): string {
    throw new Error('do not touch');
  }
}

function circular(): PolicyAnswer {
  const loop: Action = { action_type: 'do_nothing' };
  loop.metadata = { loop };
  return loop;
}

/** Each use makes a new answer. The text must be part of the error. */
const BAD: readonly (readonly [string, () => unknown, string])[] = [
  ['text without an object', () => 'I refuse.', 'no JSON object: "I refuse."'],
  ['an empty text', () => '', 'no JSON object'],
  ['JSON that is cut off', () => '{"action_type": "do_nothing"', 'never closed'],
  ['a text of more than a million characters', () => 'x'.repeat(1_000_001), '1000001 characters'],
  ['an unknown key', () => ({ action_type: 'do_nothing', emial_id: 'e1' }), 'unknown key "emial_id"'],
  ['an unknown action type', () => ({ action_type: 'take_a_nap' }), 'action_type'],
  [
    'a null id, which is none',
    () => ({ action_type: 'archive_email', email_id: null }),
    'archive_email needs email_id',
  ],
  ['a number for an id', () => ({ action_type: 'archive_email', email_id: 7 }), 'email_id'],
  ['an unknown email', () => ({ action_type: 'archive_email', email_id: 'e999' }), 'there is no email "e999"'],
  ['null', () => null, 'expected object'],
  ['undefined', () => undefined, 'expected object'],
  ['a number', () => 42, 'got 42'],
  ['NaN', () => Number.NaN, 'expected object'],
  ['a list', () => [REPLY], 'expected object'],
  ['a boolean', () => true, 'got true'],
  ['a BigInt', () => 42n, 'JSON'],
  ['a BigInt inside', () => ({ action_type: 'do_nothing', metadata: { n: 1n } }), 'JSON'],
  ['a circular object', circular, 'circular'],
  ['a function', () => () => REPLY, 'expected object'],
  ['a symbol', () => Symbol('reply'), 'expected object'],
  ['a date', () => new Date(0), 'Date'],
  [
    'an own property that throws when it is read',
    () =>
      Object.defineProperty({}, 'email_id', {
        enumerable: true,
        get: () => {
          throw new Error('do not touch');
        },
      }),
    'do not touch',
  ],
  [
    'a proxy that has been revoked',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    'proxy',
  ],
];

const SPEC = { scenario: smallScenario() };

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test('an action is read from every form in which a policy may give it', async () => {
    const answers = [REPLY, ...READABLE.map(([, answer]) => answer)];
    const vector = await create({ workers, envs: answers.map(() => SPEC) });
    await vector.reset();
    const batch = await vector.step(answers);
    const { env_id: _, seed: __, ...expected } = batch.info(0);
    expect(expected).toMatchObject({ step_ok: true, step_detail: 'replied to [e1] from Ana Lumme' });
    READABLE.forEach(([form], index) => {
      const { env_id: _, seed: __, ...info } = batch.info(index + 1);
      expect(info, form).toStrictEqual(expected);
      expect(batch.reward[index + 1], form).toBe(batch.reward[0]);
      expect(batch.briefing(index + 1), form).toBe(batch.briefing(0));
    });
  });

  test('a bad item becomes an invalid step of its own environment, with an error that says why', async () => {
    const vector = await create({ workers, envs: BAD.map(() => SPEC), autoreset: 'disabled' });
    await vector.reset();
    const batch = await vector.step(BAD.map(([, make]) => unchecked(make())));
    BAD.forEach(([what, , complaint], i) => {
      const info = batch.info(i);
      expect(info.step_ok, what).toBe(false);
      expect(info.step_error, what).toContain(complaint);
      expect(info.episode_step, what).toBe(1);
      expect(batch.stepOk[i], what).toBe(0);
      expect(batch.breakdown.invalid_step_adjustment[i], what).toBe(-0.25);
      expect(batch.briefing(i), what).toContain(`Last action FAILED: ${info.step_error}`);
    });
    const next = await vector.step(BAD.map(() => REPLY));
    expect([...next.stepOk], 'the next step of each').toEqual(BAD.map(() => 1));
  });

  test('the neighbours of a bad item play the same bytes as in a run without it', async () => {
    const tasks = ['phase2_core', 'drift_drill'];
    const play = async (answerOfTwo: (turn: number) => unknown): Promise<string[]> => {
      const vector = await create({ workers, numEnvs: 4, tasks });
      await vector.reset();
      const turns: string[] = [];
      for (let turn = 0; turn < BAD.length; turn++) {
        const actions = vector.envIds.map((env) => scripted(tasks[env % 2] ?? '', env, turn));
        actions[2] = unchecked(answerOfTwo(turn));
        const lines = linesOf(await vector.step(actions));
        turns.push([lines[0], lines[1], lines[3]].join('\n'));
      }
      return turns;
    };
    const expected = await play(() => ({}));
    const actual = await play((turn) => BAD[turn]?.[1]());
    BAD.forEach(([what], turn) => {
      expect(actual[turn], what).toBe(expected[turn]);
    });
  });

  test('the caller may change actions once they are sent', async () => {
    const vector = await create({ workers, envs: [SPEC, SPEC] });
    await vector.reset();
    const actions: PolicyAnswer[] = [REPLY, REPLY];
    const stepping = vector.step(actions);
    actions.fill('overwritten');
    const batch = await stepping;
    expect([...batch.stepOk]).toEqual([1, 1]);
  });
});

test('both backends read any input alike', async () => {
  const odd: readonly (readonly [string, () => unknown])[] = [
    ...BAD.map(([what, make]) => [what, make] as const),
    ...READABLE.map(([what, answer]) => [what, () => answer] as const),
    ['a Map', () => new Map([['action_type', 'nonsense']])],
    ['an instance whose getter throws', () => new Explosive()],
    ['a field that is undefined', () => ({ ...REPLY, reason: undefined })],
    ['an unknown key that is undefined', () => ({ ...REPLY, hurry: undefined })],
    ['an object with toJSON', () => ({ toJSON: () => REPLY })],
    ['a String object', () => new String(JSON_TEXT)],
    ['a lone surrogate', () => ({ action_type: 'archive_email', email_id: 'e\ud83d' })],
    ['a key called __proto__', () => JSON.parse('{"__proto__": "x", "action_type": "do_nothing"}')],
    ['bytes', () => Buffer.from(JSON_TEXT)],
  ];
  const [local, pooled] = await Promise.all(
    [0, 2].map(async (workers) => {
      const vector = await VectorEnv.create({ rules: 'v1', workers, envs: odd.map(() => SPEC) });
      await vector.reset();
      const lines = linesOf(await vector.step(odd.map(([, make]) => unchecked(make()))));
      await vector.close();
      return lines;
    }),
  );
  odd.forEach(([what], i) => {
    expect(pooled?.[i], what).toBe(local?.[i]);
  });
});

describe('answers on their way to a worker', () => {
  const create = vectorFactory();

  const TEXT_FIELDS = Object.keys(actionSchema.shape).filter(
    (field) => !['action_type', 'channel', 'metadata'].includes(field),
  );
  /** These include lone surrogates. */
  const anyTexts = fc.oneof(texts, fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '', '"', '\u0000'));
  const actions = fc.record(
    {
      action_type: fc.constantFrom(...ACTION_TYPES),
      channel: fc.constantFrom(...CHANNELS),
      ...Object.fromEntries(TEXT_FIELDS.map((field) => [field, fc.option(anyTexts, { nil: undefined })])),
    },
    { requiredKeys: [] },
  );
  const answers = fc.array(
    fc.oneof({ weight: 3, arbitrary: actions }, anyTexts, fc.anything({ withBigInt: true, withDate: true })),
    { maxLength: 12 },
  );

  test('any answer is read there as it would be read here', () => {
    const property = fc.property(answers, (given) => {
      const sent: unknown[] = JSON.parse(structuredClone(answersToJson(given)));
      expect(sent.map(readAnswer)).toEqual(given.map(readAnswer));
    });
    assertProperty(property, { runs: 1_000 });
  });

  const ODD_IDS = [
    'e\u00e9',
    '\u4e16',
    '\u{1f44b}',
    '\ud800',
    'a\udc4bb',
    '\u0000',
    '\u2028',
    '"\\"',
    '\uffff',
    '\ufeff',
  ];

  test('odd characters reach the worker, and come back in notes and briefings, unchanged', async () => {
    const numEnvs = 2 * ODD_IDS.length;
    const actions = ODD_IDS.map((email_id): Action => ({ action_type: 'archive_email', email_id }));
    const given = [...actions, ...actions.map((action) => `<action>${JSON.stringify(action)}</action>`)];
    const [local, pooled] = [await create({ numEnvs, workers: 0 }), await create({ numEnvs, workers: 2 })];
    for (const vector of [local, pooled]) await vector.reset();
    const [here, there] = [await local.step(given), await pooled.step(given)];
    expect(linesOf(there)).toEqual(linesOf(here));
    const notes = given.map((_, i) => there.note(i));
    expect(notes).toEqual(given.map((_, i) => here.note(i)));
    expect(new Set(notes.slice(0, 3)).size).toBe(3);
    for (const [i, email_id] of ODD_IDS.slice(0, 3).entries()) {
      expect(notes[i]).toContain(`"${email_id}"`);
      expect(there.briefing(i)).toContain(`"${email_id}"`);
    }
    for (const note of notes) expect(note.isWellFormed()).toBe(true);
  });

  const reply: Action = {
    action_type: 'reply_email',
    email_id: 'e01',
    message_body: 'Thank you, I will see to it today.',
  };
  const thought = 'I wonder. '.repeat(20_000);
  test.each([
    ['some long answers', (env: number) => (env % 3 === 0 ? `${thought}${JSON.stringify(reply)}` : reply)],
    ['only long answers', () => `${thought}${JSON.stringify(reply)}`],
    ['long answers of two bytes for each character', () => `\u4e16${thought}${JSON.stringify(reply)}`],
  ])('%s are played as without workers', async (_, answer) => {
    const numEnvs = 70;
    const play = async (workers: number): Promise<string[]> => {
      const vector = await create({ numEnvs, workers, seed: 5 });
      await vector.reset();
      const lines: string[] = [];
      for (let step = 0; step < 3; step++) {
        lines.push(...linesOf(await vector.step(Array.from({ length: numEnvs }, (_, env) => answer(env)))));
      }
      return lines;
    };
    const alone = await play(0);
    expect(await play(1)).toEqual(alone);
    expect(await play(2)).toEqual(alone);
  });
});

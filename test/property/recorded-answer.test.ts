/** Whatever a policy answers: what is played from its record is what was played. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Scene } from '../../src/analysis/replay.ts';
import { Replay } from '../../src/analysis/replay.ts';
import { recordAnswer } from '../../src/records/line-writer.ts';
import { recordJson } from '../../src/records/record-json.ts';
import { answerOf, type RecordedAnswer } from '../../src/records/recorded-answer.ts';
import { episodeRecordSchema, recordedActionSchema, type StepRecord } from '../../src/records/schema.ts';
import { RULES } from '../../src/sim/rules.ts';
import { compileSpec, loadSpec } from '../../src/vector/spec.ts';
import { asSent, readAnswer } from '../../src/vector/wire-action.ts';
import { isUnreadable } from '../../src/world/completion/completion.ts';
import { actionSchema } from '../../src/world/schema.ts';
import { episode, step } from '../rollout/traces-support.ts';
import { answers, namesOf } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';
import { storiesIn, wildWorlds, worlds } from '../support/v2-worlds.ts';
import { contact, email, meeting, NINE, scenario, task } from '../support/worlds.ts';

const NAMES = namesOf(
  scenario({
    emails: [email('e1')],
    meetings: [meeting('m1', NINE)],
    tasks: [task('t1', NINE)],
    contacts: [contact('Bo')],
  }),
);

/** Halves of characters, ends of lines, and what could be taken for another field. */
const oddTexts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', 'a\udfff', '\u2028\u2029\u0085', '', ' ', 'null', '{}', '"', '\\u2028', '\u0000\n'),
);
const keys = fc.oneof(
  fc.constantFrom(...Object.keys(actionSchema.shape), 'extra_json', 'completion', '__proto__', 'constructor', '1'),
  oddTexts,
);
const types = fc.constantFrom('reply_email', 'archive_email', 'do_nothing', 'nap', '', null, 7);
const objects = fc
  .tuple(fc.option(types, { nil: undefined }), fc.array(fc.tuple(keys, fc.oneof(oddTexts, fc.jsonValue()))))
  .map(([action_type, entries]) => Object.fromEntries([['action_type', action_type], ...entries]));
const anything: fc.Arbitrary<unknown> = fc.oneof(
  answers(NAMES).map(({ given }) => given),
  objects,
  objects.map((object) => JSON.stringify(object)),
  objects.map((object) => `\ud800 <action>${JSON.stringify(object)}</action> \u2028`),
  oddTexts,
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
);

/** What a reader of the file has of it. */
function throughFile(recorded: RecordedAnswer): StepRecord {
  const line = recordJson(episode(0, { steps: [step(recorded)] }));
  const [read] = episodeRecordSchema.parse(JSON.parse(line)).steps;
  if (read === undefined) throw new TypeError('there is a step');
  return read;
}

/** Without what means the same: a text that is empty was left out, and a type that was left out is do_nothing. */
function meaning(answer: unknown): object {
  const read = readAnswer(answer);
  if (isUnreadable(read)) return { ...read };
  const given = Object.entries(read).filter(([, value]) => value !== undefined && value !== '');
  return { action_type: 'do_nothing', ...Object.fromEntries(given) };
}

test('what is read from the record is what was read from the answer', () => {
  const seen = { completion: 0, action: 0, extra: 0, invalid: 0 };
  assertProperty(
    fc.property(anything, (answer) => {
      const recorded = recordAnswer(answer);
      const read = throughFile(recorded);
      expect(read).toMatchObject(recorded);
      expect(meaning(answerOf(read))).toEqual(meaning(answer));
      // An answer that is not JSON is recorded as a text that says so, and that text is played again.
      expect(recordAnswer(answerOf(read)).action).toEqual(recorded.action);
      if (typeof answer === 'string') expect(answerOf(read)).toBe(answer);
      if (recorded.completion !== null) seen.completion++;
      if (recorded.action !== null) seen.action++;
      if (recorded.extra_json !== null) seen.extra++;
      if (isUnreadable(readAnswer(answer))) seen.invalid++;
    }),
    { runs: 2_000, seed: 4 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(200);
});

test('every field has one type, and every text is well-formed Unicode on one line', () => {
  assertProperty(
    fc.property(anything, (answer) => {
      const { completion, action, extra_json } = recordAnswer(answer);
      if (action !== null) expect(Object.keys(action)).toEqual(Object.keys(recordedActionSchema.shape));
      for (const text of [completion, extra_json, ...Object.values(action ?? {})]) {
        expect(text === null || (typeof text === 'string' && text.isWellFormed())).toBe(true);
      }
      expect(recordJson(episode(0, { steps: [step({ completion, action, extra_json })] }))).not.toMatch(
        /(?=[^\u007f-\u0084\u0086-\u009f])\p{Cc}|[\u2028\u2029]|[^\\](\\\\)*\\ud[89a-f]/u,
      );
    }),
  );
});

test('known fields that hold text stand in the action, everything else in extra_json', () => {
  expect(recordAnswer({ action_type: 'archive_email', email_id: 'e1', message: null })).toMatchObject({
    completion: null,
    action: { action_type: 'archive_email', email_id: 'e1', message: '', channel: '' },
    extra_json: null,
  });
  const odd = { action_type: 'nap', email_id: 7, channel: '', message: 'x', metadata: { a: [1] }, mood: 'blue' };
  const recorded = recordAnswer(odd);
  expect(recorded).toMatchObject({ completion: null, action: { action_type: 'nap', email_id: '', message: 'x' } });
  expect(JSON.parse(recorded.extra_json ?? '')).toEqual({
    email_id: 7,
    channel: '',
    metadata: { a: [1] },
    mood: 'blue',
  });
  expect(answerOf(recorded)).toEqual(odd);
  expect(recordAnswer([1])).toEqual({ completion: null, action: null, extra_json: '[1]' });
  expect(recordAnswer({})).toMatchObject({ completion: null, action: { action_type: 'do_nothing' }, extra_json: null });
  expect(recordAnswer('I do not know')).toEqual({ completion: 'I do not know', action: null, extra_json: null });
  const completion = 'Done. <action>{"action_type": "archive_email", "email_id": "e1"}</action>';
  expect(recordAnswer(completion)).toMatchObject({ completion, action: { email_id: 'e1' }, extra_json: null });
});

describe.each(RULES)('under %s', (rules) => {
  test('an episode played from its record is the episode', () => {
    assertProperty(
      fc.property(
        fc.oneof(storiesIn(worlds), storiesIn(wildWorlds)),
        fc.array(anything, { maxLength: 4 }),
        fc.boolean(),
        ({ world, actions }, others, asText) => {
          const spec = compileSpec({ ...loadSpec({ scenario: world }), rules, rewardMode: 'full' });
          const given = [...actions.slice(0, 8).map((one) => (asText ? JSON.stringify(one) : one)), ...others];
          // Fields that are empty do what fields that are missing do.
          const filled = given.map((one) =>
            typeof one === 'string' ? one : { email_id: '', reason: '', ...Object(asSent(one)) },
          );
          for (const list of [given, filled]) {
            const read = list.map((answer) => answerOf(throughFile(recordAnswer(answer))));
            expect(play(new Replay(spec), read)).toEqual(play(new Replay(spec), list.map(asSent)));
          }
        },
      ),
      { runs: 60 },
    );
  });
});

/** Scenes, without how the answer was put. */
function play(replay: Replay, list: readonly unknown[]): Omit<Scene, 'action' | 'understood'>[] {
  return [replay.begin(), ...list.map((answer) => replay.step(answer))].map(
    ({ action: _, understood: __, ...scene }) => scene,
  );
}

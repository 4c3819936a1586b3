/** Any answer that was packed for a worker is read there as it would be read here. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packAnswers, readUnpacked, splitAnswers, unpackAnswers } from '../../src/vector/action-channel.ts';
import { readAnswer } from '../../src/vector/wire-action.ts';
import { ACTION_TYPES, actionSchema, CHANNELS } from '../../src/world/schema.ts';
import { texts } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';

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

test('an answer is read alike before packing and after unpacking', () => {
  const property = fc.property(answers, (given) => {
    expect(unpackAnswers(packAnswers(given)).map(readUnpacked)).toEqual(given.map(readAnswer));
  });
  assertProperty(property, { runs: 1_000 });
});

test('every field of an action gets through, alone and with all others', () => {
  const each = Object.keys(actionSchema.shape)
    .filter((field) => field !== 'metadata')
    .map((field) => {
      if (field === 'action_type') return { action_type: ACTION_TYPES[1] };
      return { [field]: field === 'channel' ? CHANNELS[1] : `the ${field}` };
    });
  const given = [...each, Object.assign({}, ...each), {}];
  // Without the fields that are undefined.
  expect(JSON.parse(JSON.stringify(unpackAnswers(packAnswers(given))))).toEqual(given);
});

test('packed answers can be divided anywhere', () => {
  const property = fc.property(answers, fc.nat(), (given, at) => {
    const middle = at % (given.length + 1);
    const halves = splitAnswers(packAnswers(given), middle).map(unpackAnswers);
    expect(halves.map((half) => half.length)).toEqual([middle, given.length - middle]);
    expect(halves.flat()).toEqual(unpackAnswers(packAnswers(given)));
  });
  assertProperty(property, { runs: 300 });
});

/** From whatever a policy answers to an action, or to a reason why there is none. Nothing here may throw. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUnreadable, readAction } from '../../src/world/completion.ts';
import { actionSchema } from '../../src/world/schema.ts';
import { candidatesIn } from '../reference/completion.ts';
import { actions, answers, namesOf } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';
import { contact, email, meeting, NINE, scenario, task } from '../support/worlds.ts';

const NAMES = namesOf(
  scenario({
    emails: [email('e1')],
    meetings: [meeting('m1', NINE)],
    tasks: [task('t1', NINE)],
    contacts: [contact('Bo')],
  }),
);

const archive = (id: string): string => JSON.stringify({ action_type: 'archive_email', email_id: id });

/** The email that an answer archives, or why it does not. */
function archived(answer: unknown): string {
  const action = readAction(answer);
  if (isUnreadable(action)) return `unreadable: ${action.unreadable}`;
  return (action.action_type === 'archive_email' ? action.email_id : action.action_type) ?? 'nothing';
}

const E1 = archive('e1');
const E2 = archive('e2');

describe('an action is found', () => {
  test.each([
    ['in an object', { action_type: 'archive_email', email_id: 'e1' }],
    ['in bare JSON', E1],
    ['in JSON with white space around', `\n\n  ${E1}  \n`],
    ['in JSON over several lines', '{\n  "action_type": "archive_email",\n\n  "email_id": "e1"\n}'],
    ['in a fence with a language', `\`\`\`json\n${E1}\n\`\`\``],
    ['in a fence without one', `\`\`\`\n${E1}\n\`\`\``],
    ['in a fence on one line', `\`\`\`${E1}\`\`\``],
    ['in a fence that is never closed', `Sure!\n\`\`\`json\n${E1}`],
    ['in tags', `<action>${E1}</action>`],
    ['in tags with words and a fence inside', `<action>\nThis one:\n\`\`\`json\n${E1}\n\`\`\`\n</action>`],
    ['in a tag that is never closed', `Let me see. <action>${E1}`],
    ['in prose', `I will archive it: ${E1} and then rest.`],
    ['in prose with braces that are no JSON', `Given {this} and {"that"}, I choose ${E1} {done}.`],
    ['after a think block', `<think>The VIP first? {"maybe": 1} No.</think>\n${E1}`],
    ['after a think block that holds another action', `<think>${E2} would be rash.</think>${E1}`],
    ['after a think block that is never closed', `<think>Perhaps ${E2}\n\n${E1}`],
    ['after seven braces that are never closed', `${'{'.repeat(7)} ${E1}`],
    ['after a quotation mark inside braces that is never closed', `{ say "hello } ${E1}`],
    ['with a byte order mark before it', `\ufeff${E1}`],
    ['behind an array of other things', `[1, 2, {"a": 3}] ${E1}`],
    ['inside an array', `[${E1}]`],
    ['with escapes in it', '{"action_type":"archive\\u005femail","email_id":"\\u00651"}'],
    ['with a key said twice: the later one counts', '{"email_id":"e2","action_type":"archive_email","email_id":"e1"}'],
    ['with metadata', '{"action_type":"archive_email","email_id":"e1","metadata":{"cost":[1,null]}}'],
  ])('%s', (_where, answer) => {
    expect(archived(answer)).toBe('e1');
  });

  test.each([
    ['the last of several objects', `${E2} or rather ${E1}`],
    ['the last of several lines', `${E2}\n${E2}\n${E1}\n`],
    ['the last that is an action, not one that only looks like it', `${E1} {"action_type": "take_a_nap"} {"note": 1}`],
    ['the last tag', `<action>${E2}</action> no: <action>${E1}</action>`],
    ['the last fence', `\`\`\`\n${E2}\n\`\`\`\nno:\n\`\`\`\n${E1}\n\`\`\``],
    ['a tag before a fence', `<action>${E1}</action>\n\`\`\`json\n${E2}\n\`\`\``],
    ['a fence before bare text', `\`\`\`json\n${E1}\n\`\`\`\nas opposed to ${E2}`],
    ['a tag with an action, not a later one without', `<action>${E1}</action> <action>nothing</action> ${E2}`],
  ])('where there are several: %s', (_which, answer) => {
    expect(archived(answer)).toBe('e1');
  });

  test.each([
    'a } brace and a { brace',
    '}{',
    '{"action_type":"do_nothing"}',
    'a "quoted" word \\ and a backslash',
    '``` a fence ```',
    '<action>{}</action>',
    '\u{1f44b} \ud83d \u2028',
    '\\"',
  ])('whose text holds %j, bare and in prose', (body) => {
    const action = { action_type: 'reply_email', email_id: 'e1', message_body: body };
    const expected = actionSchema.parse(action);
    expect(readAction(JSON.stringify(action))).toEqual(expected);
    expect(readAction(JSON.stringify(action, null, 2))).toEqual(expected);
    if (!body.includes('<action>')) expect(readAction(`I say ${JSON.stringify(action)}.`)).toEqual(expected);
  });

  test('in a completion of exactly a million characters', () => {
    expect(archived(E1.padStart(1_000_000, 'x'))).toBe('e1');
    expect(archived(E1.padEnd(1_000_000))).toBe('e1');
  });
});

describe('a random action', () => {
  test('is read the same as an object, as JSON, in a fence, in tags and in prose', () => {
    const property = fc.property(actions(NAMES), (action) => {
      const expected = actionSchema.parse(action);
      const json = JSON.stringify(action);
      const forms = [
        action,
        json,
        JSON.stringify(action, null, 2),
        `<action>\n${json}\n</action>`,
        `\`\`\`json\n${json}\n\`\`\``,
        `So: ${json}\nDone.`,
      ];
      for (const form of forms) expect(readAction(form)).toEqual(expected);
    });
    assertProperty(property, { runs: 500 });
  });

  test('and a random answer that is none are told apart', () => {
    const property = fc.property(answers(NAMES), ({ given, meant }) => {
      const action = readAction(given);
      if ('unreadable' in meant) expect(isUnreadable(action)).toBe(true);
      else expect(action).toEqual(actionSchema.parse(meant));
    });
    assertProperty(property, { runs: 500 });
  });
});

test('in any jumble of objects, marks and broken pieces, the same one is found as by a search written plainly', () => {
  const part = fc.oneof(
    actions(NAMES).map((action) => JSON.stringify(action)),
    fc.constantFrom(
      '{',
      '}',
      '"',
      '\\',
      '{"',
      '{ "',
      '{\n}',
      '":',
      '<action>',
      '</action>',
      '```',
      '```json\n',
      ' ',
      '\n',
      'x',
    ),
    fc.constantFrom(
      '{"nap": 1}',
      '{"a": {"action_type": "do_nothing"}}',
      '{"reason": "}"}',
      '{"reason": "{ \\" }"}',
      'a {b} c',
    ),
  );
  const property = fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
    const completion = parts.join('');
    const read = candidatesIn(completion).map((candidate) => readAction(candidate));
    const expected = read.find((action) => !isUnreadable(action)) ?? read[0];
    const action = readAction(completion);
    if (expected !== undefined) expect(action).toEqual(expected);
    else expect(isUnreadable(action) && action.unreadable).toContain('the completion holds no JSON object');
  });
  assertProperty(property, { runs: 4000 });
});

test('where braces without end have used up the search, nothing more is looked at, as in the plain search', () => {
  for (const count of [7, 8, 9, 20]) {
    const completion = `${'{"a": '.repeat(count)}${'x'.repeat(100)} ${E1}`;
    expect(archived(completion) === 'e1').toBe(candidatesIn(completion).length > 0);
  }
});

describe('what cannot be read says why:', () => {
  test.each([
    ['', /holds no JSON object: ""/],
    ['   \n', /holds no JSON object/],
    ['I would rather not.', /holds no JSON object: "I would rather not\."/],
    ['null', /holds no JSON object/],
    ['[1, 2]', /holds no JSON object/],
    ['"{"', /never closed/],
    ['{', /never closed/],
    [E1.slice(0, -1), /never closed/],
    ['```json\n{"action_type": \n```', /never closed/],
    ['{"action_type": archive_email}', /holds no JSON object that can be read/],
    ["{'action_type': 'do_nothing'}", /holds no JSON object that can be read/],
    ['{"action_type": "do_nothing",}', /holds no JSON object that can be read/],
    ['{"action_type": "take_a_nap"}', /action_type: .*"do_nothing".*got "take_a_nap"/],
    ['<action>{"action_type": "take_a_nap"}</action>', /got "take_a_nap"/],
    ['{"action_type": "archive_email", "email": "e1"}', /unknown key "email"/],
    ['{"action_type": "archive_email", "email_id": null}', /email_id: expected string, got null/],
    ['{"action_type": "archive_email", "email_id": 1}', /email_id: expected string, got 1/],
    ['{"action": {"action_type": "do_nothing"}}', /unknown key "action"/],
    ['{"nap": 1} {"nap": 2, "rest": 3}', /unknown keys "nap", "rest"/],
  ])('%j', (completion, reason) => {
    const action = readAction(completion);
    expect(isUnreadable(action) && action.unreadable).toMatch(reason);
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['NaN', Number.NaN],
    ['a boolean', true],
    ['an array', [{ action_type: 'do_nothing' }]],
    ['a function', () => ({ action_type: 'do_nothing' })],
    ['a bigint', 7n],
    ['a symbol', Symbol('action')],
    ['an object of other keys', { type: 'do_nothing' }],
    ['an object with undefined keys unknown', { nap: undefined }],
  ])('%s', (_what, answer) => {
    const action = readAction(answer);
    expect(isUnreadable(action) && action.unreadable).toMatch(/^the action does not follow its schema: /);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'unreadable'])(
    'the key %s, which is like any other',
    (key) => {
      const completion = `{"action_type": "do_nothing", ${JSON.stringify(key)}: {"action_type": "archive_email"}}`;
      const action = readAction(completion);
      expect(isUnreadable(action) && action.unreadable).toContain(`unknown key "${key}"`);
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );

  test('a completion of a million and one characters, whatever is in it', () => {
    const action = readAction(E1.padEnd(1_000_001));
    expect(isUnreadable(action) && action.unreadable).toContain('1000001 characters');
  });

  test('on one line, however the answer looks', () => {
    const property = fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.anything()), (answer) => {
      const action = readAction(answer);
      if (isUnreadable(action)) expect(action.unreadable).not.toMatch(/[\n\r\u2028\u2029]/);
      else expect(actionSchema.safeParse(action).success).toBe(true);
    });
    assertProperty(property, { runs: 2000 });
  });
});

describe('bait for a slow or a recursive reader ends as unreadable, or as the action that it hides:', () => {
  const DEEP = 100_000;

  test.each([
    ['opening braces', '{'.repeat(200_000), 'unreadable'],
    ['opening braces and quotes', '{"'.repeat(100_000), 'unreadable'],
    ['opening braces in an open fence', `\`\`\`${'{'.repeat(200_000)}`, 'unreadable'],
    ['opening tags', '<action>'.repeat(50_000), 'unreadable'],
    ['backquotes', '`'.repeat(200_000), 'unreadable'],
    ['backslashes in an open string', `{"${'\\'.repeat(200_000)}`, 'unreadable'],
    ['braces that close but hold nothing', '{x}'.repeat(60_000), 'unreadable'],
    ['objects in objects', `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`, 'unreadable'],
    ['objects in a text field', `{"email_id":${'{"email_id":'.repeat(DEEP)}1${'}'.repeat(DEEP)}}`, 'unreadable'],
    ['lists in a text field', `{"email_id":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`, 'unreadable'],
    [
      'lists in the metadata',
      `{"action_type":"archive_email","email_id":"e1","metadata":{"x":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}}`,
      'e1',
    ],
    ['a long word before the action', `${'x'.repeat(500_000)} ${E1}`, 'e1'],
    ['white space around the action', `${' '.repeat(400_000)}${E1}${'\n'.repeat(400_000)}`, 'e1'],
    ['an open brace before a tagged action', `{ ${'x'.repeat(300_000)} <action>${E1}</action>`, 'e1'],
    [
      'a long text',
      JSON.stringify({ action_type: 'archive_email', email_id: 'e1', reason: '{'.repeat(400_000) }),
      'e1',
    ],
  ])('%s', (_what, completion, expected) => {
    expect(archived(completion).startsWith(expected)).toBe(true);
  });
});

describe('hostile completions', () => {
  test.each([
    ['braces of prose without end', '{x}'.repeat(333_000)],
    ['braces of prose in a fence', `\`\`\`${'{x}'.repeat(333_000)}`],
    ['objects without end', '{"a":1}'.repeat(142_000)],
    ['objects in fences without end', '```{"a":1}```'.repeat(70_000)],
    ['openings without end', '{"'.repeat(400_000)],
  ])('of %s are unreadable', (_, completion) => {
    expect(isUnreadable(readAction(completion))).toBe(true);
  });

  test('stray braces in front do not hide an action', () => {
    expect(archived(`${'{'.repeat(500)} ${E1}`)).toBe('e1');
    expect(archived(`${'{x}'.repeat(500)} ${E1}`)).toBe('e1');
    expect(archived(`${'{"a":1}'.repeat(500)} ${E1}`)).toBe('e1');
  });
});

describe('objects that are no data', () => {
  test.each([
    ['Promise', Promise.resolve({ action_type: 'archive_email', email_id: 'e1' })],
    ['Map', new Map([['action_type', 'archive_email']])],
    ['Date', new Date(0)],
    ['Uint8Array', new Uint8Array(3)],
  ])('a %s is named', (kind, answer) => {
    expect(archived(answer)).toContain(`it is a ${kind}`);
  });

  test('a getter that throws spoils only the action', () => {
    const answer = Object.defineProperty({}, 'email_id', {
      enumerable: true,
      get() {
        throw new Error('not today');
      },
    });
    expect(archived(answer)).toBe('unreadable: the action cannot be read: not today');
  });

  test('an object without a prototype is data', () => {
    expect(archived(Object.assign(Object.create(null), { action_type: 'archive_email', email_id: 'e1' }))).toBe('e1');
  });
});

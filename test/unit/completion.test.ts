/** Converts any answer of a policy to an action, or to a reason why there is none. Nothing here may throw. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  isUnreadable,
  type ReadAction,
  readAction,
  readCompletion,
  searchBudget,
} from '../../src/world/completion/completion.ts';
import { SearchBudget } from '../../src/world/completion/object-search.ts';
import { actionSchema } from '../../src/world/schema.ts';
import { answerOf } from '../reference/completion.ts';
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

/** The email that an answer archives, or why it archives none. */
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
    ['in prose with braces that are not JSON', `Given {this} and {"that"}, I choose ${E1} {done}.`],
    ['after a think block', `<think>The VIP first? {"maybe": 1} No.</think>\n${E1}`],
    ['after a think block that holds another action', `<think>${E2} would be rash.</think>${E1}`],
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
  ])('of several: %s', (_which, answer) => {
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
      for (const form of forms) {
        const isNone = typeof form === 'string' && action.action_type === undefined;
        if (isNone) expect(readAction(form)).toMatchObject({ unreadable: expect.stringContaining('no action_type') });
        else expect(readAction(form)).toEqual(expected);
      }
    });
    assertProperty(property, { runs: 500 });
  });

  test('and a random answer that is none are distinguished', () => {
    const property = fc.property(answers(NAMES), ({ given, meant }) => {
      const action = readAction(given);
      if ('unreadable' in meant) expect(isUnreadable(action)).toBe(true);
      else expect(action).toEqual(actionSchema.parse(meant));
    });
    assertProperty(property, { runs: 500 });
  });
});

/** The action that is read, or null if the step would be invalid. */
function statedBy(action: ReadAction): unknown {
  return isUnreadable(action) ? null : JSON.parse(JSON.stringify(action));
}

const jumbles = fc
  .array(
    fc.oneof(
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
        '<',
        '`',
        '```',
        '```json\n',
        ' ',
        '\n',
        'x',
        "'",
        ',',
        '[',
        '<think>',
        '</think>',
        '<tool_call>',
        '</tool_call>',
        '{"action_type": ',
        '{"name": "',
      ),
      fc.constantFrom(
        '{"name": "do_nothing", "arguments": {}}',
        '{"name": "nap", "arguments": "{}"}',
        '{"function": {"name": "do_nothing"}}',
        "{'action_type': 'do_nothing', 'reason': None,}",
        '{"action_type": "do_nothing", "reason": "a\n</think> b"}',
      ),
      fc.constantFrom(
        '{"nap": 1}',
        '{"a": {"action_type": "do_nothing"}}',
        '{"reason": "}"}',
        '{"reason": "{ \\" }"}',
        '{x {"reason": "y"} {}}',
        'a {b} c',
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('in any jumble of objects, marks and broken pieces', () => {
  test('without a budget, the same action is found as by the simple search', () => {
    const property = fc.property(jumbles, (completion) => {
      const budget = new SearchBudget(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
      expect(statedBy(readCompletion(completion, budget))).toEqual(answerOf(completion));
    });
    assertProperty(property, { runs: 4000 });
  });

  test('the same one is found within the budget, or the search is given up and says so', () => {
    let givenUp = 0;
    let runs = 0;
    const property = fc.property(jumbles, (completion) => {
      runs++;
      const action = readCompletion(completion);
      if (isUnreadable(action) && action.unreadable.includes('was given up, since it would look at more than')) {
        givenUp++;
        return;
      }
      expect(statedBy(action)).toEqual(answerOf(completion));
    });
    assertProperty(property, { runs: 2000 });
    expect(givenUp).toBeLessThan(runs / 10);
  });

  test.each([
    ['bare', '', ''],
    ['in tags', '<action>', '</action>'],
    ['in a fence', '```json\n', '\n```'],
    ['in an open fence', '```', ''],
    ['behind a thought', '<think>{"email_id": "e2"} or {this}?</think>', ''],
    ['in prose', 'I choose ', ' now.'],
    ['in an object that is none', '{""', '}'],
    ['in an object that ends in a comma', '{"action": ', ',}'],
  ])('an action with metadata is found within the budget: %s', (_where, before, after) => {
    const action = { action_type: 'archive_email', email_id: 'e1', metadata: { cost: { tokens: 9 } } };
    expect(archived(`${before}${JSON.stringify(action)}${after}`)).toBe('e1');
  });
});

test('braces without end do not hide an action', () => {
  for (const count of [7, 8, 9, 20, 5_000]) {
    expect(archived(`${'{"a": '.repeat(count)}${'x'.repeat(100)} ${E1}`)).toBe('e1');
  }
});

describe('a search is bounded', () => {
  const N = 3_000;
  /** The same every time: the test does not depend on luck, and all runs are alike. */
  const jumble = (seed: number): string => {
    const parts = [
      '{',
      '}',
      '"',
      '\\',
      '{"',
      '"}',
      '":',
      ',',
      '[',
      '<action>',
      '</action>',
      '```',
      ' ',
      E1,
      '{}',
      '{x}',
    ];
    let state = seed;
    return Array.from({ length: N }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return parts[state % parts.length];
    }).join('');
  };
  const bait: [string, string][] = [
    ['{" again and again', '{"'.repeat(250_000)],
    ['{"} again and again', '{"}'.repeat(N)],
    ['{"x} again and again', '{"x}'.repeat(N)],
    ['{{"} again and again', '{{"}'.repeat(N)],
    ['{"a": again and again', '{"a":'.repeat(N)],
    ['nested, and closed', `${'{"a":'.repeat(N)}1${'}'.repeat(N)}`],
    ['nested, and closed too often', `${'{"a":'.repeat(N)}${'}'.repeat(2 * N)}`],
    ['nested, closed, and no JSON in its middle', `${'{"a":'.repeat(N)}x${'}'.repeat(N)}`],
    ['empty objects', '{}'.repeat(N)],
    ['objects that are not actions', '{"a":1}'.repeat(N)],
    ['actions that are none in the end', `${E1.repeat(N)}{"a":1}`],
    ['objects that are not JSON', '{"a"}'.repeat(N)],
    ['an object around those', `{"b" ${'{"a"}'.repeat(N)}}`],
    ['an object around actions', `{"b" ${E1.repeat(N)}}`],
    ['quotes', `{${'"'.repeat(N)}}`],
    ['backslashes', `{"${'\\'.repeat(N)}"}`],
    ['backslashes outside of strings', `{${'\\"'.repeat(N)}}`.repeat(3)],
    ['many fences', '```{"a":1}```'.repeat(N)],
    ['many open fences', '```{"a":1}'.repeat(N)],
    ['backquotes', `${'`'.repeat(N)}{"a":{}}`],
    ['many tags', '<action>{"a":1}</action>'.repeat(N)],
    ['many tags with text that is not JSON', '<action>{"a"}</action>'.repeat(N)],
    ['open tags', '<action>'.repeat(N)],
    ['open tags before objects', '<action>{"a":1}'.repeat(N)],
    ['half of a tag again and again', `${'<action'.repeat(N)}{"a":{}}`],
    ['half of a closing tag again and again', `<action>{"a":{}}${'</action'.repeat(N)}`],
    ['angle brackets', `${'<'.repeat(N)}{"a":{}}`],
    ['white space after every brace', `{${' '.repeat(N)}`.repeat(20)],
    ['white space around', `${' '.repeat(N)}{"a"${' '.repeat(N)}`],
    ['one pair of braces that holds nothing', `{${'x'.repeat(N)}}`],
    ['two braces behind each other', `${'x'.repeat(N)}{{"a":1}`],
    ...[1, 2, 3, 4, 5, 6].map((seed): [string, string] => [`a jumble from seed ${seed}`, jumble(seed)]),
  ];

  test.each(bait)('%s', (_what, completion) => {
    const budget = searchBudget(completion);
    const parse = vi.spyOn(JSON, 'parse');
    const charCodeAt = vi.spyOn(String.prototype, 'charCodeAt');
    const counted = completion.length < 50_000;
    if (!counted) charCodeAt.mockRestore();
    readCompletion(completion, budget);
    const looks = charCodeAt.mock.calls.length;
    const parsed = parse.mock.calls.map(([text]) => text.length);
    vi.restoreAllMocks();
    expect(budget.visits).toBeLessThanOrEqual(4 * completion.length);
    expect(budget.parses).toBeLessThanOrEqual(64);
    // The reported count is the count of the work done.
    expect(parsed).toHaveLength(budget.parses);
    const inJson = parsed.reduce((sum, length) => sum + length, 0);
    expect(budget.visits).toBeGreaterThanOrEqual(inJson + completion.trim().length * Number(budget.parses > 1));
    // A comparison with a mark visits two texts.
    if (counted) expect(looks + inJson).toBeLessThanOrEqual(4 * completion.length + budget.visits);
  });

  test('by the number of objects', () => {
    const completion = `${E1}${'{"a"}'.repeat(64)}${'x'.repeat(10_000)}`;
    expect(archived(completion)).toBe(
      'unreadable: the search for an action in the completion was given up, since more than 64 objects would be tried',
    );
    expect(archived(completion.replace('{"a"}', ''))).toBe('e1');
    expect(archived(`${E1}${'{"a":1}'.repeat(64)}`)).toMatch(
      /was given up, since more than 64 objects would be tried; of the last object found: the object {"a":1} has no action_type/,
    );
  });

  test('by the number of visits to its characters', () => {
    const inner = `${'{"a":'.repeat(40)}x${'}'.repeat(80)}`;
    expect(archived(inner)).toMatch(/was given up, since it would look at more than 1124 characters/);
  });
});

describe('an unreadable answer gets a reason:', () => {
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
    ['{"action_type": "do_nothing",,}', /holds no JSON object that can be read/],
    ['{}', /^the object \{\} has no action_type; expected one of do_nothing, reply_email/],
    [`${E1} <tool_call>archive</tool_call>`, /nothing that can be read as a call follows <tool_call>/],
    ['{"name": "nap", "arguments": {}}', /^the call "nap" is of no action; expected one of do_nothing/],
    ['{"name": "do_nothing", "arguments": "x"}', /the arguments of do_nothing are no object: got "x"/],
    ['{"name": "do_nothing", "arguments": {"action_type": "reply_email"}}', /its action_type is "reply_email"/],
    ['[archive_email("e1")]', /the call of archive_email .*expected KEY=VALUE/],
    ['<think>hm', /reasoning only: <think> is never closed/],
    [`${E1}<action>{"action_type": "arch`, /cut off: what begins with "\{.*arch" is never closed/],
    ['{"action_type": "take_a_nap"}', /action_type: .*"do_nothing".*got "take_a_nap"/],
    ['<action>{"action_type": "take_a_nap"}</action>', /got "take_a_nap"/],
    ['{"action_type": "archive_email", "email": "e1"}', /unknown key "email"/],
    ['{"action_type": "archive_email", "email_id": 1}', /email_id: expected string, got 1/],
    ['{"action": "do_nothing"}', /the object \{"action":"do_nothing"\} has no action_type/],
    ['{"nap": 1} {"nap": 2, "rest": 3}', /the object \{"nap":2,"rest":3\} has no action_type/],
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

describe('only the part of an answer that a message quotes is read', () => {
  test('unknown keys: a few are named', () => {
    const answer = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key ${i}`, i]));
    const action = readAction(answer);
    const told = isUnreadable(action) ? action.unreadable : '';
    expect(told).toMatch(/unknown keys "key 0", "key 1", .*"key 19" and 99980 more$/);
    expect(told.length).toBeLessThan(400);
  });

  test('metadata: nothing, since they are ignored', () => {
    const looks = vi.fn();
    const metadata = new Proxy({ cost: 1 }, { ownKeys: looks, get: looks });
    const action = readAction({ action_type: 'archive_email', email_id: 'e1', metadata });
    expect(isUnreadable(action) ? action.unreadable : action.email_id).toBe('e1');
    expect(looks).not.toHaveBeenCalled();
    const refused = readAction({ action_type: 'archive_email', email_id: 1, metadata });
    expect(isUnreadable(refused) && refused.unreadable).toMatch(/: email_id: expected string, got 1$/);
    for (const none of [[], 'x', new Map()]) {
      expect(archived({ metadata: none })).toMatch(/metadata: expected record, got/);
    }
  });
});

describe('objects that are not plain data', () => {
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

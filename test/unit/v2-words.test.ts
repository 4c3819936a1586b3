/** Rules v2, property 3: the content of an answer is read and judged without a model. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalise } from '../../src/sim/v2/normalise.ts';
import { compileOwed, judge, MAX_NUMBERS, MAX_WORDS, Reader, type Verdict } from '../../src/sim/v2/words.ts';
import { type Email, emailSchema, TONES } from '../../src/world/schema.ts';
import { assertProperty } from '../support/property.ts';

type Needs = {
  readonly facts?: readonly { readonly id: string; readonly any_of: readonly string[] }[];
  readonly avoid?: readonly string[];
  readonly tone?: (typeof TONES)[number];
};

function email(needs?: Needs): Email {
  return emailSchema.parse({
    id: 'e01',
    sender: 'Dominic Sayle',
    subject: 'One number before the review',
    body: 'What has Phase 2 cost to date against the 640,000 that the board approved? I will hear it from you.',
    priority: 'high',
    sender_relationship: 'VIP',
    ...(needs && { needs }),
  });
}

const plainEmail = compileOwed(email());
const reader = new Reader();

function verdict(body: string, needs?: Needs): Verdict {
  return judge(reader.read(body), needs === undefined ? plainEmail : compileOwed(email(needs)));
}

function fact(...any_of: string[]): Needs {
  return { facts: [{ id: 'the-fact', any_of }] };
}

/** Whether an answer that contains `said` states the fact `owed`. The other words make it long enough. */
function states(said: string, owed: string): boolean {
  return verdict(`we write that (${said}) was meant`, fact(owed)).kind === 'adequate';
}

function tokens(text: string): string {
  return normalise(text)
    .map((token) => token.text)
    .join(' ');
}

describe('normalise', () => {
  test.each([
    ["Don't, Ruth's crews' o’clock", 'dont ruth crews oclock'],
    ['ＦＵＬＬ　ｗｉｄｔｈ ﬁre', 'full width fire'],
    ['Thérèse, CAFÉ cafe\u0301 İs', 'therese cafe cafe is'],
    ['ser\u00advice \u200fleft', 'service left'],
    ['640,000; 640 000; 640\u00a0000; 640000; 640k; 640 k; 640 thousand; 640’000', Array(8).fill('640000').join(' ')],
    ['£27,400.00, $27,400, €27.4k, EUR 27400, 27 400 euros', Array(5).fill('27400').join(' ')],
    ['1.2 million, 1.2m, 1,200,000, 1,2 million, 1.200.000', Array(5).fill('1200000').join(' ')],
    ['18 million and 18m and 1.5bn', '18000000 and 18000000 and 1500000000'],
    ['625\u202f412 doses in 2 340 boxes', '625412 doses in 2 340 boxes'],
    ['0.50 percent, 1.5 %, 3 per cent, 3pct', '0.5 percent 1.5 percent 3 percent 3 percent'],
    ['1.42 and 412,415 and 3, 412', '1.42 and 412415 and 3 412'],
    ['14C 36coaches e01 VM-2291', '14 c 36 coaches e01 vm 2291'],
    ['9:30am 9.30 a.m. 09:30 AM 09.30 09h30 09:30:00 09:30 hrs', Array(7).fill('09:30').join(' ')],
    ['9:30 and at 9.30 and half past nine', '9:30 and at 9:30 and 9:30'],
    ['2 pm, 2pm, 14:00, two pm, 2 P.M. 14h00', Array(6).fill('14:00').join(' ')],
    ['noon, midday, 12 noon, 12 pm, midnight, 12am', '12:00 12:00 12:00 12:00 00:00 00:00'],
    ['quarter past one, quarter to one, nine thirty, ten o’clock', '1:15 12:45 9:30 10:00'],
    ['18h15, 25:00, 12:75, 13:30 pm', '18:15 25 00 12 75 13:30'],
    ['cost £12.50 and 9.30', 'cost 12.5 and 9.3'],
    ['at 10, by 3 vets, until 2', 'at @10 by 3 vets until @2'],
    ['zero nineteen twenty-four ninety nine', '0 19 24 99'],
    ['three hundred and forty, a hundred', '340 100'],
    ['four hundred, twelve; one thousand. Two and three', '400 12 1000 2 and 3'],
    ['twenty-seven thousand four hundred; one million two hundred thousand and six', '27400 1200006'],
    ['24 October, October 24, 24th of October, 24 Oct, Oct. 24th', Array(5).fill('24oct').join(' ')],
    ['24 to 31 October, 24-31 Oct, October 24 – 31, 24 Oct until 31 Oct', Array(4).fill('24oct to 31oct').join(' ')],
    [
      '08:00-12:00, from 08:00 till 12:00, between 08:00 and 12:00',
      '08:00 to 12:00 from 08:00 to 12:00 between 08:00 to 12:00',
    ],
    ['2026-09-15T10:30:00Z 2026-09-15 2026-13-15', '15sep 10:30 15sep 2026 to 13 to 15'],
    ['May 3rd, all 24 may go, 3rd May', '3may all 24 may go 3may'],
    ['Thu or Thursday & Sept', 'thursday or thursday and sep'],
    ['', ''],
    ['\u{1f44b} ... \ud83d — \n', ''],
  ])('%j', (text, expected) => {
    expect(tokens(text)).toBe(expected);
  });
});

describe('a fact', () => {
  test.each([
    ['640k', '640,000'],
    ['EUR 640 000', '640,000'],
    ['1.31m', '1.31 million'],
    ['Half past six', '18:30'],
    ['6.30 pm', '18:30'],
    ['at 6:30', '18:30'],
    ['six thirty', '6:30 pm'],
    ['18:30', '6:30'],
    ['at 2', '14:00'],
    ['by 10 at the latest', '10:00'],
    ['by 10, at the latest', '10:00'],
    ['eleven thousand nine hundred', '11,900'],
    ["ten o'clock", '10:00'],
    ['at 3', 'three'],
    ['on the 16th of September', 'the 16th'],
    ['24 to 31 October', '24 to 31'],
    ['Marsh End, Tow Street & Alder Road', 'tow street and alder road'],
    ["Priyanka's GO", 'Priyanka go'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['\u05e9\u05dc\u05d5\u05dd \u05e8\u05d1', '\u05e9\u05dc\u05d5\u05dd'],
  ])('%j states %j', (said, owed) => {
    expect(states(said, owed)).toBe(true);
  });

  test.each([
    ['they', 'hey'],
    ['hey', 'they'],
    ['21130', '1130'],
    ['11300', '1130'],
    ['1,625,400', '625,400'],
    ['625,400.50', '625,400'],
    ['13:31', '1.31 million'],
    ['6:30 am', '18:30'],
    ['06:30', '18:30'],
    ['by 14 percent', '14:00'],
    ['16 October', '16 September'],
    ['the 16th', '16 September'],
    ['Tow Street, then Alder Road', 'Tow Street, Alder Road'],
    ['going', 'go'],
    ['toString', 'constructor'],
    ['anything', '!!!'],
  ])('%j does not state %j', (said, owed) => {
    expect(states(said, owed)).toBe(false);
  });

  test('may be phrased in any listed way, each of several facts is needed, and the reason names only the ids', () => {
    const needs: Needs = {
      facts: [
        { id: 'cost', any_of: ['625,400'] },
        { id: 'date', any_of: ['Friday', 'end of the week'] },
        { id: 'who', any_of: ['Luis'] },
      ],
    };
    expect(verdict('Luis has 625.4k, final by the end of the week', needs)).toEqual({
      kind: 'adequate',
      why: 'it says what it owes',
    });
    expect(verdict('Luis has 625.4k, more we do not know', needs).why).toBe('it does not mention date');
    expect(verdict('Thank you, we will get back to you', needs)).toEqual({
      kind: 'inadequate',
      why: 'it does not mention cost, date, who',
    });
  });
});

test('a forbidden phrase spoils an answer that has the facts', () => {
  const needs: Needs = { ...fact('625,400'), avoid: ['598,000', 'over budget'] };
  expect(verdict('It is 625,400 to date', needs).kind).toBe('adequate');
  for (const wrong of ['It was 598k, it is 625,400', 'With 625,400 we are over budget']) {
    expect(verdict(wrong, needs)).toEqual({ kind: 'inadequate', why: 'it says what is wrong' });
  }
});

describe('tone', () => {
  const SAID = {
    apologetic: [
      'Sorry, it is 625,400.',
      'We apologise, it is 625,400',
      'It was our mistake: 625,400',
      'I regret: 625,400 now',
    ],
    formal: [
      'Dear Dominic, it is 625,400',
      'It is 625,400. Kind regards',
      'Kindly note: 625,400 is it',
      'It is 625,400. Sincerely',
    ],
    friendly: [
      'Thanks! It is 625,400',
      'Happy to say 625,400',
      'Looking forward, 625,400 now',
      'Hope it helps: 625,400',
    ],
  } as const;

  test.each(TONES.flatMap((tone) => SAID[tone].map((body) => [tone, body] as const)))('%s: %j', (tone, body) => {
    expect(verdict(body, { ...fact('625,400'), tone }).kind).toBe('adequate');
    expect(verdict(body, fact('625,400')).kind).toBe('adequate');
    for (const other of TONES) {
      if (other === tone) continue;
      expect(verdict(body, { ...fact('625,400'), tone: other })).toEqual({
        kind: 'inadequate',
        why: `it is not ${other}`,
      });
    }
  });

  test('is required without facts too', () => {
    expect(verdict('Dear Dominic, we will see.', { tone: 'formal' }).kind).toBe('adequate');
    expect(verdict('We will see about it.', { tone: 'formal' }).why).toBe('it is not formal');
  });
});

describe('an email that needs no fact', () => {
  test.each([
    'Thank you for your message.',
    'Received, more next week from Ruth',
    'We will get back to you.',
    'The board knows about it',
    'You get one number this morning',
    'This one is for Dominic',
    "I'll look into it.",
  ])('is answered by %j', (body) => {
    expect(verdict(body)).toEqual({ kind: 'adequate', why: 'it says what it owes' });
  });

  test.each(['Penguins live in cold places', 'Lisbon has seven hills and a tram', 'I want what you have, too'])(
    'is not answered by %j',
    (body) => {
      expect(verdict(body)).toEqual({ kind: 'inadequate', why: 'it is not about the matter' });
    },
  );

  test('has the content words of sender, subject and body for a topic', () => {
    expect([...plainEmail.topic].sort()).toEqual(
      ['dominic', 'sayle', 'number', 'review', 'phase', 'cost', 'date', 'board', 'approved', 'hear'].sort(),
    );
    expect(plainEmail).toMatchObject({ facts: [], avoid: [], tone: undefined });
  });
});

describe('limits', () => {
  const words = (count: number): string =>
    Array.from({ length: count }, (_, i) => `thanks word${'abcdefg'[i % 7]}`.split(' ')[i % 2]).join(' ');

  test.each([
    ['Thanks for that', 'it has fewer than 4 words'],
    ['Yes, 640,000 approved', 'it has fewer than 4 words'],
    [words(MAX_WORDS + 1), 'it is too long (at most 120 words)'],
    [`thank you for it ${'412, 7 of '.repeat(7)}`, 'it has too many figures (at most 12)'],
    ['thanks, 10:30 11:15 625,400', 'it is mostly figures'],
    ['thanks 9:30 10:30 24 October 7', 'it is mostly figures'],
  ])('%j: %s', (body, why) => {
    expect(verdict(body)).toEqual({ kind: 'inadequate', why });
  });

  test.each([
    ['as few words as are enough', 'Thanks for telling me'],
    ['as many words as are allowed', words(MAX_WORDS)],
    [
      'as many figures as are allowed',
      `thank you ${Array.from({ length: MAX_NUMBERS }, (_, i) => `and ${i}`).join(' ')}`,
    ],
    ['half of it figures', 'thanks for 10:30 11:15'],
  ])('%s', (_what, body) => {
    expect(verdict(body).kind).toBe('adequate');
  });

  test('a pasted briefing of 700 words never passes, whatever it mentions', () => {
    const briefing = `Dear Dominic, sorry, thanks. ${'The cost is 625,400 and the review is at 10:00. '.repeat(70)}`;
    for (const tone of TONES) {
      expect(verdict(briefing, { ...fact('625,400'), tone }).why).toBe('it is too long (at most 120 words)');
    }
    expect(verdict(briefing.replaceAll(' ', '_'), fact('625,400')).kind).not.toBe('adequate');
    expect(verdict(briefing.replaceAll(' ', "'"), fact('625,400')).kind).not.toBe('adequate');
  });
});

describe('hurtful', () => {
  test.each([
    'You are an idiot.',
    'Thanks, STUPID, the cost is 625,400',
    'Just shut\nup, Dominic',
    'i h\u0430te you and i hate you',
    'idiot',
    'Dear Dominic, go to HELL. Regards',
    "I couldn't care less about your number",
    'This is fu\u200bcking late, sorry',
    `${'All is well, Dominic. '.repeat(31)} You moron.`,
  ])('%j is an insult', (body) => {
    expect(verdict(body)).toEqual({ kind: 'hurtful', why: 'it is an insult' });
    expect(verdict(body, fact('625,400')).kind).toBe('hurtful');
  });

  test.each([
    '',
    '   \n',
    '.',
    'ok',
    'x',
    'OK!!!',
    '...!!!???',
    '1 2 3 4 5 6',
    '\u{1f44b} \u{1f44b} \u{1f44b} \u{1f44b}',
    'aaaa aaaa aaaa aaaa',
    'aaaaaa aaaaaaaa aaa aaaaab',
    'number number number number review',
    'xkcd qwrt zxcv bnmp thanks',
    `number ${'abcde'.repeat(6)} ${'fghio'.repeat(6)} ${'klmnu'.repeat(6)}`,
    'a'.repeat(60),
    '\ud83d\ud83d \udc4b',
  ])('%j is noise', (body) => {
    expect(verdict(body)).toEqual({ kind: 'hurtful', why: 'it is noise' });
  });

  test.each([
    'Scunthorpe and Dumbarton will call you about the number',
    'We will call all well',
    'The idiotproof number, thank you',
    '\u0421\u043f\u0430\u0441\u0438\u0431\u043e \u0437\u0430 \u043f\u0438\u0441\u044c\u043c\u043e',
    '\u05ea\u05d5\u05d3\u05d4 \u05e8\u05d1\u05d4 \u05e2\u05dc \u05d4\u05de\u05db\u05ea\u05d1',
    '\u0634\u0643\u0631\u0627 \u0639\u0644\u0649 \u0627\u0644\u0631\u0633\u0627\u0644\u0629 \u062f\u0648\u0645\u064a\u0646\u064a\u0643',
  ])('%j is not', (body) => {
    expect(verdict(body).kind).not.toBe('hurtful');
  });
});

describe('hostile input', () => {
  const pieces = [
    ...['a', ' ', '\n', '\u0301', '\u0345', '\u0323', '\ufdfa', '\u202e', '\u{1f44b}', '\ud83d', '\udc4b', '__proto__'],
    ...[
      'constructor ',
      '9:30',
      '24 ',
      'October ',
      ' to ',
      '-',
      ',000',
      '.',
      '%',
      "'",
      'half past ',
      ' million',
      '\u0660',
    ],
  ];

  test('any body gets a verdict, the same one every time, and no token is empty', () => {
    const body = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join('')),
    );
    const property = fc.property(body, (text) => {
      const owed = compileOwed(email(fact(text || 'x', '__proto__')));
      const first = judge(new Reader().read(text), owed);
      expect(['adequate', 'inadequate', 'hurtful']).toContain(first.kind);
      expect(judge(new Reader().read(text), owed)).toEqual(first);
      for (const token of normalise(text)) expect(token.text).not.toBe('');
    });
    assertProperty(property, { runs: 1000 });
  });

  test.each([
    ['words', 'dear Dominic the cost '],
    ['digits', '7'],
    ['digits and dots', '1.1'],
    ['groups', '1,000,000 '],
    ['groups that fail', ' 000'],
    ['letters', 'ab'],
    ['apostrophes', "a'"],
    ['combining marks', '\u0301\u0323'],
    ['ligatures', '\ufdfa'],
    ['spaces', ' \t'],
    ['dashes', '-'],
    ['number words', 'one million two hundred and '],
    ['months', 'May 3 to '],
    ['half past', 'half past '],
    ['percent', '%'],
    ['emoji', '\u{1f44b}'],
    ['lone surrogates', '\ud83d'],
    ['zeros', '0.0000'],
  ])('100 kB of %s are not an adequate answer', (_what, piece) => {
    const body = piece.repeat(Math.ceil(100_000 / Buffer.byteLength(piece)));
    expect(verdict(body, fact('625,400')).kind).not.toBe('adequate');
  });
});

describe('the reader', () => {
  test('remembers the sixteen bodies that were used last', () => {
    const small = new Reader();
    const [a, b] = [small.read('Thanks for this, a'), small.read('Thanks for this, b')];
    for (let one = 0; one < 14; one++) small.read(`Thanks for this, ${one}`);
    expect(small.read('Thanks for this, a')).toBe(a);
    small.read('Thanks for this, c');
    expect(small.read('Thanks for this, a')).toBe(a);
    expect(small.read('Thanks for this, b')).not.toBe(b);
    expect(small.read('Thanks for this, b')).toEqual(b);
  });

  test('neither reads nor remembers what stands after 4,000 characters', () => {
    const long = `Thanks for this ${'one word more '.repeat(300)}`;
    const first = reader.read(`${long} idiot`);
    expect(first.flaw?.why).toBe('it is too long (at most 120 words)');
    expect(reader.read(`${long} idiot`)).not.toBe(first);
  });
});

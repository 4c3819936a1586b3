/** Property 3, played: a text that does not answer the email earns nothing and hurts. The matcher itself has tests in test/unit. */
import { describe, expect, test } from 'vitest';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { OfficeDay, shippedDays } from '../support/v2-episode.ts';
import { answerTo, COURTESY, job, type Mail, mail, meet, office, person } from '../support/v2-worlds.ts';

const OFFICE: ScenarioInput = office({
  contacts: [person('Ana Lumme'), person('Bo Tarn', { communication_preference: 'text' })],
  emails: [
    mail('e1', {
      priority: 'high',
      subject: 'The lease',
      body: 'What is the rent from now on, and from which date? I heard 38,000.',
      asks: [
        {
          id: 'the rent',
          kind: 'value',
          type: 'money',
          is: ['41,500'],
          about: ['rent', 'pay'],
          example: 'It is 41,500.',
        },
        {
          id: 'the date',
          kind: 'value',
          type: 'day',
          is: ['9 November'],
          about: ['from'],
          example: 'From 9 November.',
        },
      ],
    }),
    mail('e2', {
      sender: 'Bo Tarn',
      subject: 'The boat',
      body: 'Where does the boat wait for us?',
      asks: [{ id: 'the place', kind: 'value', type: 'name', is: ['Pen Harbour'], example: 'At Pen Harbour.' }],
    }),
    mail('e3', {
      sender: 'Cy Dell',
      subject: 'Figures for the board',
      body: 'The rent is 41,500 from 9 November; the old one was 38,000. We ferry 1,240 people on 14 boats in 36 weeks.',
    }),
    mail('e4', {
      sender: 'Di Frey',
      subject: 'Moorings',
      body: 'The boat waits at Pen Harbour. Crew of 6, 12 guests, 3 courses, 88 a head, back by 23:15, berth 17, channel 9.',
    }),
  ],
  meetings: [meet('m1', '11:00'), meet('m2', '13:00'), meet('m3', '15:00')],
  tasks: [job('t1', '12:00'), job('t2', '16:00')],
});

const GOOD = 'The rent is 41,500 from 9 November, Ana.';
const BOAT = 'The boat waits for you at Pen Harbour.';

type Attempt = { readonly name: string; readonly text: string | ((day: OfficeDay) => string) };

const ATTEMPTS: readonly Attempt[] = [
  { name: 'a blank', text: ' \n' },
  { name: 'a full stop', text: '.' },
  { name: 'one word', text: 'Yes' },
  { name: 'noise', text: 'asdf qwrt zxcv bnmp' },
  { name: 'an insult with the facts', text: `${GOOD} You idiot.` },
  { name: 'a plain insult', text: 'Shut up and leave me alone, you fool.' },
  { name: 'something else', text: 'The weather in Lisbon is lovely at this time of the year.' },
  { name: 'a courtesy', text: COURTESY },
  { name: 'a wrong fact', text: 'The rent is 38,000 from 9 November.' },
  { name: 'both the right and a wrong fact', text: 'The rent is 41,500 or 38,000 from 9 November.' },
  { name: 'the facts of another mail', text: BOAT },
  { name: 'the mail itself', text: 'What is the rent from now on, and from which date? I heard 38,000.' },
  { name: 'the briefing', text: (day) => day.briefing() },
  { name: 'the numbers of the briefing', text: (day) => numbersOf(day.briefing()).join(' ') },
  {
    name: 'the numbers of the briefing in a sentence',
    text: (day) => `It is ${numbersOf(day.briefing()).join(' or ')}.`,
  },
  { name: 'the facts over and over', text: `${'41,500 9 November '.repeat(30)}` },
];

function numbersOf(briefing: string): string[] {
  return briefing.match(/\d[\d.,:]*\d|\d/g) ?? [];
}

function textOf({ text }: Attempt, day: OfficeDay): string {
  return typeof text === 'string' ? text : text(day);
}

describe('an inadequate answer to an email that asks for values', () => {
  test.each(ATTEMPTS)('$name, as a reply', (attempt) => {
    const day = new OfficeDay(OFFICE);
    const text = textOf(attempt, day);
    const { reward } = day.step({ action_type: 'reply_email', email_id: 'e1', message_body: text });
    expect(reward).toBeLessThan(0);
    expect(day.status('reply:e1')).toMatch(/^(?:open|wrong)$/);
    // A correct answer afterwards earns less than an immediate one.
    const wasWrong = day.status('reply:e1') === 'wrong';
    day.step({ action_type: 'reply_email', email_id: 'e1', message_body: GOOD });
    const once = new OfficeDay(OFFICE);
    once.step({ action_type: 'reply_email', email_id: 'e1', message_body: GOOD });
    expect(day.status('reply:e1')).toBe(wasWrong ? 'corrected' : 'met');
    expect(day.total).toBeLessThan(once.total);
  });

  test.each(ATTEMPTS)('$name, as a message', (attempt) => {
    const day = new OfficeDay(OFFICE);
    const text = textOf(attempt, day);
    expect(
      day.step({ action_type: 'send_message', contact_name: 'Ana Lumme', message_body: text }).reward,
    ).toBeLessThan(0);
    expect(day.status('reply:e1')).toMatch(/^(?:open|wrong)$/);
  });

  test('correct answers to the wrong people', () => {
    const day = new OfficeDay(OFFICE);
    expect(day.step({ action_type: 'reply_email', email_id: 'e2', message_body: GOOD }).reward).toBeLessThan(0);
    expect(day.step({ action_type: 'reply_email', email_id: 'e1', message_body: BOAT }).reward).toBeLessThan(0);
    expect(day.step({ action_type: 'send_message', contact_name: 'Bo Tarn', message_body: GOOD }).reward).toBeLessThan(
      0,
    );
    expect(
      day.step({ action_type: 'send_message', contact_name: 'Ana Lumme', message_body: BOAT }).reward,
    ).toBeLessThan(0);
    expect([...day.statuses().values()].filter((status) => status === 'met')).toEqual([]);
  });

  test('correct answers pay, and all phrasings alike', () => {
    const phrasings = [
      GOOD,
      'From the 9th of November on you pay 41.5k.',
      'Hello Ana, it comes to 41500 as of Nov 9, all told.',
      'Starting November 9 the amount due is 41,500 pounds.',
      `${GOOD} It is not 38,000 any more.`,
    ];
    const rewards = phrasings.map((message_body) => {
      const day = new OfficeDay(OFFICE);
      return day.step({ action_type: 'reply_email', email_id: 'e1', message_body }).reward;
    });
    expect(rewards[0]).toBeGreaterThan(0.1);
    expect(rewards).toEqual(rewards.map(() => rewards[0]));
  });

  test('each insult hurts more, up to a limit', () => {
    const day = new OfficeDay(OFFICE);
    const rude = { action_type: 'reply_email', email_id: 'e3', message_body: 'What a stupid idiot you are.' };
    const paid = Array.from({ length: 5 }, () => day.step(rude).paid);
    expect(paid.slice(0, 3).every((amount) => amount < 0)).toBe(true);
    expect(day.episode.s.active).toBe(true);
    expect(paid.slice(3).every((amount) => amount <= 0)).toBe(true);
  });
});

describe.each(shippedDays())('$name', ({ world, open }) => {
  const owing = (world.emails ?? []).filter(
    ({ asks = [], replied }) => !replied && asks.some(({ kind }) => kind === 'value'),
  );

  test.each(owing.map((email) => ({ id: email.id, email })))('an inadequate answer to $id', ({ email }) => {
    const others = (world.emails ?? []).filter(({ id, asks }) => id !== email.id && asks !== undefined);
    const texts = [
      '.',
      ' ',
      COURTESY,
      'What a stupid idiot you are.',
      'The weather in Lisbon is lovely at this time of the year.',
      open().briefing(),
      numbersOf(open().briefing()).join(' '),
      ...others.filter((other) => !sharesFacts(other, email)).map(answerTo),
    ];
    for (const message_body of texts) {
      const day = open();
      const { reward } = day.step({ action_type: 'reply_email', email_id: email.id, message_body });
      expect(day.status(`reply:${email.id}`), message_body).toMatch(/open|overdue|wrong/);
      expect(reward, message_body).toBeLessThanOrEqual(0);
    }
  });
});

/** Whether the values in an answer to `other` may by chance be those that `email` asks for. */
function sharesFacts(other: Mail, email: Mail): boolean {
  const text = answerTo(other).toLowerCase();
  return (email.asks ?? []).some(
    (ask) => ask.kind === 'value' && ask.is.some((one) => text.includes(one.toLowerCase())),
  );
}

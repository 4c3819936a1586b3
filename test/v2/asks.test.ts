/** Rule 3: what is asked is owed, ask by ask. Answers are paid in part, corrected and revised; refusals do not leak. */
import { describe, expect, test } from 'vitest';
import { ASK_VALUE, CHANNEL_WEIGHTS, SCALE, TOLD_DAMAGE } from '../../src/sim/v2/constants.ts';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { worthOf } from '../support/v2-value.ts';
import {
  ANSWER,
  type AskInput,
  at,
  BOAT,
  IDLE,
  job,
  type Mail,
  mail,
  meet,
  office,
  person,
  RENT,
  WHERE,
} from '../support/v2-worlds.ts';

const SORRY: AskInput = { id: 'an apology', kind: 'apology', example: 'I am sorry.' };

const RIGHT = { rent: 'The rent is 41,500.', boat: 'Yes, take the boat.', where: ANSWER, sorry: 'I am sorry.' };
const WRONG = { rent: 'The rent is 38,000.', boat: 'No, take the train.' };

function letter(asks: AskInput[], parts: Partial<Mail> = {}, world: Partial<ScenarioInput> = {}): OfficeDay {
  return new OfficeDay(office({ contacts: [person('Ana Lumme')], emails: [mail('e1', { asks, ...parts })], ...world }));
}

const reply = (message_body: string, channel = 'email') => ({
  action_type: 'reply_email',
  email_id: 'e1',
  message_body,
  channel,
});

/** What the answer is worth, as a share of the whole answer. */
function answered(day: OfficeDay): number {
  const { relationship } = worthOf(day);
  const { shares, moodShare } = day.c.day ?? {};
  const moods = (moodShare?.[0] ?? 0) * (day.episode.s.mood[0] ?? 0);
  return (relationship - moods) / (shares?.[0] ?? Number.NaN);
}

describe('an email with several asks', () => {
  test('pays each ask its share, in one text or one after the other', () => {
    const whole = letter([RENT, BOAT]);
    whole.step(reply(`${RIGHT.boat} ${RIGHT.rent}`));
    expect([whole.status('reply:e1'), answered(whole)]).toEqual(['met', expect.closeTo(1, 12)]);
    const parts = letter([RENT, BOAT]);
    const first = parts.step(reply(RIGHT.rent));
    expect(first.reward).toBeGreaterThan(0.1);
    expect([parts.status('reply:e1'), answered(parts)]).toEqual(['open', expect.closeTo((1 + 0.3) / 2, 12)]);
    expect(parts.note).toBe('your answer to [e1] is not complete: not answered: the boat');
    parts.step(reply(RIGHT.boat));
    expect([parts.status('reply:e1'), answered(parts)]).toEqual(['met', expect.closeTo(1, 12)]);
    expect(parts.total).toBeCloseTo(whole.total, 9);
  });

  test('keeps what is answered if the rest is missed', () => {
    const day = letter([RENT, BOAT]);
    day.step(reply(RIGHT.rent));
    day.wait();
    expect([day.status('reply:e1'), answered(day)]).toEqual(['missed', expect.closeTo(0.5, 12)]);
  });

  test('is wrong as a whole if one assertion is wrong', () => {
    const day = letter([RENT, BOAT]);
    day.step(reply(RIGHT.boat));
    day.step(reply(WRONG.rent));
    expect([day.status('reply:e1'), answered(day)]).toEqual(['wrong', expect.closeTo(0, 12)]);
    const both = letter([RENT, BOAT]);
    both.step(reply(`${RIGHT.boat} ${WRONG.rent}`));
    expect(both.asks('reply:e1').map(({ state }) => state)).toEqual(['wrong', 'open']);
  });

  test('counts late asks half, and the asks in time in full', () => {
    const day = letter([RENT, BOAT], { reply: { by: at('09:30') } });
    day.step(reply(RIGHT.rent));
    day.waitUntil('10:00');
    expect(day.status('reply:e1')).toBe('overdue');
    day.step(reply(RIGHT.boat));
    expect([day.status('reply:e1'), answered(day)]).toEqual(['late', expect.closeTo(0.75, 12)]);
  });
});

describe('a correction', () => {
  test('of a value is worth half, and of a choice nothing', () => {
    const value = letter([RENT]);
    value.step(reply(WRONG.rent));
    value.step(reply(RIGHT.rent));
    expect([value.status('reply:e1'), answered(value)]).toEqual(['corrected', expect.closeTo(ASK_VALUE[4] ?? 0, 12)]);
    const choice = letter([BOAT]);
    choice.step(reply(WRONG.boat));
    expect(answered(choice)).toBeCloseTo(-1, 12);
    choice.step(reply(RIGHT.boat));
    expect([choice.status('reply:e1'), answered(choice)]).toEqual(['corrected', expect.closeTo(0, 12)]);
  });

  test('leaves the other asks in full', () => {
    const day = letter([RENT, BOAT]);
    day.step(reply(RIGHT.boat));
    day.step(reply(WRONG.rent));
    day.step(reply(RIGHT.rent));
    expect(answered(day)).toBeCloseTo(0.75, 12);
  });

  test('may also be for the worse, and a circle never pays', () => {
    const day = letter([RENT, BOAT], {}, { tasks: [job('t1', '16:00')] });
    day.step(reply(`${RIGHT.rent} ${RIGHT.boat}`));
    const best = day.total;
    day.step(reply(WRONG.rent));
    expect(day.status('reply:e1')).toBe('wrong');
    for (let turn = 0; turn < 4; turn++) {
      const before = day.total;
      day.step(reply(RIGHT.rent));
      day.step(reply(WRONG.rent));
      expect(day.total).toBeLessThanOrEqual(before + 1e-9);
    }
    expect(day.total).toBeLessThan(best);
  });

  test('a choice that was never corrected costs what the right one earns', () => {
    const [right, wrong, idle] = [RIGHT.boat, WRONG.boat, undefined].map((text) => {
      const day = letter([BOAT]);
      if (text !== undefined) day.step(reply(text));
      day.wait();
      return answered(day);
    });
    expect([right, wrong, idle]).toEqual([1, -1, 0].map((share) => expect.closeTo(share, 12)));
  });
});

describe('politeness', () => {
  test('alone does not answer, not even to an email that wants an apology', () => {
    const day = letter([RENT, SORRY]);
    day.step(reply(RIGHT.sorry));
    expect(day.asks('reply:e1').map(({ state }) => state)).toEqual(['open', 'open']);
    expect(day.note).toContain('will not do: not answered: the rent, an apology');
    day.step(reply(RIGHT.rent));
    expect(day.note).toBe('your answer to [e1] is not complete: not answered: an apology');
    day.step(reply(RIGHT.sorry));
    expect(day.status('reply:e1')).toBe('met');
  });

  test('an email that asks for an apology alone is refused', () => {
    expect(() => letter([SORRY])).toThrow('expected an ask besides the apology');
  });
});

describe('what a refusal says', () => {
  test.each([
    ['Thank you for writing.', 'your answer to [e1] will not do: not answered: the rent, the boat'],
    [WRONG.rent, 'your answer to [e1] will not do: wrong about the rent; not answered: the boat'],
    [WRONG.boat, 'your answer to [e1] will not do: wrong about the boat; not answered: the rent'],
  ])('%s', (text, note) => {
    const day = letter([RENT, BOAT]);
    day.step(reply(text));
    expect(day.note).toBe(note);
    expect(day.note).not.toMatch(/41,500|yes/i);
  });

  test('another channel than the email wants', () => {
    const day = letter([RENT], { reply: { channel: 'call' } });
    day.step(reply(RIGHT.rent));
    expect([day.status('reply:e1'), day.note]).toEqual([
      'open',
      'your answer to [e1] will not do: it should be a call',
    ]);
  });
});

describe('other ways to answer', () => {
  const message = (message_body: string) => ({ action_type: 'send_message', contact_name: 'Ana Lumme', message_body });
  const emails = [mail('e1', { asks: [RENT] }), mail('e2', { asks: [BOAT, WHERE] })];

  test('a message answers the email about which it says most', () => {
    const day = letter([], {}, { emails });
    day.step(message(`${RIGHT.boat} ${RIGHT.where}`));
    expect([day.status('reply:e1'), day.status('reply:e2'), day.note]).toEqual([
      'open',
      'met',
      'your message to Ana Lumme answers [e2]',
    ]);
    day.step(message(WRONG.rent));
    expect(day.status('reply:e1')).toBe('wrong');
  });

  test('the reason of a cancellation answers those who attend, and no one else', () => {
    const cancel = { action_type: 'cancel_meeting', meeting_id: 'm1', reason: `It clashes. ${RIGHT.rent}` };
    const statuses = [['Ana Lumme'], []].map((attendees) => {
      const day = letter([RENT], {}, { meetings: [meet('m1', '14:00', { attendees }), meet('m2', '14:00')] });
      day.step(cancel);
      return [day.status('reply:e1'), day.note.includes('the reason answers [e1]')];
    });
    expect(statuses).toEqual([
      ['met', true],
      ['open', false],
    ]);
  });
});

describe('a denied fact', () => {
  const SECRET = { id: 'the offer', type: 'money', is: ['2.4 million'] } as const;
  const deny = [{ ...SECRET, is: [...SECRET.is] }];
  const cost = SCALE * TOLD_DAMAGE;
  const people = { contacts: [person('Ana Lumme', { deny }), person('Bo Tarn')] };
  const told = (day: OfficeDay): number => worthOf(day).collateral;

  test.each(['The offer is 2,400,000.', 'It is not 2.4m, I can say.', 'Did you hear of 2.4 million pounds?'])(
    'told in a reply: %s',
    (text) => {
      const day = letter([RENT], {}, people);
      const { metadata } = day.step(reply(`${RIGHT.rent} ${text}`));
      expect(told(day)).toBeCloseTo(TOLD_DAMAGE, 12);
      const parts = (metadata.reward_attribution ?? []).filter(({ channel }) => channel === 'collateral');
      expect(parts).toEqual([
        {
          channel: 'collateral',
          obligation: 'contact:Ana Lumme',
          amount: -cost,
          reason: 'learned the offer, which they must not know',
        },
      ]);
      day.step(reply('As I said: 2.4 million.'));
      expect(told(day)).toBeLessThan(2 * TOLD_DAMAGE);
    },
  );

  test('told in a message, or in the reason of a change of the calendar', () => {
    const meetings = [meet('m1', '14:00', { attendees: ['Ana Lumme'] }), meet('m2', '14:00')];
    const reason = 'The offer of 2.4 million keeps me busy.';
    for (const action of [
      { action_type: 'send_message', contact_name: 'Ana Lumme', message_body: reason },
      { action_type: 'cancel_meeting', meeting_id: 'm1', reason },
      { action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: at('16:00'), reason },
    ]) {
      const day = letter([RENT], {}, { ...people, meetings });
      day.step(action);
      expect(told(day), action.action_type).toBeGreaterThanOrEqual(TOLD_DAMAGE);
    }
  });

  test('may reach anyone else', () => {
    const day = letter([RENT], {}, people);
    day.step({ action_type: 'send_message', contact_name: 'Bo Tarn', message_body: 'The offer is 2.4 million.' });
    expect(told(day)).toBeLessThan(TOLD_DAMAGE);
  });

  test('of an email counts once it has arrived, and with that of the contact once', () => {
    const late = { at: at('10:00'), emails: [mail('e2', { deny })] };
    const day = letter([RENT], {}, { events: [late] });
    day.step(reply('The offer is 2.4 million.'));
    expect(told(day)).toBeLessThan(TOLD_DAMAGE);
    day.waitUntil('10:15');
    day.step(reply('The offer is still 2.4 million.'));
    expect(told(day)).toBeGreaterThan(TOLD_DAMAGE);
    expect(letter([RENT], { deny }, people).c.day?.denied).toHaveLength(1);
  });
});

test('an email without asks owes nothing, whatever its priority; `needs` is refused', () => {
  const day = new OfficeDay(office({ emails: [mail('e1', { priority: 'critical' })] }));
  expect(day.c.day?.obligations).toEqual([]);
  const old = { ...office(), emails: [{ ...mail('e1'), needs: { facts: [] } }] } as unknown as ScenarioInput;
  expect(() => new OfficeDay(old)).toThrow(
    'emails[0].needs: expected `asks` instead, since the second edition of rules v2 (docs/SCENARIOS.md)',
  );
});

test('the attribution names each ask, and its parts add up to the reward', () => {
  const day = letter([RENT, BOAT]);
  const { metadata, reward } = day.step(reply(RIGHT.rent));
  const parts = metadata.reward_attribution ?? [];
  expect(parts.map(({ obligation, reason }) => `${obligation} ${reason}`)).toContain(
    'reply:e1 the rent: open to answered',
  );
  expect(parts.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(reward, 9);
  const share = day.c.day?.shares[0] ?? Number.NaN;
  expect(parts[0]?.amount).toBeCloseTo((SCALE * CHANNEL_WEIGHTS[1] * share * 0.7) / 2, 9);
  expect(day.step(IDLE).metadata.reward_attribution?.length).toBeGreaterThan(0);
});

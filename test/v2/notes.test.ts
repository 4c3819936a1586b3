/** The texts about a step: the note on the action, and the news about everything else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanNote, Episode, MAX_NEWS, MAX_NOTE, newsItem } from '../../src/sim/episode.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { ANSWER, aide, at, COURTESY, IDLE, job, mail, meet, needy, office } from '../support/v2-worlds.ts';

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.lorem({ maxCount: 2 }),
  fc.constantFrom('\ud83d', '\udc4b', ' \n ', '  ', '\u2028', '\u{1f989}', '\u00a0', '\u0085'),
  fc.string({ minLength: MAX_NOTE - 60, maxLength: MAX_NOTE + 10 }),
  fc.constantFrom('\u{1f989}'.repeat(MAX_NEWS / 2 + 7), 'x'.repeat(MAX_NEWS), 'a\n'.repeat(MAX_NEWS)),
);
const names = fc.array(words, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));

const openDay = new OfficeDay(office());

/** Joins all news so far and cleans the whole after each item. */
function wholeNews(told: readonly string[]): string {
  const slow = Episode.of(openDay.c, 'base');
  for (const text of told) {
    if (slow.news.length < MAX_NEWS) slow.news = slow.news === '' ? text : `${slow.news}; ${text}`;
  }
  return slow.news;
}

test('news are joined, cleaned and cut as a whole, for any items', () => {
  const property = fc.property(fc.array(fc.oneof(names, words), { maxLength: 12 }), fc.nat(12), (told, looked) => {
    const episode = Episode.of(openDay.c, 'base');
    told.forEach((text, index) => {
      // Reading them in between changes nothing.
      if (index === looked) expect(episode.news).toBe(wholeNews(told.slice(0, index)));
      episode.addNews(newsItem(text));
    });
    expect(episode.news).toBe(wholeNews(told));
    expect([...episode.news].length).toBeLessThanOrEqual(MAX_NEWS);
    expect(episode.news.isWellFormed()).toBe(true);
  });
  assertProperty(property, { runs: 300 });
});

test('notes and news are cleaned and cut as wholes, whatever names the scenario has', () => {
  const property = fc.property(names, names, names, names, (id, other, title, padded) => {
    fc.pre(id !== other);
    const name = padded.trim();
    fc.pre(name !== 'Front desk');
    const day = new OfficeDay(
      office({
        contacts: [aide(name, { skills: ['law'], load_limit: 3 })],
        emails: [needy(id, { sender: name }), needy(other, { sender: 'Stranger', priority: 'low' })],
        meetings: [
          meet(id, '14:00', { title, attendees: [name], priority: 'low', duration_minutes: 5 }),
          meet(other, '11:00', { title, attendees: [name] }),
        ],
        tasks: [job(id, '16:00', { skill: 'law' }), job(other, '16:00', { skill: 'finance' })],
        events: [
          { after_step: 3, announced: true, comment: title, emails: [mail(`${id}${other}!`, { sender: name })] },
        ],
      }),
    );
    const reply = { action_type: 'reply_email', email_id: id };
    const message = { action_type: 'send_message', contact_name: name };
    const task = { action_type: 'delegate_task', contact_name: name };
    const arrival = title === '' ? [] : [title];
    const played: readonly (readonly [unknown, string, readonly string[]])[] = [
      [{ action_type: 'archive_email', email_id: id }, `archived [${id}], though an answer is owed`, []],
      [{ ...reply, message_body: COURTESY }, `your answer to [${id}] will not do: not answered: where we meet`, []],
      [
        { ...message, message_body: ANSWER },
        `your message to ${name} answers [${id}]`,
        [[...arrival, `new mail [${id}${other}!] from ${name}`].join('; ')],
      ],
      [{ ...message, message_body: ANSWER }, `your message to ${name} answers nothing that is owed`, []],
      [{ ...reply, message_body: COURTESY }, `answered [${id}] from ${name} again; nothing more was owed`, []],
      [{ action_type: 'archive_email', email_id: id }, `archived [${id}]`, []],
      [{ ...reply, email_id: other, message_body: ANSWER }, `answered [${other}] from Stranger`, []],
      [{ ...task, task_id: other }, `asked ${name} to take [${other}]`, []],
      [{ ...task, task_id: id }, `asked ${name} to take [${id}]`, []],
      [
        { action_type: 'reschedule_meeting', meeting_id: id, new_time: at('15:00') },
        `moved [${id}] ${title} to ${at('15:00')}`,
        [],
      ],
      [
        { action_type: 'cancel_meeting', meeting_id: id },
        `cancelled [${id}] ${title}`,
        [`${name} writes [${id}-complaint]`],
      ],
      [
        IDLE,
        'you let the time pass',
        [`${name} hands back [${other}] (lacks the skill)`, `Front desk writes [${other}-back]`],
      ],
    ];
    for (const run of ['first', 'second']) {
      for (const [action, note, told] of played) {
        day.step(action);
        expect([run, day.ok, day.note, day.news]).toEqual([run, true, cleanNote(note), wholeNews(told)]);
      }
      while (day.now < '10:45') day.step(IDLE);
      day.step({ action_type: 'complete_task', task_id: other });
      const missed = [`you missed [${other}]`, `${name} writes [${other}-complaint]`];
      expect([day.note, day.news]).toEqual([cleanNote(`completed [${other}]`), wholeNews(missed)]);
      day.rules.reset(day.episode);
    }
  });
  assertProperty(property, { runs: 150 });
});

test('a delegate who is done reports it in every day of a scenario', () => {
  const day = new OfficeDay(office({ contacts: [aide('Bo\nTarn')], tasks: [job('t1', '16:00')] }));
  for (const run of ['first', 'second']) {
    day.step({ action_type: 'delegate_task', task_id: 't1', contact_name: 'Bo\nTarn' });
    expect([run, day.note]).toEqual([run, 'asked Bo Tarn to take [t1]']);
    while (day.news === '') day.step(IDLE);
    expect([run, day.news]).toEqual([run, 'Bo Tarn has done [t1]']);
    day.rules.reset(day.episode);
  }
});

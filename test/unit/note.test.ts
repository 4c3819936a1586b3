/** The texts about a step: `step_detail`, `step_error` and the line in the briefing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanNote, MAX_NOTE } from '../../src/sim/episode.ts';
import { metadataOf } from '../../src/sim/observation/metadata.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { plans } from '../support/arbitraries.ts';
import { startEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';
import { contact, email, meeting, NINE, scenario, task } from '../support/worlds.ts';

const WORLD = scenario({
  max_episode_steps: 3,
  emails: [email('e1', { sender: 'Ana\nLumme' })],
  meetings: [
    meeting('m1', NINE, { title: 'Two\r\nlines\u2028and more' }),
    meeting('m2', '2026-06-22T12:00'),
    meeting('m3', NINE, { cancelled: true }),
  ],
  contacts: [contact('Bo')],
  tasks: [task('t1', NINE), task('t2', NINE, { status: 'done' })],
});

/** The texts after one answer in a new episode. */
function said(answer: unknown): { error: string | null; detail: string } {
  const { rules, episode } = startEpisode(WORLD);
  rules.step(episode, readAction(answer));
  const { step_error: error, step_detail: detail } = metadataOf(episode, rules.breakdown);
  return { error, detail };
}

describe('after a random step', () => {
  const rules = new RulesV1();

  test('there is one line, not empty and not too long, and it is an error if and only if the action was invalid', () => {
    const property = fc.property(plans, ({ scenario: world, drift, mode, answers }) => {
      const { episode } = startEpisode(world, drift, mode, rules);
      expect(metadataOf(episode)).toMatchObject({ step_ok: true, step_error: null, step_detail: '' });
      for (const { given } of answers) {
        rules.step(episode, readAction(given));
        const { step_ok, step_error, step_detail } = metadataOf(episode, rules.breakdown);
        expect(step_error).toBe(step_ok ? null : step_detail);
        expect(step_detail.trim()).not.toBe('');
        expect([...step_detail].length).toBeLessThanOrEqual(MAX_NOTE);
        expect(step_detail).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      }
    });
    assertProperty(property, { runs: 200 });
  });
});

describe('the note of a valid step describes its effect:', () => {
  test.each([
    [{ action_type: 'reply_email', email_id: 'e1', message_body: 'Yes.' }, ['[e1]', 'Ana Lumme']],
    [{ action_type: 'archive_email', email_id: 'e1' }, ['[e1]', 'Ana Lumme']],
    [
      { action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: '2026-06-22T15:00' },
      ['[m1]', 'Two lines and more', '2026-06-22T15:00'],
    ],
    [{ action_type: 'cancel_meeting', meeting_id: 'm1' }, ['[m1]', 'Two lines and more']],
    [{ action_type: 'complete_task', task_id: 't1' }, ['[t1]']],
    [{ action_type: 'delegate_task', task_id: 't1', contact_name: ' Bo ' }, ['[t1]', ' Bo']],
    [{ action_type: 'send_message', contact_name: ' Bo ', message_body: 'Hello' }, [' Bo']],
    [{}, []],
  ])('%j', (action, words) => {
    const { error, detail } = said(action);
    expect(error).toBeNull();
    expect(words.filter((word) => !detail.includes(word))).toEqual([]);
  });
});

test('the note of a valid step is cleaned and cut as a whole, whatever names the scenario has', () => {
  const words = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('\ud83d', ' \n ', '\u2028', '\u{1f989}'),
    fc.string({ minLength: MAX_NOTE - 60, maxLength: MAX_NOTE + 10 }),
  );
  const names = fc.array(words, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
  const time = fc.constantFrom('2026-06-23', '2026-06-22T15:00:00.123456+00:00');
  const property = fc.property(names, names, names, time, (id, title, name, new_time) => {
    const { rules, episode } = startEpisode(
      scenario({
        emails: [email(id, { sender: name })],
        meetings: [meeting(id, NINE, { title })],
        contacts: [contact(name.trim())],
        tasks: [task(id, NINE)],
      }),
    );
    const played = [
      [{ action_type: 'reply_email', email_id: id, message_body: 'Yes.' }, `replied to [${id}] from ${name}`],
      [{ action_type: 'archive_email', email_id: id }, `archived [${id}] from ${name}`],
      [{ action_type: 'reschedule_meeting', meeting_id: id, new_time }, `moved [${id}] ${title} to ${new_time}`],
      [{ action_type: 'cancel_meeting', meeting_id: id }, `cancelled [${id}] ${title}`],
      [{ action_type: 'delegate_task', task_id: id, contact_name: name }, `delegated [${id}] to ${name.trim()}`],
      [{ action_type: 'complete_task', task_id: id }, `completed [${id}]`],
      [{ action_type: 'send_message', contact_name: name, message_body: 'Hello' }, `sent a message to ${name.trim()}`],
    ] as const;
    for (const day of ['first', 'second']) {
      for (const [action, said] of played) {
        rules.step(episode, action);
        expect([day, episode.s.stepOk, episode.note]).toEqual([day, true, cleanNote(said)]);
      }
      rules.reset(episode);
    }
  });
  assertProperty(property, { runs: 200 });
});

describe('the error of an invalid step describes the problem:', () => {
  test.each([
    [{ action_type: 'reply_email' }, ['email_id']],
    [{ action_type: 'reply_email', email_id: 'e9', message_body: 'Yes.' }, ['email', '"e9"']],
    [{ action_type: 'reply_email', email_id: 'e1', message_body: '\n' }, ['message_body', 'blank']],
    [{ action_type: 'archive_email', email_id: 'two\nlines' }, ['"two lines"']],
    [{ action_type: 'archive_email', email_id: '\u{1f989}'.repeat(5000) }, ['\u{1f989}\u{1f989}', '...']],
    [{ action_type: 'reschedule_meeting', meeting_id: 'm9' }, ['meeting', '"m9"']],
    [{ action_type: 'reschedule_meeting', meeting_id: 'm1' }, ['new_time']],
    [{ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: 'noon' }, ['new_time', '"noon"', 'ISO 8601']],
    [
      { action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: '9999-12-31T23:59' },
      ['"9999-12-31T23:59"', 'year 9999'],
    ],
    [
      { action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: '2026-06-22T12:29' },
      ['"2026-06-22T12:29"', '[m2]'],
    ],
    [{ action_type: 'reschedule_meeting', meeting_id: 'm3', new_time: '2026-06-22T15:00' }, ['[m3]', 'cancelled']],
    [{ action_type: 'cancel_meeting', meeting_id: 'M1' }, ['meeting', '"M1"']],
    [{ action_type: 'complete_task', task_id: 't9' }, ['task', '"t9"']],
    [{ action_type: 'complete_task', task_id: 't2' }, ['[t2]', 'done']],
    [{ action_type: 'delegate_task', task_id: 't1' }, ['contact_name']],
    [{ action_type: 'delegate_task', task_id: 't1', contact_name: 'Stranger' }, ['contact', '"Stranger"']],
    [{ action_type: 'delegate_task', contact_name: 'Bo' }, ['task_id']],
    [{ action_type: 'send_message', contact_name: 'bo', message_body: 'Hello' }, ['contact', '"bo"']],
    [{ action_type: 'send_message', contact_name: 'Bo' }, ['message_body', 'blank']],
    [{ action_type: 'take_a_nap' }, ['action_type', '"take_a_nap"']],
    ['I would rather not.', ['no JSON object', 'I would rather not.']],
  ])('%j', (answer, words) => {
    const { error, detail } = said(answer);
    expect(error).toBe(detail);
    expect(words.filter((word) => !detail.includes(word))).toEqual([]);
  });

  test('after the end, that the episode is over', () => {
    const { rules, episode } = startEpisode(WORLD);
    for (let step = 0; step < 4; step++) rules.step(episode, readAction({}));
    expect(metadataOf(episode, rules.breakdown).step_error).toContain('the episode is over');
  });
});

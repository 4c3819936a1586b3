/** The form of the briefing: its limits, its cut, and the parts that random worlds rarely reach. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTime } from '../../src/lib/time.ts';
import { MAX_NOTE } from '../../src/sim/episode.ts';
import { CUT_MARK, MAX_CODE_POINTS } from '../../src/sim/observation/briefing.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import type { Scenario } from '../reference/world.ts';
import { expectedText, textOf } from '../support/briefing.ts';
import { benchDocuments, shippedDocuments } from '../support/documents.ts';
import { startEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';
import { contact, email, list, meeting, scenario, task } from '../support/worlds.ts';

const ANSWERS = [
  {},
  { action_type: 'archive_email', email_id: 'e01' },
  { action_type: 'send_message', contact_name: 'stranger', message_body: 'hello' },
  { action_type: 'do_nothing' },
  'no action at all',
];

function huge(emails: number, body: string): Scenario {
  return scenario({
    emails: list(emails, (n) => email(`e${n}`, { body, sender: 'Zo\u00eb \u{1f989}', subject: '\u6708\u66dc' })),
  });
}

describe('a scenario of ordinary size', () => {
  const documents = [...shippedDocuments(), ...benchDocuments()];

  test.each(documents.map((document) => [document.name, document] as const))('%s is never cut', (_name, document) => {
    const { rules, episode } = startEpisode(document.scenario, document.drift);
    for (let step = 0; step <= 60; step++) {
      const text = textOf(episode);
      expect([...text].length).toBeLessThan(MAX_CODE_POINTS);
      expect(text).not.toContain(CUT_MARK);
      rules.step(episode, readAction(ANSWERS[step % ANSWERS.length]));
    }
    expect(textOf(episode)).toContain('The episode is over.');
  });

  test('without a character outside ASCII in it, its briefing has none either', () => {
    const { rules, episode } = startEpisode(
      scenario({
        max_episode_steps: 4,
        emails: [email('e1', { priority: 'critical', body: 'x'.repeat(900) }), email('e2', { read: true })],
        meetings: list(12, (n) => meeting(`m${n}`, '2026-06-22T10:00')),
        contacts: [contact('Ana Lumme'), contact('Bo', { relationship_type: 'team_member' })],
        tasks: [
          task('t1', '2026-06-22T09:30', { delegated_to: 'Bo', description: 'y'.repeat(900) }),
          task('t2', '2026-06-23'),
        ],
      }),
    );
    for (const answer of [{}, 'rubbish', { action_type: 'cancel_meeting', meeting_id: 'm3' }, {}, {}]) {
      expect(textOf(episode)).toMatch(/^[\n -~]*$/);
      rules.step(episode, readAction(answer));
    }
  });
});

describe('a scenario too large to be shown', () => {
  test('is cut, with a mark that says so, to the limit in characters', () => {
    const { episode } = startEpisode(huge(2000, '\u00e9\u4e16\u{1f44b}'.repeat(40)));
    const text = textOf(episode);
    const length = [...text].length;
    expect(length).toBeLessThanOrEqual(MAX_CODE_POINTS);
    expect(length).toBeGreaterThan(MAX_CODE_POINTS - 10);
    expect(text.endsWith(CUT_MARK)).toBe(true);
  });

  test('is cut to the limit with text of one byte and of four bytes per character alike', () => {
    for (const character of ['x', '\u{1f989}']) {
      const contacts = list(1200, (n) => contact(`${character.repeat(60)} ${n}`));
      const text = textOf(startEpisode(scenario({ contacts })).episode);
      expect([...text].length).toBeGreaterThan(MAX_CODE_POINTS - 10);
      expect([...text].length).toBeLessThanOrEqual(MAX_CODE_POINTS);
    }
  });

  test('keeps its head: the time, the limits and the note are there after every step', () => {
    const { rules, episode } = startEpisode(huge(2000, 'text'));
    rules.step(episode, readAction({ action_type: 'archive_email', email_id: 'e7' }));
    const text = textOf(episode);
    expect(text.startsWith('Mon 22 Jun 2026, 09:20 UTC | step 1 of 48, 47 left | stress 0/100\nLast action: ')).toBe(
      true,
    );
    expect(text.split('\n')[1]).toBe(`Last action: ${episode.note}`);
    expect(text).toContain('INBOX: 1999 unread, 1 read but unanswered');
  });

  test('drops the bodies of its emails before whole lines', () => {
    const { episode } = startEpisode(huge(300, '\u{1f44b}'.repeat(400)));
    const text = textOf(episode);
    expect(text).not.toContain(CUT_MARK);
    for (let n = 0; n < 300; n++) expect(text).toContain(`[e${n}]`);
  });
});

describe('the bound of a scenario', () => {
  test('holds for the longest note, the longest names and a clash of everything with everything', () => {
    const owl = '\u{1f989}'.repeat(9);
    const parliament = '\u{1f989}'.repeat(400);
    const { rules, episode } = startEpisode(
      scenario({
        max_episode_steps: 10_000,
        stress: 100,
        emails: list(3, (n) => email(`${owl}${n}`, { priority: 'critical', read: n > 0 })),
        meetings: list(10, (n) =>
          meeting(`${owl}m${n}`, '2026-06-01T10:00', { duration_minutes: 60_000, title: parliament }),
        ),
        contacts: list(3, (n) =>
          contact(`${owl}${n}`, { relationship_type: 'board_member', communication_preference: 'call' }),
        ),
        tasks: list(3, (n) =>
          task(`${owl}${n}`, '2026-06-01', { delegated_to: `${owl} person`, owner: owl, description: owl }),
        ),
      }),
    );
    for (const answer of [
      {},
      { action_type: 'delegate_task', task_id: `${owl}1`, contact_name: `${owl}2` },
      { action_type: 'reschedule_meeting', meeting_id: `${owl}m2`, new_time: '2026-06-22T10:00' },
      { action_type: 'reschedule_meeting', meeting_id: `${owl}m1`, new_time: '2027-10-30T10:00' },
    ]) {
      expect(textOf(episode)).toBe(expectedText(episode));
      rules.step(episode, readAction(answer));
    }
    expect([...episode.note].length).toBe(MAX_NOTE);
    expect(textOf(episode)).toBe(expectedText(episode));
  });
});

test('meetings are moved to any day from the year 1 to the year 9999, several at a time', () => {
  const first = '0001-01-01T00:00:00';
  const { episode } = startEpisode(
    scenario({ simulation_time: first, meetings: list(6, (n) => meeting(`m${n}`, '2026-06-22T09:00:00')) }),
  );
  const day = fc.integer({ min: 0, max: 3_652_057 });
  const property = fc.property(fc.array(day, { minLength: 6, maxLength: 6 }), day, (days, years) => {
    // Some are a power of two apart.
    const moved = days.map((one, index) => (index % 2 === 0 ? one : (years + 4_096 * index) % 3_652_058));
    moved.forEach((one, index) => {
      const time = new Date(Date.parse(`${first}Z`) + one * 86_400_000 + 36_000_000).toISOString().slice(0, 19);
      episode.s.moveMeeting(index, parseTime(time)?.utc ?? Number.NaN, time);
    });
    episode.calendarChanged();
    expect(textOf(episode)).toBe(expectedText(episode));
  });
  assertProperty(property, { runs: 300 });
});

describe('a crowded hour', () => {
  test('names eight of the meetings that one clashes with and counts the rest', () => {
    const { episode } = startEpisode(scenario({ meetings: list(11, (n) => meeting(`m${n}`, '2026-06-22T10:00')) }));
    const text = textOf(episode);
    expect(text).toContain('CALENDAR: 11 meetings ahead, 55 clashes\n');
    expect(text).toContain(') CLASHES with m0, m1, m2, m3, m4, m5, m6, m7 and 2 more\n');
    expect(text).toBe(expectedText(episode));
  });

  test('a meeting may end after the last day', () => {
    const world = scenario({ simulation_time: '9999-12-31T23:00', meetings: [meeting('m1', '9999-12-31T23:50')] });
    const { episode } = startEpisode(world);
    expect(textOf(episode)).toContain('[m1] Fri 31 Dec 23:50-00:20 ');
  });

  test('a meeting is on the calendar until the minute of its end', () => {
    const { rules, episode } = startEpisode(scenario({ meetings: [meeting('m1', '2026-06-22T08:50')] }));
    expect(textOf(episode)).toContain('[m1] Mon 22 Jun 08:50-09:20');
    rules.step(episode, readAction({}));
    expect(textOf(episode)).not.toContain('[m1]');
    expect(textOf(episode)).toContain('CALENDAR: 0 meetings ahead, 0 clashes\n');
  });

  test('a task is due soon from two hours before its deadline, and overdue right after it', () => {
    const { rules, episode } = startEpisode(scenario({ tasks: [task('t1', '2026-06-22T11:20')] }));
    const marks = list(9, () => {
      const mark = /11:20( [A-Z ]+)?:/.exec(textOf(episode))?.[1] ?? '';
      rules.step(episode, readAction({}));
      return mark;
    });
    expect(marks).toEqual(['', ...list(7, () => ' DUE SOON'), ' OVERDUE']);
  });
});

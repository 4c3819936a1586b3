/** Property 7: the briefing is enough to play by, and reveals nothing that has not arrived. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readShown, shows, valuesAsked } from '../../src/analysis/solve/answers.ts';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay, shippedDays } from '../support/v2-episode.ts';
import {
  at,
  everythingIn,
  IDLE,
  meet,
  needy,
  office,
  SECRETS,
  type Story,
  storiesIn,
  WRONG,
  worlds,
} from '../support/v2-worlds.ts';

/** Plays a story and checks every briefing of an active day. */
function lookAt(story: Story, drift: unknown, look: (day: OfficeDay, briefing: string) => void): void {
  const day = new OfficeDay(story.world, { drift });
  look(day, day.briefing());
  for (const action of story.actions) {
    day.step(action);
    if (day.isOver) return;
    look(day, day.briefing());
  }
}

const SHIPPED = shippedDays();

function everywhere(look: (day: OfficeDay, briefing: string) => void): void {
  assertProperty(
    fc.property(storiesIn(worlds), (story) => lookAt(story, undefined, look)),
    { runs: 25 },
  );
  for (const { world, drift } of SHIPPED) {
    assertProperty(
      fc.property(storiesIn(fc.constant(world)), (story) => lookAt(story, drift, look)),
      { runs: 2 },
    );
  }
}

describe('the briefing', () => {
  test('shows every id that an action may need', () => {
    everywhere((day, briefing) => {
      const { emails, meetings, tasks, contacts } = day.export();
      for (const { id } of emails) {
        const owed = day.status(`reply:${id}`);
        if (owed === 'open' || owed === 'overdue') expect(briefing).toContain(`  [${id}] `);
      }
      const now = day.episode.s.clock / 1_000;
      for (const { id, start, cancelled } of meetings) {
        const begins = Date.parse(start.endsWith('Z') ? start : `${start}Z`);
        if (!cancelled && begins > now) expect(briefing).toContain(`  [${id}] `);
      }
      for (const { id, status } of tasks) if (status !== 'done') expect(briefing).toContain(`  [${id}] due `);
      for (const { name } of contacts) expect(briefing).toContain(`  ${name}: `);
    });
  });

  test('shows who can take work, and when tasks are due', () => {
    everywhere((day, briefing) => {
      for (const { name, skills = [], load_limit, working_hours } of day.export().contacts) {
        const line = briefing.split('\n').find((one) => one.startsWith(`  ${name}: `)) ?? '';
        if (load_limit !== undefined && load_limit > 0) {
          expect(line).toContain(`takes up to ${load_limit} task`);
          for (const skill of skills) expect(line).toContain(skill);
        }
        if (working_hours !== undefined) expect(line).toContain(`works ${working_hours.from}-${working_hours.to}`);
      }
      for (const { id, skill, status } of day.export().tasks) {
        if (status === 'done' || skill === undefined) continue;
        expect(briefing.split('\n').find((one) => one.startsWith(`  [${id}] due `))).toContain(`needs ${skill}`);
      }
      expect(briefing).toContain('the day ends');
    });
  });

  test('shows why an action failed and what has happened since', () => {
    const day = new OfficeDay(office({ emails: [needy('e1')], meetings: [meet('m1', '11:00'), meet('m2', '13:00')] }));
    day.step({ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: at('12:30') });
    expect(day.briefing()).toContain('Last action FAILED: "2026-06-22T12:30:00" would clash with [m2]');
  });
});

describe('free slots', () => {
  /** `now until 11:00, 12:00-17:00` as pairs. */
  function slotsIn(briefing: string): { from: string; to: string }[] {
    const line = briefing.split('\n').find((one) => one.startsWith('  Free:')) ?? '';
    expect(line).not.toBe('');
    const bare = line.replace(/^ {2}Free: ?/, '').replace(/; \d+ min from one place to another$/, '');
    if (bare.trim() === 'nothing until the day ends') return [];
    return bare.split(', ').map((slot) => {
      const [, from = '', to = ''] = /^(now|\d\d:\d\d)(?: until |-)(\d\d:\d\d)$/.exec(slot) ?? [];
      expect(to, slot).not.toBe('');
      return { from, to };
    });
  }
  const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
  const text = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

  test('are free: what fits into one is accepted there', () => {
    let moved = 0;
    const look = (day: OfficeDay, briefing: string): void => {
      const travel = day.world.travel_minutes ?? 0;
      const { meetings, contacts } = day.export();
      const saved = day.episode.s.region.slice();
      for (const { from, to } of slotsIn(briefing)) {
        const begins =
          (from === 'now' ? minutes(day.now) + 6 : Math.max(minutes(from), minutes(day.now) + 6)) +
          (from === 'now' || from > day.now ? travel : 0);
        for (const { id, start, duration_minutes: lasts, attendees, cancelled } of meetings) {
          const old = Date.parse(`${start}Z`) * 1_000;
          if (cancelled || old <= day.episode.s.clock || begins + lasts + travel > minutes(to)) continue;
          const hours = contacts.flatMap(({ name, working_hours: one }) =>
            attendees.includes(name) && one ? [one] : [],
          );
          if (hours.some((one) => begins < minutes(one.from) || begins + lasts > minutes(one.to))) continue;
          if (at(text(begins)) === start) continue;
          day.step({ action_type: 'reschedule_meeting', meeting_id: id, new_time: at(text(begins)) });
          expect(day.ok, `${briefing}\n${id} to ${text(begins)}: ${day.note}`).toBe(true);
          expect(day.note).toContain(`moved [${id}]`);
          moved++;
          day.episode.load(saved, '');
        }
      }
    };
    assertProperty(
      fc.property(storiesIn(worlds, 8), (story) =>
        lookAt({ ...story, world: { ...story.world, events: [], max_episode_steps: 60 } }, undefined, look),
      ),
      { runs: 25 },
    );
    expect(moved).toBeGreaterThan(0);
  });
});

/** All texts that a policy receives. */
function shownBy(day: OfficeDay, briefing: string, metadata: unknown): string {
  return `${briefing}\n${JSON.stringify(metadata)}\n${JSON.stringify(day.export())}`;
}

/** A played story with the texts about each step. */
function expectSecret(day: OfficeDay, shown: string): void {
  const arrived = day.export();
  const there = new Set([...arrived.emails, ...arrived.meetings].map(({ id }) => id));
  const all = everythingIn(day.world);
  // An announcement may name a contact who writes later.
  const announced = (day.world.events ?? []).map((one) => [
    one.comment,
    one.set_contact_mood,
    one.set_contact_preference,
  ]);
  const texts = JSON.stringify([arrived.emails, arrived.contacts, arrived.meetings, arrived.tasks, announced]);
  const hidden = [
    ...all.emails.map(({ id, subject, sender }) => ({ id, words: [subject, sender] })),
    ...all.meetings.map(({ id, title }) => ({ id, words: [title] })),
  ];
  for (const { id, words } of hidden) {
    if (there.has(id)) continue;
    for (const text of [`"${id}"`, `[${id}]`]) expect(shown).not.toContain(text);
    for (const word of words) if (!texts.includes(word)) expect(shown).not.toContain(word);
  }
}

function namesArrived(day: OfficeDay, action: Record<string, unknown>): boolean {
  const { emails, meetings } = day.export();
  const ids = [...emails, ...meetings].map(({ id }) => id);
  return [action.email_id, action.meeting_id].every((id) => id === undefined || ids.includes(String(id)));
}

describe('nothing is shown', () => {
  test('before it arrives', () => {
    const check = ({ world, actions }: Story, drift?: unknown): void => {
      const day = new OfficeDay(world, { drift });
      expectSecret(day, shownBy(day, day.briefing(), day.metadata()));
      for (const action of actions) {
        // An answer that contains a name by chance is quoted where it is refused.
        const { metadata } = day.step(namesArrived(day, action) ? action : IDLE);
        if (day.isOver) return;
        expectSecret(day, shownBy(day, day.briefing(), metadata));
      }
    };
    assertProperty(
      fc.property(storiesIn(worlds), (story) => check(story)),
      { runs: 25 },
    );
    for (const { world, drift } of SHIPPED) {
      assertProperty(
        fc.property(storiesIn(fc.constant(world)), (story) => check(story, drift)),
        { runs: 2 },
      );
    }
  });

  test('in the attribution of what never arrived', () => {
    const day = new OfficeDay(
      office({
        emails: [needy('e1'), needy('e2')],
        events: [{ when: { obligation: 'reply:e1', is: 'spoiled' }, emails: [needy('x1')] }],
      }),
    );
    const { metadata } = day.step({
      action_type: 'reply_email',
      email_id: 'e1',
      message_body: 'At the lighthouse, Ana, as always.',
    });
    expect(day.isOver).toBe(false);
    expect(JSON.stringify(metadata.reward_attribution)).not.toContain('x1');
  });

  test('of what is asked and of what is denied', () => {
    const check = ({ world, actions }: Story): void => {
      const day = new OfficeDay(world);
      const look = (metadata: unknown): void => {
        const shown = shownBy(day, day.briefing(), metadata);
        for (const phrase of [...SECRETS, ...WRONG]) expect(shown).not.toContain(phrase);
        for (const key of ['asks', 'deny', 'example', 'rivals']) expect(shown).not.toContain(`"${key}"`);
      };
      look(day.metadata());
      for (const action of actions) look(day.step(action).metadata);
    };
    assertProperty(fc.property(storiesIn(worlds), check), { runs: 25 });
  });

  test.each(SHIPPED)('$name: no phrase that does not stand in a text', ({ world, open }) => {
    const { emails, meetings } = everythingIn(world);
    const { tasks = [], contacts = [], events = [] } = world;
    const visible = JSON.stringify([
      emails.map(({ sender, subject, body }) => [sender, subject, body]),
      meetings,
      tasks,
      contacts,
      events.map(({ comment }) => comment),
      // The texts of all briefings.
      new OfficeDay({ simulation_time: world.simulation_time }).briefing(),
    ]).toLowerCase();
    const phrases = emails.flatMap(({ asks = [] }) =>
      asks.flatMap((ask) => [ask.example, ...(ask.kind === 'value' ? [...ask.is, ...(ask.rivals ?? [])] : [])]),
    );
    const hidden = phrases.filter((phrase) => !visible.includes(phrase.toLowerCase()));
    const day = open();
    const texts = [shownBy(day, day.briefing(), day.metadata())];
    while (!day.isOver) {
      const { metadata } = day.step(IDLE);
      texts.push(shownBy(day, day.briefing(), metadata));
    }
    for (const phrase of hidden.filter((one) => one.length > 3 && !/^\d\d:\d\d$/.test(one))) {
      const word = new RegExp(`(?<![\\w,.])${phrase.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w,.])`, 'i');
      for (const text of texts) expect(text).not.toMatch(word);
    }
  });
});

/** A world in which everything that may arrive is there from the start. */
function allAtOnce({ events: _, ...world }: ScenarioInput, all: ReturnType<typeof everythingIn>): ScenarioInput {
  return { ...world, ...all };
}

describe.each(SHIPPED)('$name', ({ world }) => {
  test('every requested value stands somewhere in the briefing', () => {
    const day = new OfficeDay(allAtOnce(world, everythingIn(world)));
    const lines = readShown(day.briefing());
    for (const [index, { id }] of day.c.world.emails.entries()) {
      for (const asked of valuesAsked(day.c, index)) expect(shows(lines, asked.value), `${id}: ${asked.id}`).toBe(true);
    }
  });

  test('fits into a briefing', () => {
    const day = new OfficeDay(allAtOnce(world, everythingIn(world)));
    expect(day.briefing()).not.toContain('the briefing was cut here');
    expect(day.world.contacts.length).toBeGreaterThan(0);
  });
});

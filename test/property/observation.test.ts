/** What a policy sees: the text says the same as the data, and an observer the same as a fresh look. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDay, utcOf } from '../../src/lib/time.ts';
import { greedy } from '../../src/policies/greedy.ts';
import type { BuiltInPolicy } from '../../src/policies/policy.ts';
import { random } from '../../src/policies/random.ts';
import type { Episode } from '../../src/sim/episode.ts';
import { briefing, CUT_MARK } from '../../src/sim/observation/briefing.ts';
import { type Observation, observationSchema } from '../../src/sim/observation/observation.ts';
import { briefingOf, joinParts, Observer, observe } from '../../src/sim/observation/observe.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { actionSchema, type ScenarioInput } from '../../src/world/schema.ts';
import { nearestDate, nextAt, readBriefing, today } from '../reference/briefing-reader.ts';
import {
  documents,
  type Game,
  gamesV1,
  gameV1,
  gameV2,
  shippedGames,
  tameGames,
  watch,
  wildGames,
} from '../support/games.ts';
import { assertProperty } from '../support/property.ts';
import { storiesIn, worlds } from '../support/v2-worlds.ts';
import { contact, email, list, meeting, scenario, task } from '../support/worlds.ts';

// ---------------------------------------------------------------- the text says what the data say

/** An id is shown as it is, in brackets and in lists. */
const NOT_IN_IDS = /[\],\p{Cc}\u2028\u2029]| and \d+ more/u;
const NOT_IN_NAMES = /[[\](),:;]|CLASHES/;
const NOT_IN_TITLES = /\((critical|high|normal|low)/;
const NOT_IN_DESCRIPTIONS = /\(owner/;
const NOT_IN_SUBJECTS = /"/;
const NOT_IN_PLACES = /[;)]/;

/** Whether no text of a world looks like another part of its line. */
function isReadable({ c: { world } }: Episode): boolean {
  const { emails, meetings, contacts, tasks } = world;
  const ids = [...emails, ...meetings, ...tasks].map(({ id }) => id);
  const names = [
    ...emails.map(({ sender }) => sender),
    ...meetings.flatMap(({ attendees }) => attendees),
    ...contacts.flatMap(({ name, skills = [] }) => [name, ...skills]),
    ...tasks.flatMap(({ owner, delegated_to, skill = '' }) => [owner, delegated_to ?? '', skill]),
  ];
  return (
    ids.every((id) => id.isWellFormed() && !NOT_IN_IDS.test(id)) &&
    !names.some((name) => NOT_IN_NAMES.test(name)) &&
    !meetings.some(({ title, location }) => NOT_IN_TITLES.test(title) || NOT_IN_PLACES.test(location)) &&
    !tasks.some(({ description }) => NOT_IN_DESCRIPTIONS.test(description)) &&
    !emails.some(({ subject }) => NOT_IN_SUBJECTS.test(subject))
  );
}

/** An observation, except for what the text does not say: see the reader. */
function asTold(seen: Observation): Observation {
  const { time, day_ends, inbox, calendar, tasks } = seen;
  const dated = (instant: string): string => nearestDate(time, formatDay(utcOf(instant)), clockOf(instant));
  return {
    ...seen,
    day_ends: day_ends && dated(day_ends),
    inbox,
    calendar: {
      ...calendar,
      meetings: calendar.meetings.map((one) => {
        const start = dated(one.start);
        return {
          ...one,
          start,
          end: nextAt(start, clockOf(one.end)),
          moved_from: one.moved_from && dated(one.moved_from),
        };
      }),
      free:
        calendar.free?.map(({ from, to }) => ({
          from: from && today(time, clockOf(from)),
          to: today(time, clockOf(to)),
        })) ?? null,
    },
    tasks: {
      ...tasks,
      open: tasks.open.map((one) => ({
        ...one,
        due: dated(one.due),
        due_before: one.due_before && dated(one.due_before),
      })),
    },
  };
}

function clockOf(instant: string): string {
  return instant.slice(11, 16);
}

function expectTold(episode: Episode): void {
  const seen = observe(episode);
  expect(readBriefing(briefing(seen))).toStrictEqual(asTold(seen));
}

/** Plays games of readable worlds. Returns how many there were, and how many had another world. */
function expectAllTold(games: fc.Arbitrary<Game>, runs: number): { read: number; skipped: number } {
  const count = { read: 0, skipped: 0 };
  const property = fc.property(games, (game) => {
    if (isReadable(game.episode)) {
      count.read++;
      watch(game, expectTold);
    } else count.skipped++;
  });
  assertProperty(property, { runs });
  return count;
}

test('the text says everything that the data say: rules v1', () => {
  const { read, skipped } = expectAllTold(gamesV1, 150);
  expect(read).toBeGreaterThan(skipped / 4);
});

test('the text says everything that the data say: rules v2 in tame worlds', () => {
  expect(expectAllTold(tameGames, 100)).toMatchObject({ skipped: 0 });
});

test('the text says everything that the data say: rules v2 in wild worlds', () => {
  const { read, skipped } = expectAllTold(wildGames, 120);
  expect(read).toBeGreaterThan(skipped / 4);
});

test('the text says everything that the data say: the shipped tasks', () => {
  expect(documents.length).toBeGreaterThan(0);
  expect(expectAllTold(shippedGames, 40)).toMatchObject({ skipped: 0 });
});

// ---------------------------------------------------------------- observers

type Move = 'step' | 'step unseen' | 'reset' | 'save' | 'load';

const moves = fc.array(
  fc.record({
    who: fc.nat({ max: 2 }),
    move: fc.constantFrom<Move>('step', 'step', 'step', 'step', 'step unseen', 'reset', 'save', 'load'),
  }),
  { minLength: 5, maxLength: 40, size: 'max' },
);

/** An observed game. */
class Watched {
  private readonly game: Game;
  private readonly observer: Observer;
  private saved: { readonly region: Uint8Array; readonly note: string; readonly news: string };
  private turn = 0;

  constructor(game: Game) {
    this.game = game;
    this.observer = new Observer(game.episode);
    this.saved = this.save();
    this.expectSame();
  }

  make(move: Move): void {
    const { episode, answers, step, reset } = this.game;
    if (move === 'reset') reset();
    else if (move === 'save') this.saved = this.save();
    else if (move === 'load') episode.load(this.saved.region, this.saved.note, this.saved.news);
    else step(answers[this.turn++ % answers.length]);
    // After an unseen step, the next look has more than one step to catch up with.
    if (move !== 'step unseen') this.expectSame();
  }

  /** Every second look reads the text first. */
  expectSame(): void {
    const { observer } = this;
    const { episode } = this.game;
    const first = this.turn % 2 === 0 ? joinParts(observer.parts()) : undefined;
    const seen = observe(episode);
    const text = briefing(seen);
    expect(observer.observe()).toStrictEqual(seen);
    expect(joinParts(observer.parts())).toBe(text);
    expect(briefingOf(episode)).toBe(text);
    expect(first ?? text).toBe(text);
  }

  private save(): Watched['saved'] {
    const { s, note, news } = this.game.episode;
    return { region: s.region.slice(), note, news };
  }
}

test.each([
  ['rules v1', gamesV1],
  ['rules v2 in tame worlds', tameGames],
  ['rules v2 in wild worlds', wildGames],
  ['the shipped tasks', shippedGames],
])('an observer sees the same as a fresh look, whatever happens between its looks: %s', (_, games) => {
  const property = fc.property(fc.array(games, { minLength: 2, maxLength: 3 }), moves, (chosen, made) => {
    // Games of one thread share sections: none may see those of another.
    const all = chosen.map((game) => new Watched(game));
    for (const { who, move } of made) all[who % all.length]?.make(move);
    for (const watched of all) watched.expectSame();
  });
  assertProperty(property, { runs: 50 });
});

test('two observers take turns with one scenario, and neither affects the other', () => {
  const property = fc.property(storiesIn(worlds), moves, (story, made) => {
    const both = [gameV2(story), gameV2(story)].map((game) => new Watched(game));
    for (const { who, move } of made) both[who % 2]?.make(move);
    for (const watched of both) watched.expectSame();
  });
  assertProperty(property, { runs: 50 });
});

// ---------------------------------------------------------------- the data

/** The paths of the objects in a value that are not frozen. */
function thawed(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([key, part]) => thawed(part, `${path}/${key}`));
  return Object.isFrozen(value) ? inside : [path, ...inside];
}

function expectPlainData(episode: Episode): void {
  const seen = observe(episode);
  const copy: unknown = JSON.parse(JSON.stringify(seen));
  expect(copy).toStrictEqual(seen);
  const parsed = observationSchema.parse(copy);
  expect(parsed).toStrictEqual(seen);
  expect(briefing(parsed)).toBe(briefing(seen));
  // The outermost object is new for each look.
  expect(thawed(seen).filter((path) => path !== '')).toEqual([]);
}

test.each([
  ['rules v1', gamesV1],
  ['rules v2 in tame worlds', tameGames],
  ['rules v2 in wild worlds', wildGames],
  ['the shipped tasks', shippedGames],
])('an observation is immutable JSON of the published schema, and its copy has the same text: %s', (_, games) => {
  assertProperty(
    fc.property(games, (game) => watch(game, expectPlainData)),
    { runs: 50 },
  );
});

// ---------------------------------------------------------------- policies

/** Plays a whole episode. Every object that the policy answers is an action, whole and unchanged. */
function expectActions(policy: BuiltInPolicy, { episode, step }: Game, seed: number): void {
  const observer = new Observer(episode);
  const [decide, again] = [policy.begin(seed), policy.begin(seed)];
  while (episode.s.active) {
    const answer = decide(observer.observe());
    expect(again(observe(episode))).toEqual(answer);
    if (typeof answer !== 'string') {
      expect(actionSchema.parse(answer)).toEqual(answer);
      expect(readAction(answer)).toEqual(answer);
    }
    step(answer);
  }
}

test.each([random, greedy])('the answers of $name conform to the schema and depend only on what it sees', (policy) => {
  for (const { scenario: world, drift } of documents) {
    for (let seed = 0; seed < 3; seed++) {
      expectActions(policy, gameV1({ scenario: world, drift, mode: 'full', answers: [] }), seed);
      expectActions(policy, gameV2({ world: world as ScenarioInput, actions: [] }, drift), seed);
    }
  }
});

// ---------------------------------------------------------------- worlds by hand

function gameOf(parts: Parameters<typeof scenario>[0]): Game {
  return gameV1({ scenario: scenario(parts), drift: null, mode: 'full', answers: [] });
}

test('names that look like parts of a line are data like all others', () => {
  const names = ['Ana (critical): x, y', 'Bo, importance 3/5', 'a and 3 more', '[x] y', 'owner Di, low effort'];
  const start = '2026-06-22T10:00:00';
  const game = gameOf({
    emails: names.map((name, n) => email(`e${n}`, { sender: name, subject: '(VIP) "' })),
    meetings: names.map((name, n) =>
      meeting(`m${n}`, start, { title: name, location: 'Hall; East', attendees: names }),
    ),
    contacts: names.map((name) => contact(name)),
    tasks: names.map((name, n) => task(`t${n}`, start, { description: name, owner: name, delegated_to: name })),
  });
  expect(isReadable(game.episode)).toBe(false);
  const watched = new Watched({
    ...game,
    answers: [
      { action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: '2027-03-01T00:30:00' },
      { action_type: 'delegate_task', task_id: 't2', contact_name: names[1] },
      { action_type: 'archive_email', email_id: 'e3' },
    ],
  });
  for (let turn = 0; turn < 3; turn++) watched.make('step');
  const { inbox, calendar, people, tasks } = observe(game.episode);
  // The archived email now stands behind the unread ones.
  expect(inbox.emails.map(({ sender }) => sender)).toEqual([...names.filter((_, n) => n !== 3), names[3]]);
  expect(calendar.meetings.at(-1)).toMatchObject({ title: names[1], location: 'Hall; East', attendees: names });
  expect(people.contacts.map(({ name }) => name)).toEqual(names);
  expect(tasks.open.map(({ owner }) => owner)).toEqual(names);
});

test('more clashes than are named, and meetings of other years and lengths', () => {
  const days = ['2026-08-28', '2026-08-30', '2026-09-01', '2027-02-26', '2028-02-29', '2031-01-01'];
  const { episode, step } = gameOf({
    simulation_time: '2026-02-27T23:50:00',
    meetings: [
      ...list(12, (n) => meeting(`m${n}`, '2026-02-28T10:00:00')),
      meeting('long', '2026-02-27T20:00:00', { duration_minutes: 3 * 1_440 }),
      ...days.map((day) => meeting(day, `${day}T09:07:00`, { duration_minutes: 1_440 })),
    ],
  });
  const meetings = new Map(observe(episode).calendar.meetings.map((one) => [one.id, one]));
  expect(meetings.get('m3')?.clashes_with).toHaveLength(8);
  expect(meetings.get('m3')?.further_clashes).toBe(4);
  expect(meetings.get('long')?.end).toBe('2026-03-02T20:00:00');
  const told = new Map(readBriefing(briefingOf(episode)).calendar.meetings.map((one) => [one.id, one]));
  // The weekday tells the years close by apart.
  for (const day of days.slice(0, 5)) expect(told.get(day)).toEqual(meetings.get(day));
  expect(told.get('2031-01-01')?.start).toBe('2025-01-01T09:07:00');
  expect(told.get('long')?.end).toBe('2026-02-28T20:00:00');
  expectTold(episode);
  step({});
  expectTold(episode);
});

test('previews shrink in the data as in the text', () => {
  const body = 'a body of some length '.repeat(20);
  const { episode } = gameOf({ emails: list(250, (n) => email(`e${n}`, { body })) });
  expect(observe(episode).inbox.emails.every((one) => one.body.length < 160)).toBe(true);
  expectTold(episode);
});

test('only the text is cut', () => {
  const game = gameOf({ emails: list(1_200, (n) => email(`e${n}`, { body: 'long '.repeat(200) })) });
  expect(briefingOf(game.episode).endsWith(CUT_MARK)).toBe(true);
  expect(() => readBriefing(briefingOf(game.episode))).toThrow(SyntaxError);
  expect(observe(game.episode).inbox.emails).toHaveLength(1_200);
  new Watched(game).make('step');
  expectPlainData(game.episode);
});

test.each(['', 'nothing of the kind', 'Mon 22 Jun 2026, 10:30 UTC | step 0 of 48, 48 left | stress 0/100\n'])(
  'a text that is not a briefing is refused: %j',
  (text) => {
    expect(() => readBriefing(text)).toThrow(SyntaxError);
  },
);

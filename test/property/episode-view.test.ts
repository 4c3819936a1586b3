/** Compares the briefing's facts in the state of an episode with those that are read from its text. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBriefing, type SeenBriefing } from '../../src/policies/briefing-reader.ts';
import { EpisodeView } from '../../src/policies/episode-view.ts';
import { greedy } from '../../src/policies/greedy.ts';
import type { BuiltInPolicy } from '../../src/policies/policy.ts';
import { random } from '../../src/policies/random.ts';
import type { Episode } from '../../src/sim/episode.ts';
import { fragmentsOf, MAX_CODE_POINTS } from '../../src/sim/observation/fragments.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { type Plan, plans, plansFor } from '../support/arbitraries.ts';
import { briefingOf } from '../support/briefing.ts';
import { benchDocuments, shippedDocuments } from '../support/documents.ts';
import { SimulatorEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { drifts, type Story, storiesIn, wildWorlds, worlds } from '../support/v2-worlds.ts';
import { contact, email, list, meeting, scenario, task } from '../support/worlds.ts';

/** Every field as a separate value. The fields of a view are read on first access. */
function plain(seen: SeenBriefing): SeenBriefing {
  const { now, stepsLeft, over, dayEnd, travel, people, tasks, emails } = seen;
  const meetings = seen.meetings.map(
    ({ id, priority, start, end, place, movable, cancellable, attendees, clashes }) => ({
      ...{ id, priority, start, end, place, movable, cancellable, attendees, clashes },
    }),
  );
  return { now, stepsLeft, over, dayEnd, travel, emails, meetings, people, tasks };
}

function textOf(episode: Episode): string {
  const { changed } = episode;
  const { text } = briefingOf(episode);
  episode.changed = changed;
  return text;
}

const count = { direct: 0, read: 0, steps: 0 };

function expectSame(episode: Episode, view: EpisodeView | undefined): void {
  if (view === undefined) return;
  count.steps++;
  expect(plain(view.refresh())).toEqual(plain(readBriefing(textOf(episode))));
}

function viewOf(episode: Episode): EpisodeView | undefined {
  const view = EpisodeView.of(episode);
  count[view === undefined ? 'read' : 'direct']++;
  return view;
}

function playV1({ scenario: world, drift, mode, answers }: Plan): void {
  const simulator = new SimulatorEpisode(world, drift, mode, new RulesV1());
  const view = viewOf(simulator.episode);
  expectSame(simulator.episode, view);
  for (const { given } of answers) {
    simulator.step(given);
    expectSame(simulator.episode, view);
  }
}

function playV2({ world, actions }: Story, drift?: unknown): void {
  const day = new OfficeDay(world, { drift });
  const view = viewOf(day.episode);
  expectSame(day.episode, view);
  for (const action of actions) {
    day.step(action);
    expectSame(day.episode, view);
  }
}

test('rules v1: both say the same, whatever the world and the answers', () => {
  Object.assign(count, { direct: 0, read: 0, steps: 0 });
  assertProperty(fc.property(plans, playV1), { runs: 300 });
  // Some of these worlds are so odd that they have no view.
  expect(count.direct).toBeGreaterThan(count.read / 4);
  expect(count.read).toBeGreaterThan(0);
});

test('rules v2: both say the same in tame worlds, and there is a view of every one of them', () => {
  Object.assign(count, { direct: 0, read: 0, steps: 0 });
  const stories = fc.tuple(storiesIn(worlds), fc.option(drifts, { nil: undefined }));
  assertProperty(
    fc.property(stories, ([story, drift]) => playV2(story, drift)),
    { runs: 200 },
  );
  expect(count.read).toBe(0);
});

test('rules v2: both say the same in wild worlds', () => {
  Object.assign(count, { direct: 0, read: 0, steps: 0 });
  assertProperty(
    fc.property(storiesIn(wildWorlds, 12), (story) => playV2(story)),
    { runs: 200 },
  );
  expect(count.direct).toBeGreaterThan(count.read / 4);
});

test('both say the same of the shipped tasks', () => {
  const played = fc
    .constantFrom(...shippedDocuments(), ...benchDocuments())
    .chain(({ scenario: world, drift }) => plansFor(world, fc.constant(drift)));
  Object.assign(count, { direct: 0, read: 0, steps: 0 });
  assertProperty(fc.property(played, playV1), { runs: 60 });
  expect(count.read).toBe(0);
});

/** Plays a whole episode with the view, and compares it with the text. */
function expectSameAnswers(
  policy: BuiltInPolicy,
  episode: Episode,
  step: (answer: unknown) => void,
  seed: number,
): void {
  const view = EpisodeView.of(episode);
  const [direct, reading] = [policy.begin(seed), policy.begin(seed)];
  while (episode.s.active) {
    const text = textOf(episode);
    const answer = view && direct(view.refresh(), () => text);
    expect(answer).toEqual(reading(readBriefing(text), () => text));
    if (typeof answer === 'object') expect(readAction(answer)).toEqual(answer);
    step(answer);
  }
}

test.each([random, greedy])('$name answers alike', (policy) => {
  for (const { scenario: world, drift } of [...shippedDocuments(), ...benchDocuments()]) {
    for (let seed = 0; seed < 3; seed++) {
      const simulator = new SimulatorEpisode(world, drift, 'full', new RulesV1());
      expectSameAnswers(policy, simulator.episode, (answer) => simulator.step(answer), seed);
      const day = new OfficeDay(world as ScenarioInput, { drift });
      expectSameAnswers(policy, day.episode, (answer) => day.step(answer), seed);
    }
  }
});

test('names that look like parts of a line are read as the text is read', () => {
  const names = [
    'Ana (critical): x, y',
    'Bo, importance 3/5',
    'with Cy',
    'a and 3 more',
    '[x] y',
    'owner Di, low effort',
  ];
  const world = scenario({
    emails: names.map((name, index) => email(`e${index}`, { sender: name, subject: '(VIP) "' })),
    meetings: names.map((name, index) =>
      meeting(`m${index}`, '2026-06-22T10:00:00', {
        title: name,
        location: 'Hall; must not be moved, East',
        attendees: names,
      }),
    ),
    contacts: names.map((name) => contact(name)),
    tasks: names.map((name, index) =>
      task(`t${index}`, '2026-06-22T10:00:00', { description: `${name} (owner x`, owner: name, delegated_to: name }),
    ),
  });
  const simulator = new SimulatorEpisode(world, null, 'full', new RulesV1());
  const view = viewOf(simulator.episode);
  expect(view).toBeDefined();
  for (const action of [
    {},
    { action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: '2027-03-01T00:30:00' },
    { action_type: 'delegate_task', task_id: 't2', contact_name: names[1] },
    { action_type: 'archive_email', email_id: 'e3' },
  ]) {
    simulator.step(action);
    expectSame(simulator.episode, view);
  }
});

test('more clashes than are named, and meetings of other years and lengths', () => {
  const world = scenario({
    simulation_time: '2026-02-27T23:50:00',
    meetings: [
      ...list(12, (n) => meeting(`m${n}`, '2026-02-28T10:00:00')),
      meeting('long', '2026-02-27T20:00:00', { duration_minutes: 3 * 1_440 }),
      ...['2026-08-28', '2026-08-30', '2026-09-01', '2027-02-26', '2028-02-29', '2031-01-01'].map((day) =>
        meeting(day, `${day}T09:07:00`, { duration_minutes: 1_440 }),
      ),
    ],
  });
  const simulator = new SimulatorEpisode(world, null, 'full', new RulesV1());
  const view = viewOf(simulator.episode);
  expect(view?.meetings.find(({ id }) => id === 'm3')?.clashes).toHaveLength(8);
  expectSame(simulator.episode, view);
  simulator.step({});
  expectSame(simulator.episode, view);
});

test.each([
  ['that may be cut', { emails: list(1_200, (n) => email(`e${n}`, { body: 'long '.repeat(200) })) }],
  ['with a bracket in an id', { emails: [email('e] x')] }],
  ['with a line break in an id', { tasks: [task('t\n1', '2026-06-22T10:00:00')] }],
  ['with a comma in the id of a meeting', { meetings: [meeting('a, b', '2026-06-22T10:00:00')] }],
  [
    'with a meeting that says that it clashes',
    { meetings: [meeting('m', '2026-06-22T10:00:00', { title: 'CLASHES with' })] },
  ],
])('there is no view of a world %s', (_, parts) => {
  const { episode } = new SimulatorEpisode(scenario(parts), null, 'full', new RulesV1());
  expect(EpisodeView.of(episode)).toBeUndefined();
});

test('previews that shrink do not matter', () => {
  const world = scenario({ emails: list(250, (n) => email(`e${n}`, { body: 'a body of some length '.repeat(20) })) });
  const { episode } = new SimulatorEpisode(world, null, 'full', new RulesV1());
  expect(fragmentsOf(episode.c).maxBytes).toBeLessThanOrEqual(MAX_CODE_POINTS);
  expect(textOf(episode).includes('a body of some length '.repeat(7))).toBe(false);
  expectSame(episode, viewOf(episode));
});

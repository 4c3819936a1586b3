/** Which bytes may be used as the state of an episode: all that play can reach, and nothing that play cannot stand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { yearOf } from '../../src/lib/time.ts';
import { stateProblem } from '../../src/world/check-state.ts';
import { readAction } from '../../src/world/completion.ts';
import { exportWorld } from '../../src/world/export.ts';
import { scenarioSchema } from '../../src/world/schema.ts';
import { AS_IN_FILE, EpisodeState } from '../../src/world/state.ts';
import { type Plan, plans } from '../support/arbitraries.ts';
import { SimulatorEpisode, startEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';
import { contact, email, meeting, NINE, scenario, task } from '../support/worlds.ts';

function play({ scenario: world, drift, mode, answers }: Plan): SimulatorEpisode {
  const simulator = new SimulatorEpisode(world, drift, mode);
  for (const { given } of answers) simulator.step(given);
  return simulator;
}

test('every state that a random episode reaches is accepted, and its world is a valid scenario', () => {
  const property = fc.property(plans, ({ scenario: world, drift, mode, answers }) => {
    const { rules, episode } = startEpisode(world, drift, mode);
    for (const { given } of answers) {
      expect(stateProblem(episode.c, episode.s.region)).toBeUndefined();
      rules.step(episode, readAction(given));
    }
    expect(stateProblem(episode.c, episode.s.region)).toBeUndefined();
    expect(scenarioSchema.safeParse(exportWorld(episode.c, episode.s)).error).toBeUndefined();
  });
  assertProperty(property, { runs: 200 });
});

test('whatever bytes are accepted can be played on and described without an exception', () => {
  const damage = fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { minLength: 1, maxLength: 3 });
  const property = fc.property(plans, damage, (plan, hits) => {
    const simulator = play(plan);
    const { episode } = simulator;
    const region = episode.s.region.slice();
    for (const [at, value] of hits) region[at % region.length] = value;
    if (stateProblem(episode.c, region) !== undefined) return;
    episode.load(region, '');
    // No rule says what comes after the last day of the year 9999.
    fc.pre(yearOf(episode.s.clock) < 9999);
    for (const { given } of plan.answers) simulator.step(given);
    expect(scenarioSchema.safeParse(simulator.world()).error).toBeUndefined();
  });
  assertProperty(property, { runs: 1000 });
});

// Each is as long as an accepted form can be or as another form is: a space where a T may stand, a fraction, an offset.
test.each([
  '2026-06-22',
  '2026-06-22T09:30',
  '2026-06-22 09:30',
  '2026-06-22T09:30:59',
  '2026-06-22 09:30:59',
  '2026-06-22T09:30:59Z',
  '2026-06-22 09:30+02:00',
  '2026-06-22T09:30:59.25',
  '2026-06-22 09:30:59.123456-23:59',
])('a meeting may be moved to %s', (text) => {
  const simulator = new SimulatorEpisode(scenario({ meetings: [meeting('m1', NINE)] }), null, 'full');
  simulator.step({ action_type: 'reschedule_meeting', meeting_id: 'm1', new_time: text, reason: 'so' });
  const { episode } = simulator;
  expect(episode.s.movedStartText(0)).toBe(text);
  expect(stateProblem(episode.c, episode.s.region)).toBeUndefined();
});

describe('refused is a state', () => {
  const { episode } = startEpisode(
    scenario({
      emails: [email('e1')],
      meetings: [meeting('m1', NINE)],
      contacts: [contact('Bo')],
      tasks: [task('t1', NINE)],
    }),
  );
  const { c } = episode;

  const damages: readonly (readonly [string, (state: EpisodeState) => void])[] = [
    ['whose clock is no number', (s) => Object.assign(s, { clock: Number.NaN })],
    ['whose clock stands between two microseconds', (s) => Object.assign(s, { clock: -1e-100 })],
    ['whose clock is out of range', (s) => Object.assign(s, { clock: 1e300 })],
    ['under more than full stress', (s) => Object.assign(s, { stress: 101 })],
    ['under half a point of stress', (s) => Object.assign(s, { stress: 0.5 })],
    ['under no stress that is a number', (s) => Object.assign(s, { stress: Number.NaN })],
    ['after half a step', (s) => Object.assign(s, { stepCount: 0.5 })],
    ['after more steps than there are', (s) => Object.assign(s, { stepCount: 49 })],
    ['whose meeting starts when its text does not say', (s) => s.meetingStart.set([0])],
    ['whose meeting has a text that is no time', (s) => s.moveMeeting(0, s.meetingStart[0] ?? 0, 'noon')],
    ['with an unknown flag of an email', (s) => s.emailFlags.set([8])],
    ['with a meeting that is cancelled twice', (s) => s.meetingCancelled.set([2])],
    ['in an unknown mood', (s) => s.mood.set([5])],
    ['with an unknown channel', (s) => s.preference.set([3])],
    ['with an unknown status', (s) => s.taskStatus.set([4])],
    ['with a deadline that the scenario does not have', (s) => s.taskDeadline.set([1])],
    ['with a deadline below the first', (s) => s.taskDeadline.set([-1])],
    ['with a delegate whom nobody knows', (s) => s.taskDelegate.set([1])],
    ['with a delegate below the last special value', (s) => s.taskDelegate.set([AS_IN_FILE - 1])],
  ];

  test.each(damages)('%s', (_what, damage) => {
    const state = new EpisodeState(c.layout, new ArrayBuffer(c.layout.byteLength));
    state.region.set(episode.s.region);
    expect(stateProblem(c, state.region)).toBeUndefined();
    damage(state);
    expect(stateProblem(c, state.region)).toEqual(expect.any(String));
  });

  test.each([-8, -1, 1, 8])('of %i bytes more than it should have', (extra) => {
    const region = new Uint8Array(c.layout.byteLength + extra);
    region.set(episode.s.region.subarray(0, region.length));
    expect(stateProblem(c, region)).toContain(`${region.length} bytes`);
  });
});

/** The bytes that are accepted as a state of an episode: every state that play can reach, and none that would break it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePythonTime } from '../../src/lib/python-time.ts';
import { formatTime, instantOf } from '../../src/lib/time.ts';
import { stateProblem } from '../../src/sim/rules.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { exportWorld, type WorldExport } from '../../src/world/export.ts';
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

test('the world of every state that a random episode reaches is a valid scenario', () => {
  const property = fc.property(plans, ({ scenario: world, drift, mode, answers }) => {
    const { rules, episode } = startEpisode(world, drift, mode);
    for (const { given } of answers) rules.step(episode, readAction(given));
    expect(scenarioSchema.safeParse(exportWorld(episode.c, episode.s)).error).toBeUndefined();
  });
  assertProperty(property, { runs: 200 });
});

test('all accepted bytes can be played on and described without an exception', () => {
  const damage = fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { minLength: 1, maxLength: 3 });
  const property = fc.property(plans, damage, (plan, hits) => {
    const simulator = play(plan);
    const { episode } = simulator;
    const region = episode.s.region.slice();
    for (const [at, value] of hits) region[at % region.length] = value;
    if (stateProblem(episode.c, region) !== undefined) return;
    episode.load(region, '');
    // The rules do not define what comes after the last day of the year 9999.
    fc.pre(episode.s.clock < instantOf(9999, 1, 1));
    for (const { given } of plan.answers) simulator.step(given);
    expect(scenarioSchema.safeParse(withUsualTimes(simulator.world())).error).toBeUndefined();
  });
  assertProperty(property, { runs: 1000 });
});

/** A meeting may have been moved to a time whose form differs from those that a file may state. */
function withUsualTimes({ meetings, ...world }: WorldExport): unknown {
  const start = (text: string): string => formatTime(parsePythonTime(text)?.utc ?? Number.NaN);
  return { ...world, meetings: meetings.map((one) => ({ ...one, start: start(one.start) })) };
}

// Each text has the length of an accepted form or of another form: a space for the T, a fraction, an offset.
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
  const drift = {
    events: [
      { after_step: 9, set_task_deadline: { task_id: 't2', deadline: NINE } },
      { after_step: 9, suppress_reply_relationship_for_senders: ['Bo'] },
    ],
  };
  const { rules, episode } = startEpisode(
    scenario({
      stress: 10,
      emails: [email('e1', { read: true }), email('e2', { sender: 'Bo' })],
      meetings: [meeting('m1', NINE), meeting('m2', NINE, { cancelled: true })],
      contacts: [contact('Bo')],
      tasks: [task('t1', NINE), task('t2', NINE, { delegated_to: 'Stranger' })],
    }),
    drift,
  );
  const { c } = episode;
  const fresh = episode.s.region.slice();
  rules.step(episode, {});

  type Change = (state: EpisodeState) => void;
  const flag = (s: EpisodeState, at: number, value: number): void => {
    s.region[s.emailFlags.byteOffset - s.region.byteOffset - 3 + at] = value;
  };
  const damages: readonly (readonly [string, string, Change])[] = [
    ['whose clock is NaN', 'simulated time', (s) => Object.assign(s, { clock: Number.NaN })],
    ['whose clock stands between two microseconds', 'simulated time', (s) => Object.assign(s, { clock: -1e-100 })],
    ['whose clock is out of range', 'simulated time', (s) => Object.assign(s, { clock: 1e300 })],
    ['whose clock is a minute ahead', 'does not follow', (s) => Object.assign(s, { clock: s.clock + 6e7 })],
    ['whose clock stood still', 'does not follow', (s) => Object.assign(s, { clock: s.clock - 20 * 6e7 })],
    ['under more than full stress', 'stress', (s) => Object.assign(s, { stress: 101 })],
    ['under less stress than the day begins with', 'stress', (s) => Object.assign(s, { stress: 9 })],
    ['under more stress than problems make', 'stress', (s) => Object.assign(s, { stress: 46 })],
    ['under half a point of stress', 'stress', (s) => Object.assign(s, { stress: 10.5 })],
    ['under no stress that is a number', 'stress', (s) => Object.assign(s, { stress: Number.NaN })],
    ['after half a step', 'step count', (s) => Object.assign(s, { stepCount: 0.5 })],
    ['after no step, and yet changed', 'no step was taken', (s) => Object.assign(s, { stepCount: 0 })],
    ['after less than no step', 'step count', (s) => Object.assign(s, { stepCount: -1 })],
    ['after more steps than there are', 'step count', (s) => Object.assign(s, { stepCount: 49 })],
    ['that goes on after the last step', 'active', (s) => Object.assign(s, { stepCount: 48 })],
    ['that ended before the last step', 'before the step limit', (s) => Object.assign(s, { active: false })],
    ['that reached the limit early', 'limit', (s) => Object.assign(s, { active: false, limitReached: true })],
    ['that goes on after the limit', 'limit', (s) => Object.assign(s, { limitReached: true })],
    ['with a flag that is neither 0 nor 1', 'flags', (s) => flag(s, 2, 255)],
    ['whose meeting starts when its text does not say', 'meeting', (s) => s.meetingStart.set([0])],
    ['whose meeting has a text that is not a time', 'meeting', (s) => s.moveMeeting(0, s.meetingStart[0] ?? 0, 'noon')],
    ['whose meeting ends after the year 9999', 'meeting', (s) => s.moveMeeting(0, 253402300740e6, '9999-12-31T23:59')],
    ['with an unknown flag of an email', 'email flags', (s) => s.emailFlags.set([8])],
    ['with an email silenced that nothing silences', 'email flags', (s) => s.emailFlags.set([5])],
    ['with an email that is not read any more', 'not read', (s) => s.emailFlags.set([0])],
    ['with a meeting that is cancelled twice', 'cancellation', (s) => s.meetingCancelled.set([2])],
    ['with a meeting that is not cancelled any more', 'cancellation', (s) => s.meetingCancelled.set([0], 1)],
    ['in an unknown mood', 'mood', (s) => s.mood.set([5])],
    ['with an unknown channel', 'preference', (s) => s.preference.set([3])],
    ['with an unknown status', 'task status', (s) => s.taskStatus.set([4])],
    ['with a deadline that the scenario does not have', 'deadline', (s) => s.taskDeadline.set([3])],
    ['with the deadline of another task', 'deadline', (s) => s.taskDeadline.set([1])],
    ['with the later deadline of another task', 'deadline', (s) => s.taskDeadline.set([2])],
    ['with a deadline below the first', 'deadline', (s) => s.taskDeadline.set([-1])],
    ['with an unknown delegate', 'delegate', (s) => s.taskDelegate.set([1])],
    ['with the delegate of the file where it names none', 'delegate', (s) => s.taskDelegate.set([AS_IN_FILE])],
    ['with a delegate below the last special value', 'delegate', (s) => s.taskDelegate.set([AS_IN_FILE - 1], 1)],
  ];

  /** What is wrong with the state after the change. */
  function problemAfter(from: Uint8Array, change: Change): string | undefined {
    const state = new EpisodeState(c.layout, from.slice().buffer);
    expect(stateProblem(c, state.region)).toBeUndefined();
    change(state);
    return stateProblem(c, state.region);
  }

  test.each(damages)('%s', (_what, problem, damage) => {
    expect(problemAfter(episode.s.region, damage)).toContain(problem);
  });

  test('that has not begun, and differs from the beginning of the day', () => {
    for (let at = 0; at < fresh.length; at++) {
      const change = (s: EpisodeState): void => s.region.set([(fresh[at] ?? 0) ^ 1], at);
      expect(problemAfter(fresh, change), `byte ${at}`).toEqual(expect.any(String));
    }
  });

  test('that is accepted after a change: states that play can reach', () => {
    expect(problemAfter(episode.s.region, (s) => s.emailFlags.set([7], 1))).toBeUndefined();
    expect(problemAfter(episode.s.region, (s) => s.taskDeadline.set([2], 1))).toBeUndefined();
    expect(problemAfter(episode.s.region, (s) => s.taskDelegate.set([0]))).toBeUndefined();
    expect(problemAfter(episode.s.region, (s) => s.moveMeeting(0, 0, '1970-01-01'))).toBeUndefined();
    expect(problemAfter(episode.s.region, (s) => Object.assign(s, { stress: 45 }))).toBeUndefined();
  });

  test.each([-8, -1, 1, 8])('of %i bytes more than it should have', (extra) => {
    const region = new Uint8Array(c.layout.byteLength + extra);
    region.set(episode.s.region.subarray(0, region.length));
    expect(stateProblem(c, region)).toContain(`${region.length} bytes`);
  });
});

import { describe, expect, test } from 'vitest';
import { type Batch, type Observation, policyNamed, taskIds, VectorEnv } from '../../src/index.ts';
import { utcOf } from '../../src/lib/time.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';

const MINUTE = 60e6;

async function firstObservation(task: string): Promise<{ seen: Observation; conflicts: number }> {
  const env = await VectorEnv.create({ tasks: [task] });
  const batch = await env.reset();
  const seen = batch.observation(0);
  const { calendar_conflict_pairs: conflicts } = batch.info(0);
  await env.close();
  return { seen, conflicts };
}

describe.each(taskIds())('the first observation of %s', (task) => {
  const { scenario } = loadTask(task);

  test('names everything in the scenario', async () => {
    const { seen } = await firstObservation(task);
    expect(utcOf(seen.time)).toBe(utcOf(scenario.simulation_time));
    expect(seen).toMatchObject({ step: 0, active: true, step_ok: true, note: '', news: '' });
    expect(seen.max_steps).toBe(scenario.max_episode_steps);
    expect(seen.steps_left).toBe(scenario.max_episode_steps);
    expect(seen.inbox.emails.map(({ id }) => id).sort()).toEqual(scenario.emails.map(({ id }) => id));
    for (const email of seen.inbox.emails) {
      const real = scenario.emails.find(({ id }) => id === email.id);
      expect(email).toMatchObject({ priority: real?.priority, unread: !real?.read, sender: real?.sender });
    }
    expect(seen.calendar.meetings.map(({ id }) => id).sort()).toEqual(
      scenario.meetings.filter(({ cancelled }) => !cancelled).map(({ id }) => id),
    );
    for (const meeting of seen.calendar.meetings) {
      const real = scenario.meetings.find(({ id }) => id === meeting.id);
      expect(utcOf(meeting.start)).toBe(utcOf(real?.start ?? ''));
      expect(utcOf(meeting.end) - utcOf(meeting.start)).toBe((real?.duration_minutes ?? 0) * MINUTE);
      expect(meeting.priority).toBe(real?.priority);
    }
    expect(seen.people.contacts.map(({ name }) => name).sort()).toEqual(
      scenario.contacts.map(({ name }) => name).sort(),
    );
    expect(seen.tasks.open.map(({ id }) => id).sort()).toEqual(
      scenario.tasks.filter(({ status }) => status !== 'done').map(({ id }) => id),
    );
  });

  test('marks the clashes that the metadata counts', async () => {
    const { seen, conflicts } = await firstObservation(task);
    const marked = new Set(
      seen.calendar.meetings.flatMap(({ id, clashes_with }) => clashes_with.map((other) => [id, other].sort().join())),
    );
    expect(marked.size).toBe(conflicts);
    expect(seen.calendar.clashes).toBe(conflicts);
  });
});

test('greedy begins without an invalid action, resolves clashes and answers critical mail on the shipped tasks', async () => {
  const env = await VectorEnv.create({ tasks: taskIds(), autoreset: 'disabled' });
  const decide = taskIds().map((_, i) => policyNamed('greedy').begin(i));
  let batch: Batch = await env.reset();
  const before = batch.envIds.map((_, i) => batch.observation(i));
  for (let step = 0; step < 16; step++) {
    batch = await env.step(decide.map((one, i) => one(batch.observation(i))));
    if (step < 8) expect([...batch.stepOk]).toEqual(taskIds().map(() => 1));
  }
  before.forEach((first, i) => {
    const now = batch.observation(i);
    expect(now.calendar.clashes).toBeLessThan(first.calendar.clashes);
    expect(unreadCritical(now)).toBeLessThan(unreadCritical(first));
  });
  await env.close();
});

function unreadCritical({ inbox }: Observation): number {
  return inbox.emails.filter(({ priority, unread }) => priority === 'critical' && unread).length;
}

test('random mixes valid and invalid actions, which depend only on its seed', async () => {
  const { seen } = await firstObservation('monday_morning');
  const draw = (seed: number): unknown[] => {
    const decide = policyNamed('random').begin(seed);
    return Array.from({ length: 200 }, () => decide(seen));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(1).some((answer) => typeof answer === 'string')).toBe(true);
});

test('an empty world leaves nothing to do but to wait', () => {
  const empty: Observation = {
    ...{ time: '2026-06-22T09:00:00', day_ends: null, step: 0, max_steps: 1, steps_left: 1, stress: 0 },
    ...{ active: true, step_ok: true, note: '', news: '' },
    inbox: { unread: 0, unanswered: 0, dealt_with: null, emails: [] },
    calendar: { clashes: 0, meetings: [], free: null, travel_minutes: null },
    people: { executive: null, contacts: [] },
    tasks: { overdue: 0, open: [] },
  };
  expect(policyNamed('greedy').begin(1)(empty)).toEqual({ action_type: 'do_nothing' });
  const random = policyNamed('random').begin(1);
  const answers = Array.from({ length: 200 }, () => random(empty));
  const kinds = new Set(answers.map((answer) => (typeof answer === 'string' ? 'text' : answer.action_type)));
  // Actions of other kinds name what does not exist.
  expect([...kinds].sort()).toEqual(['complete_task', 'do_nothing', 'reply_email', 'text']);
});

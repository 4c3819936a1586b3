import { describe, expect, test } from 'vitest';
import { type Batch, taskIds, VectorEnv } from '../../src/index.ts';
import { parseTime } from '../../src/lib/time.ts';
import { readBriefing } from '../../src/policies/briefing-reader.ts';
import { policyNamed } from '../../src/policies/policies.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';

const MINUTE = 60e6;

describe.each(taskIds())('the briefing of %s, read from its text', (task) => {
  const { scenario } = loadTask(task);

  test('names everything in the scenario', async () => {
    const env = await VectorEnv.create({ tasks: [task] });
    const seen = readBriefing((await env.reset()).briefing(0));
    await env.close();
    expect(seen.now).toBe(parseTime(scenario.simulation_time)?.utc);
    expect(seen.stepsLeft).toBe(scenario.max_episode_steps);
    expect(seen.over).toBe(false);
    expect(seen.emails.map((email) => email.id).sort()).toEqual(
      scenario.emails.filter((email) => !email.read || !email.replied).map((email) => email.id),
    );
    for (const email of seen.emails) {
      const real = scenario.emails.find(({ id }) => id === email.id);
      expect({ priority: email.priority, unread: email.unread }).toEqual({
        priority: real?.priority,
        unread: !real?.read,
      });
    }
    expect(seen.meetings.map((meeting) => meeting.id).sort()).toEqual(
      scenario.meetings.filter((meeting) => !meeting.cancelled).map((meeting) => meeting.id),
    );
    for (const meeting of seen.meetings) {
      const real = scenario.meetings.find(({ id }) => id === meeting.id);
      expect(meeting.start).toBe(parseTime(real?.start ?? '')?.utc);
      expect(meeting.end - meeting.start).toBe((real?.duration_minutes ?? 0) * MINUTE);
      expect(meeting.priority).toBe(real?.priority);
    }
    expect(seen.people.map((person) => person.name).sort()).toEqual(scenario.contacts.map(({ name }) => name).sort());
    expect(seen.tasks.map(({ id }) => id).sort()).toEqual(
      scenario.tasks.filter(({ status }) => status !== 'done').map(({ id }) => id),
    );
  });

  test('marks the clashes that the metadata counts', async () => {
    const env = await VectorEnv.create({ tasks: [task] });
    const batch = await env.reset();
    const seen = readBriefing(batch.briefing(0));
    const marked = new Set(
      seen.meetings.flatMap(({ id, clashes }) => clashes.map((other) => [id, other].sort().join())),
    );
    expect(marked.size).toBe(batch.info(0).calendar_conflict_pairs);
    await env.close();
  });
});

test('greedy resolves clashes, answers critical mail and never acts invalidly on the shipped tasks', async () => {
  const env = await VectorEnv.create({ tasks: taskIds(), autoreset: 'disabled' });
  const actors = taskIds().map((_, i) => policyNamed('greedy').start(i));
  let batch: Batch = await env.reset();
  const before = batch.envIds.map((_, i) => batch.info(i));
  for (let step = 0; step < 8; step++) {
    batch = await env.step(await Promise.all(actors.map((actor, i) => actor.act(batch.briefing(i)))));
    expect([...batch.stepOk]).toEqual(taskIds().map(() => 1));
  }
  batch.envIds.forEach((_, i) => {
    expect(batch.info(i).calendar_conflict_pairs).toBeLessThan(before[i]?.calendar_conflict_pairs ?? 0);
  });
  await env.close();
});

test('random mixes valid and invalid actions, which depend only on its seed', async () => {
  const env = await VectorEnv.create({ tasks: ['monday_morning'] });
  const text = (await env.reset()).briefing(0);
  await env.close();
  const draw = async (seed: number): Promise<unknown[]> => {
    const actor = policyNamed('random').start(seed);
    return Promise.all(Array.from({ length: 200 }, () => actor.act(text)));
  };
  expect(await draw(1)).toEqual(await draw(1));
  expect(await draw(1)).not.toEqual(await draw(2));
  expect((await draw(1)).some((answer) => typeof answer === 'string')).toBe(true);
});

test('a text that is not a briefing reads as an empty one', () => {
  expect(readBriefing('nothing of the kind')).toMatchObject({
    emails: [],
    meetings: [],
    people: [],
    tasks: [],
    stepsLeft: 0,
  });
});

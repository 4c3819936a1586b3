/** The grade so far: what an episode would be worth if nothing more were done. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { greedy } from '../../src/policies/greedy.ts';
import { loadTask, taskIds } from '../../src/scenarios/shipped.ts';
import { gradeSoFar } from '../../src/sim/rules.ts';
import { SoloEnv } from '../../src/vector/solo-env.ts';
import type { Action } from '../../src/world/schema.ts';
import { gamesV1, shippedGames, tameGames, watch, wildGames } from '../support/games.ts';
import { assertProperty } from '../support/property.ts';

/** What greedy does in a task. */
function actionsOf(task: string): Action[] {
  const env = SoloEnv.create({ task });
  const decide = greedy.begin(0);
  const actions: Action[] = [];
  let now = env.reset();
  while (!now.terminated && !now.truncated) {
    actions.push(decide(now.observation) as Action);
    now = env.step(actions.at(-1) ?? '');
  }
  return actions;
}

test.each(taskIds())('it is the value of the same episode if the step limit ends it here: %s', (task) => {
  const { scenario, drift = null } = loadTask(task);
  const actions = actionsOf(task);
  const env = SoloEnv.create({ scenario, drift });
  env.reset();
  for (const [step, action] of actions.entries()) {
    env.step(action);
    const short = SoloEnv.create({ scenario: { ...scenario, max_episode_steps: step + 1 }, drift });
    short.reset();
    const ended = actions
      .slice(0, step + 1)
      .map((one) => short.step(one))
      .at(-1);
    const { value, conflict, relationship, task: work, collateral, met, late, missed } = env.gradeSoFar() ?? {};
    const so = { value, conflict, relationship, task: work, collateral, met, late, missed };
    expect(ended?.metadata.grade).toMatchObject(so);
  }
  expect(env.active).toBe(false);
});

test.each(taskIds())('it begins with that of doing nothing, and ends with the grade: %s', (task) => {
  const env = SoloEnv.create({ task });
  expect(env.gradeSoFar()).toBeUndefined();
  env.reset();
  const before = env.gradeSoFar()?.grade ?? 1;
  expect(before).toBeLessThan(0.1);
  const last = actionsOf(task)
    .map((action) => env.step(action))
    .at(-1);
  expect(env.gradeSoFar()).toEqual(last?.metadata.grade);
  expect(env.gradeSoFar()?.grade).toBeGreaterThan(before);
});

test.each([
  ['tame worlds', tameGames],
  ['wild worlds', wildGames],
  ['the shipped tasks', shippedGames],
])('it is in [0.01, 0.99], and to ask for it changes nothing: %s', (_, games) => {
  const property = fc.property(games, (game) => {
    watch(game, (episode) => {
      const { note, news, changed, pairs, s } = episode;
      const region = s.region.slice();
      const grade = gradeSoFar(episode);
      expect(grade?.grade ?? 0.5).toBeGreaterThanOrEqual(0.01);
      expect(grade?.grade ?? 0.5).toBeLessThanOrEqual(0.99);
      expect(gradeSoFar(episode)).toEqual(grade);
      expect({ note: episode.note, news: episode.news, changed: episode.changed, pairs: episode.pairs }).toEqual({
        note,
        news,
        changed,
        pairs,
      });
      expect(s.region).toEqual(region);
    });
  });
  assertProperty(property, { runs: 100 });
});

test('rules v1 give none: their grades are made from rewards', () => {
  const property = fc.property(gamesV1, (game) =>
    watch(game, (episode) => expect(gradeSoFar(episode)).toBeUndefined()),
  );
  assertProperty(property, { runs: 20 });
});

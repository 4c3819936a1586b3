/** Every state that play reaches can be restored: for any actions, at any moment, under all rules. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Episode } from '../../src/sim/episode.ts';
import { compileFor, createRuleset, RULES, type Rules, stateProblem } from '../../src/sim/rules.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { driftSchema, scenarioSchema } from '../../src/world/schema.ts';
import { plans } from '../support/arbitraries.ts';
import { shippedDocuments } from '../support/documents.ts';
import { assertProperty } from '../support/property.ts';
import { actionsIn, drifts, IDLE, storiesIn, wildWorlds, worlds } from '../support/v2-worlds.ts';

/** Plays until a few steps after the end, and checks each state. */
function expectAllAccepted(rules: Rules, world: unknown, drift: unknown, given: readonly unknown[]): void {
  const c = compileFor(rules, scenarioSchema.parse(world), drift ? driftSchema.parse(drift) : undefined);
  const episode = Episode.of(c, 'full');
  const ruleset = createRuleset(rules);
  ruleset.reset(episode);
  expect(stateProblem(c, episode.s.region)).toBeUndefined();
  let refused = 0;
  for (const answer of given) {
    ruleset.step(episode, readAction(answer));
    expect(stateProblem(c, episode.s.region, !episode.s.active), `after ${episode.note}`).toBeUndefined();
    if (!episode.s.active && ++refused === 3) return;
  }
  // An episode that failed.
  episode.s.active = episode.s.stepOk = false;
  expect(stateProblem(c, episode.s.region, true)).toBeUndefined();
}

test('rules v1, in random worlds', () => {
  assertProperty(
    fc.property(plans, ({ scenario, drift, answers: list }) => {
      expectAllAccepted(
        'v1',
        scenario,
        drift,
        list.map(({ given }) => given),
      );
    }),
    { runs: 200 },
  );
});

test.each(RULES)('rules %s, in random worlds of rules v2', (rules) => {
  const stories = fc.oneof(storiesIn(worlds), storiesIn(wildWorlds));
  assertProperty(
    fc.property(stories, fc.option(drifts), fc.nat(40), ({ world, actions }, drift, idle) => {
      expectAllAccepted(rules, world, drift, [...actions, ...Array(idle).fill(IDLE)]);
    }),
    { runs: 200 },
  );
});

test('at the end of the year 9999, where clocks stand still', () => {
  const starts = fc.constantFrom('9999-12-31T20:00:00', '9999-12-31T23:10:30.000032', '9999-12-31T23:59:30');
  const property = fc.property(starts, fc.oneof(worlds, wildWorlds), (simulation_time, world) => {
    const { day_end: _, ...rest } = world;
    for (const rules of RULES) {
      expectAllAccepted(rules, { ...rest, simulation_time, max_episode_steps: 30 }, null, Array(34).fill(IDLE));
    }
  });
  assertProperty(property, { runs: 30 });
});

test.each(shippedDocuments())('$name', ({ scenario, drift }) => {
  const world = scenarioSchema.parse(scenario);
  const list = fc.array(fc.oneof(actionsIn(world), fc.constant(IDLE)), { minLength: 40, maxLength: 60, size: 'max' });
  assertProperty(
    fc.property(fc.constantFrom(...RULES), list, (rules, given) => expectAllAccepted(rules, scenario, drift, given)),
    { runs: 10 },
  );
});

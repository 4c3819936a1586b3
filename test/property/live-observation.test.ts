/** An observation whose sections are made when they are read says the same as one that is made at once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Episode } from '../../src/sim/episode.ts';
import type { Observation } from '../../src/sim/observation/observation.ts';
import { LiveObservation, observe } from '../../src/sim/observation/observe.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import { plans } from '../support/arbitraries.ts';
import { SimulatorEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { storiesIn, worlds } from '../support/v2-worlds.ts';

/** Reads the fields in this order. */
function read(live: Observation, fields: readonly string[]): Partial<Observation> {
  return Object.fromEntries(fields.map((field) => [field, live[field as keyof Observation]]));
}

function expectSame(live: LiveObservation, episode: Episode): void {
  const expected = observe(episode);
  live.refresh();
  expect(read(live, Object.keys(expected).reverse())).toEqual(expected);
  expect(read(live, ['tasks', 'inbox'])).toEqual({ tasks: expected.tasks, inbox: expected.inbox });
}

test('under rules v1, at every step', () => {
  const property = fc.property(plans, ({ scenario, drift, mode, answers }) => {
    const simulator = new SimulatorEpisode(scenario, drift, mode, new RulesV1());
    const live = new LiveObservation(simulator.episode);
    expectSame(live, simulator.episode);
    for (const { given } of answers) {
      simulator.step(given);
      expectSame(live, simulator.episode);
    }
  });
  assertProperty(property, { runs: 100 });
});

test('under rules v2, at every step', () => {
  const property = fc.property(storiesIn(worlds), ({ world, actions }) => {
    const day = new OfficeDay(world);
    const live = new LiveObservation(day.episode);
    expectSame(live, day.episode);
    for (const action of actions) {
      day.step(action);
      expectSame(live, day.episode);
    }
  });
  assertProperty(property, { runs: 100 });
});

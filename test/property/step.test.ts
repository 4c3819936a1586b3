/** Compares a step of src/ with the slow reference, which clones the whole world and follows the rules word by word. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Episode, UNCOUNTED } from '../../src/sim/episode.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { countCriticalUnreplied, countOverlappingPairs, countPastDeadline } from '../../src/world/facts.ts';
import { compare } from '../reference/recordings.ts';
import { ReferenceEpisode } from '../reference/reference.ts';
import { type Plan, plans, plansFor } from '../support/arbitraries.ts';
import { benchDocuments, shippedDocuments } from '../support/documents.ts';
import { SimulatorEpisode, startEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';

// Shared by all episodes, as in the engine.
const rules = new RulesV1();

function expectSamePlay({ scenario, drift, mode, answers: turns }: Plan): void {
  const reference = new ReferenceEpisode(scenario, drift, mode);
  const simulator = new SimulatorEpisode(scenario, drift, mode, rules);
  for (const day of ['first day', 'second day']) {
    expect(compare(reference.reset(), simulator.reset()), `${day}, reset`).toEqual([]);
    turns.forEach(({ given, meant }, index) => {
      const expected = reference.step(meant);
      const actual = simulator.step(given);
      expect(compare(expected, actual), `${day}, step ${index + 1}`).toEqual([]);
    });
    expect(compare(reference.world(), simulator.world()), `${day}, world`).toEqual([]);
  }
}

test('every step of a random episode equals the step of the reference, on the first day and after a reset', () => {
  assertProperty(fc.property(plans, expectSamePlay), { runs: 300 });
});

test('every step of the shipped scenarios equals the step of the reference', () => {
  const documents = [...shippedDocuments(), ...benchDocuments()];
  const played = fc.constantFrom(...documents).chain(({ scenario, drift }) => plansFor(scenario, fc.constant(drift)));
  assertProperty(fc.property(played, expectSamePlay), { runs: 100 });
});

/** The totals that an episode keeps, and the same totals counted; UNCOUNTED in an episode that was over when it was loaded. */
function keptAndCounted({ c, s, pairs, v1: { criticalUnreplied, pastDeadline } }: Episode): [number[], number[]] {
  const counted = [countCriticalUnreplied(c, s), countPastDeadline(c, s, s.clock)];
  const isUncounted = !s.active && criticalUnreplied === UNCOUNTED && pastDeadline === UNCOUNTED;
  return [
    [pairs, criticalUnreplied, pastDeadline],
    [countOverlappingPairs(c, s), ...(isUncounted ? [UNCOUNTED, UNCOUNTED] : counted)],
  ];
}

test('the totals that steps keep equal a count, and an episode continues the same without them', () => {
  const property = fc.property(plans, ({ scenario, drift, mode, answers: turns }) => {
    const { episode } = startEpisode(scenario, drift, mode, rules);
    const loaded = Episode.of(episode.c, mode);
    const copied = Episode.of(episode.c, mode);
    for (const { given } of turns) {
      const action = readAction(given);
      loaded.load(episode.s.region, episode.note);
      copied.copyFrom(episode);
      const reward = rules.step(episode, action);
      for (const other of [loaded, copied]) {
        expect(rules.step(other, action)).toBe(reward);
        expect(other.s.region).toEqual(episode.s.region);
      }
      for (const one of [episode, loaded, copied]) {
        const [kept, counted] = keptAndCounted(one);
        expect(kept).toEqual(counted);
      }
    }
  });
  assertProperty(property, { runs: 100 });
});

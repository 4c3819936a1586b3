/** The step of src/ against the slow reference, which clones the whole world and reads the rules word by word. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import { compare } from '../reference/recordings.ts';
import { ReferenceEpisode } from '../reference/reference.ts';
import { type Plan, plans, plansFor } from '../support/arbitraries.ts';
import { benchDocuments, shippedDocuments } from '../support/documents.ts';
import { SimulatorEpisode } from '../support/episode.ts';
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
  assertProperty(fc.property(plans, expectSamePlay), { runs: 500 });
});

test('every step of the shipped scenarios equals the step of the reference', () => {
  const documents = [...shippedDocuments(), ...benchDocuments()];
  const played = fc.constantFrom(...documents).chain(({ scenario, drift }) => plansFor(scenario, fc.constant(drift)));
  assertProperty(fc.property(played, expectSamePlay), { runs: 100 });
});

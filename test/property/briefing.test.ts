/** Compares the briefing, from an observer that looks at each step and from scratch, with the reference. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Episode } from '../../src/sim/episode.ts';
import { CUT_MARK } from '../../src/sim/observation/briefing.ts';
import { joinParts, Observer } from '../../src/sim/observation/observe.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import { exportWorld } from '../../src/world/export.ts';
import { instantOf, MINUTE } from '../reference/time.ts';
import { type Plan, plans, plansFor } from '../support/arbitraries.ts';
import { expectedText, textOf, wellFormed } from '../support/briefing.ts';
import { benchDocuments, shippedDocuments } from '../support/documents.ts';
import { SimulatorEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';

// Shared by all episodes, as in the engine: the scratch memory of one episode must not affect the text of another.
const rules = new RulesV1();

type Running = {
  readonly plan: Plan;
  readonly simulator: SimulatorEpisode;
  readonly observer: Observer;
  saved: { readonly region: Uint8Array; readonly note: string };
  turn: number;
};

function start(plan: Plan): Running {
  const simulator = new SimulatorEpisode(plan.scenario, plan.drift, plan.mode, rules);
  const { s, note } = simulator.episode;
  const observer = new Observer(simulator.episode);
  return { plan, simulator, observer, saved: { region: s.region.slice(), note }, turn: 0 };
}

function expectSameText({ simulator, observer }: Running): void {
  const { episode } = simulator;
  const text = joinParts(observer.parts());
  expect(text).toBe(expectedText(episode));
  expect(textOf(episode)).toBe(text);
  expect(text.includes(CUT_MARK)).toBe(false);
}

function takeTurn(running: Running): void {
  const answer = running.plan.answers[running.turn % running.plan.answers.length];
  running.simulator.step(answer?.given);
  running.turn += 1;
}

test('after every step the briefing is that of the reference', () => {
  const property = fc.property(plans, (plan) => {
    const running = start(plan);
    expectSameText(running);
    plan.answers.forEach(() => {
      takeTurn(running);
      expectSameText(running);
    });
  });
  assertProperty(property, { runs: 250 });
});

test('the same holds for the shipped scenarios', () => {
  const played = fc
    .constantFrom(...shippedDocuments(), ...benchDocuments())
    .chain(({ scenario, drift }) => plansFor(scenario, fc.constant(drift)));
  const property = fc.property(played, (plan) => {
    const running = start(plan);
    for (const _ of plan.answers) {
      takeTurn(running);
      expectSameText(running);
    }
  });
  assertProperty(property, { runs: 60 });
});

test('episodes keep their texts apart, whatever the order of steps, resets and restored states', () => {
  const move = fc.record({
    who: fc.nat({ max: 2 }),
    what: fc.constantFrom('step', 'step', 'step', 'step', 'step unseen', 'reset', 'save', 'restore'),
  });
  const property = fc.property(
    fc.array(plans, { minLength: 2, maxLength: 3 }),
    fc.array(move, { minLength: 5, maxLength: 40, size: 'max' }),
    (chosen, moves) => {
      const all = chosen.map(start);
      for (const { who, what } of moves) {
        const running = all[who % all.length];
        if (running === undefined) continue;
        const { episode } = running.simulator;
        if (what === 'reset') running.simulator.reset();
        else if (what === 'save') running.saved = { region: episode.s.region.slice(), note: episode.note };
        else if (what === 'restore') episode.load(running.saved.region, running.saved.note);
        else takeTurn(running);
        // A step without a read leaves more than one step to catch up with at the next look.
        if (what !== 'step unseen') expectSameText(running);
      }
      all.forEach(expectSameText);
    },
  );
  assertProperty(property, { runs: 150 });
});

/** The facts that a policy must find, in the order in which it would look for them. */
function mustBeNamed(episode: Episode): string[] {
  const world = exportWorld(episode.c, episode.s);
  const now = instantOf(world.simulation_time);
  const emails = world.emails.filter(({ read, replied }) => !read || !replied);
  const meetings = world.meetings.filter(
    ({ cancelled, start, duration_minutes }) =>
      !cancelled && instantOf(start) + BigInt(duration_minutes) * MINUTE > now,
  );
  const tasks = world.tasks.filter(({ status }) => status !== 'done');
  const names = world.contacts.map(({ name }) => `\n  ${name.trim()}: `);
  return [...[...emails, ...meetings, ...tasks].map(({ id }) => `\n  [${id}] `), ...names].map(wellFormed);
}

test('every entity that can still be acted upon is named, and every contact', () => {
  const property = fc.property(plans, (plan) => {
    const running = start(plan);
    for (const _ of plan.answers) {
      takeTurn(running);
      const { episode } = running.simulator;
      const text = textOf(episode);
      expect(mustBeNamed(episode).filter((name) => !text.includes(name))).toEqual([]);
    }
  });
  assertProperty(property, { runs: 150 });
});

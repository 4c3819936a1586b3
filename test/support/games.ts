/** Episodes under either ruleset, with everything that is done in them, for property tests. */
import fc from 'fast-check';
import type { Episode } from '../../src/sim/episode.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { type Plan, plans, plansFor } from './arbitraries.ts';
import { benchDocuments, shippedDocuments } from './documents.ts';
import { SimulatorEpisode } from './episode.ts';
import { OfficeDay } from './v2-episode.ts';
import { drifts, type Story, storiesIn, wildWorlds, worlds } from './v2-worlds.ts';

/** An episode and everything that is to be done in it. */
export type Game = {
  readonly episode: Episode;
  readonly answers: readonly unknown[];
  readonly step: (answer: unknown) => unknown;
  readonly reset: () => unknown;
};

export function gameV1({ scenario: world, drift, mode, answers }: Plan): Game {
  const simulator = new SimulatorEpisode(world, drift, mode, new RulesV1());
  return {
    episode: simulator.episode,
    answers: answers.map(({ given }) => given),
    step: (answer) => simulator.step(answer),
    reset: () => simulator.reset(),
  };
}

export function gameV2({ world, actions }: Story, drift?: unknown): Game {
  const day = new OfficeDay(world, { drift });
  return {
    episode: day.episode,
    answers: actions,
    step: (answer) => day.step(answer),
    reset: () => day.rules.reset(day.episode),
  };
}

export const documents = [...shippedDocuments(), ...benchDocuments()];
const shippedPlans = fc
  .constantFrom(...documents)
  .chain(({ scenario: world, drift }) => plansFor(world, fc.constant(drift)));
const shippedDrifts = new Map(documents.map(({ scenario: world, drift }) => [world as ScenarioInput, drift]));

export const gamesV1 = plans.map(gameV1);
export const tameGames = fc
  .tuple(storiesIn(worlds), fc.option(drifts, { nil: undefined }))
  .map(([story, drift]) => gameV2(story, drift));
export const wildGames = storiesIn(wildWorlds, 12).map((story) => gameV2(story));
export const shippedGames = fc.oneof(
  shippedPlans.map(gameV1),
  storiesIn(fc.constantFrom(...shippedDrifts.keys())).map((story) => gameV2(story, shippedDrifts.get(story.world))),
);

/** Plays a game, with a look at the beginning and after every step. */
export function watch({ episode, answers, step }: Game, look: (episode: Episode) => void): void {
  look(episode);
  for (const answer of answers) {
    step(answer);
    look(episode);
  }
}

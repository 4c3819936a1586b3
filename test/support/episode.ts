/** Shortcuts to start the simulator of src/. */
import type { RewardMode } from '../../src/sim/breakdown.ts';
import { Episode } from '../../src/sim/episode.ts';
import { metadataOf } from '../../src/sim/observation/metadata.ts';
import { compileFor } from '../../src/sim/rules.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import type { CompiledScenario } from '../../src/world/compile.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { exportWorld, type WorldExport } from '../../src/world/export.ts';
import { driftSchema, MOODS, scenarioSchema } from '../../src/world/schema.ts';
import { EpisodeState } from '../../src/world/state.ts';
import { parseWith } from '../../src/world/validate.ts';
import type { Playable } from '../reference/recordings.ts';

/** Validates and compiles plain JSON documents for rules v1. */
export function compileDocuments(scenario: unknown, drift: unknown = null): CompiledScenario {
  const world = parseWith(scenarioSchema, scenario, 'scenario');
  return compileFor('v1', world, drift === null ? undefined : parseWith(driftSchema, drift, 'drift'));
}

/** A state in its own region; not yet reset. */
export function newState(c: CompiledScenario): EpisodeState {
  return new EpisodeState(c.layout, new ArrayBuffer(c.layout.byteLength));
}

/** An episode at the beginning of its day. */
export function startEpisode(
  scenario: unknown,
  drift: unknown = null,
  mode: RewardMode = 'full',
  rules = new RulesV1(),
): { rules: RulesV1; episode: Episode } {
  const c = compileDocuments(scenario, drift);
  const episode = new Episode(c, newState(c), mode);
  rules.reset(episode);
  return { rules, episode };
}

/** The simulator in the form that tests compare with a recording or the reference. */
export class SimulatorEpisode implements Playable {
  readonly rules: RulesV1;
  readonly episode: Episode;

  constructor(scenario: unknown, drift: unknown, mode: RewardMode, rules = new RulesV1()) {
    ({ rules: this.rules, episode: this.episode } = startEpisode(scenario, drift, mode, rules));
  }

  reset(): Record<string, unknown> {
    this.rules.reset(this.episode);
    return metadata(this.episode);
  }

  /** @param answer Anything that a policy may answer: an object, a completion, nonsense. */
  step(answer: unknown): Record<string, unknown> {
    const { episode, rules } = this;
    const reward = rules.step(episode, readAction(answer));
    const { reward_breakdown, ...rest } = metadata(episode, rules);
    const moods = episode.c.world.contacts.map(({ name }, index) => [name, MOODS[episode.s.mood[index] ?? -1]]);
    return {
      ...rest,
      reward,
      done: !episode.s.active,
      breakdown: reward_breakdown,
      moods: Object.fromEntries(moods),
    };
  }

  world(): WorldExport {
    return exportWorld(this.episode.c, this.episode.s);
  }
}

/** The metadata without its two texts, which are not part of the rules. */
function metadata(episode: Episode, rules?: RulesV1): Record<string, unknown> {
  const { step_error: _error, step_detail: _detail, ...rest } = metadataOf(episode, rules?.breakdown);
  return rest;
}

/** The rulesets. Each has its own folder; this module is their common interface. */
import { parsePythonTime } from '../lib/python-time.ts';
import { utcOf } from '../lib/time.ts';
import { type Check, fieldProblem } from '../world/check-state.ts';
import { type CompiledScenario, compileScenario, stripV2 } from '../world/compile.ts';
import { keptFor } from '../world/kept.ts';
import type { Drift, Scenario } from '../world/schema.ts';
import type { EpisodeState } from '../world/state.ts';
import { Episode, type Ruleset } from './episode.ts';
import { stateProblemV1 } from './v1/check-state.ts';
import { INACTIVE_REWARD as REFUSAL_V1 } from './v1/constants.ts';
import { rewardRangeV1 } from './v1/reward.ts';
import { RulesV1 } from './v1/step.ts';
import { stateProblemV2 } from './v2/check-state.ts';
import { INACTIVE_REWARD as REFUSAL_V2, REWARD_RANGE } from './v2/constants.ts';
import { type Grade, gradeV2 } from './v2/grade.ts';
import { compileV2 } from './v2/instance.ts';
import { gradeSoFarV2, RulesV2 } from './v2/step.ts';
import { type Potentials, potentialsOf } from './v2/value.ts';

/** The names of the rulesets. */
export const RULES = ['v1', 'v2'] as const;
export type Rules = (typeof RULES)[number];

/** The rules that apply unless the caller selects others. */
export const DEFAULT_RULES: Rules = 'v2';

type Room = {
  readonly ruleset: () => Ruleset;
  readonly compile: (world: Scenario, drift?: Drift, oracle?: number) => CompiledScenario;
  /** Checks a state that has taken a step against the rules; see check-state.ts. */
  readonly stateProblem: Check;
  /** The minimum and the maximum reward of a step. */
  readonly rewardRange: (c: CompiledScenario) => readonly [number, number];
  /** The reward of a step after the end of the episode. */
  readonly refusal: number;
  /** Whether the channel of a reply or message matters. */
  readonly hasChannels: boolean;
  /** What a grade is made from: the final state, or the rewards of all steps. */
  readonly gradedBy: 'state' | 'rewards';
  /** The grade of a final state, if grades are made from it. */
  readonly gradeOf: (c: CompiledScenario, s: EpisodeState) => Grade | undefined;
  /** The grade that an episode would have if nothing more were done, if grades are made from the final state. */
  readonly gradeSoFar: (e: Episode) => Grade | undefined;
  readonly potentialsOf: (s: EpisodeState) => Potentials | undefined;
  /** The instant that an accepted start of a meeting means, in microseconds; NaN for other text. */
  readonly timeOf: (text: string) => number;
};

const ROOMS: Readonly<Record<Rules, Room>> = {
  v1: {
    ruleset: () => new RulesV1(),
    compile: (world, drift) => compileScenario(stripV2(world), drift),
    stateProblem: stateProblemV1,
    rewardRange: ({ world }) => rewardRangeV1(world),
    refusal: REFUSAL_V1,
    hasChannels: false,
    gradedBy: 'rewards',
    gradeOf: () => undefined,
    gradeSoFar: () => undefined,
    potentialsOf: () => undefined,
    // A meeting can be moved to any time that Python accepts.
    timeOf: (text) => parsePythonTime(text)?.utc ?? Number.NaN,
  },
  v2: {
    ruleset: () => new RulesV2(),
    compile: compileV2,
    stateProblem: stateProblemV2,
    rewardRange: () => REWARD_RANGE,
    refusal: REFUSAL_V2,
    hasChannels: true,
    gradedBy: 'state',
    gradeOf: gradeV2,
    gradeSoFar: gradeSoFarV2,
    potentialsOf,
    timeOf: utcOf,
  },
};

/** Makes a ruleset, which plays steps of any number of episodes that were compiled for these rules. */
export function createRuleset(rules: Rules): Ruleset {
  return ROOMS[rules].ruleset();
}

/**
 * Compiles validated documents. Equal input gives an equal result.
 * @param oracle V of the best known plan, for the grades of rules v2.
 * @throws ValidationError
 */
export function compileFor(rules: Rules, world: Scenario, drift?: Drift, oracle?: number): CompiledScenario {
  return ROOMS[rules].compile(world, drift, oracle);
}

/** The room of the rules that a scenario was compiled for. */
function roomOf({ day }: CompiledScenario): Room {
  return day === undefined ? ROOMS.v1 : ROOMS.v2;
}

/** Whether the channel of a reply or message matters under these rules. */
export function hasChannels(rules: Rules): boolean {
  return ROOMS[rules].hasChannels;
}

/** Whether grades under these rules are made from the final state or from the rewards of all steps. */
export function gradedBy(rules: Rules): 'state' | 'rewards' {
  return ROOMS[rules].gradedBy;
}

/** The grade of a finished episode, if it is made from the final state; undefined otherwise, and if no step was taken. */
export function stateGrade(c: CompiledScenario, s: EpisodeState): Grade | undefined {
  return s.active || s.stepCount === 0 ? undefined : roomOf(c).gradeOf(c, s);
}

/**
 * The grade that an episode would have if nothing more were done: the rest of its day passes on a copy. After the end it is the
 * grade. Undefined under rules whose grades are made from rewards.
 */
export function gradeSoFar(e: Episode): Grade | undefined {
  return roomOf(e.c).gradeSoFar(e);
}

/** What the world is worth now; undefined under rules that define no potentials. */
export function potentialsIn(c: CompiledScenario, s: EpisodeState): Potentials | undefined {
  return roomOf(c).potentialsOf(s);
}

/** Tolerance for rounding errors of sums beyond the bounds of a reward. */
const ROUNDING = 1e-9;

/**
 * Describes what is wrong with the rewards of an episode after `steps` steps.
 * @param rewards The rewards of all its steps, including those after its end.
 */
export function rewardsProblem(
  c: CompiledScenario,
  rewards: readonly number[],
  steps: number,
  active: boolean,
): string | undefined {
  const { rewardRange, refusal } = roomOf(c);
  if (active ? rewards.length !== steps : rewards.length < steps) return `${rewards.length} rewards of ${steps} steps`;
  const [least, most] = rewardRange(c);
  const wrong = rewards.findIndex((reward, step) =>
    step < steps ? !(reward >= least - ROUNDING && reward <= most + ROUNDING) : reward !== refusal,
  );
  return wrong < 0 ? undefined : `the reward of step ${wrong + 1} is ${rewards[wrong]}`;
}

// Checks whether untrusted bytes can be the state of an episode.

/** The state of a new episode. */
const freshOf = keptFor((c) => {
  const episode = Episode.of(c, 'full');
  roomOf(c).ruleset().reset(episode);
  return episode.s;
});

/**
 * Describes what is wrong with a region as the state of an episode of this scenario, under the rules that the scenario was
 * compiled for: a field out of its range, or fields that contradict each other. Returns undefined if the episode can be
 * continued.
 * @param isOver Whether the episode must have ended.
 */
export function stateProblem(c: CompiledScenario, region: Uint8Array, isOver = false): string | undefined {
  const { stateProblem: byRules, timeOf } = roomOf(c);
  return fieldProblem(c, region, freshOf(c), byRules, timeOf, isOver);
}

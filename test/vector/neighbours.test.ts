/** An environment writes only to its own entries of the columns, and leaves the episodes of its neighbours as they are. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinParts } from '../../src/sim/observation/observe.ts';
import { RULES, type Rules } from '../../src/sim/rules.ts';
import { BREAKDOWN_WIDTH, Columns } from '../../src/vector/columns.ts';
import { SerialEngine } from '../../src/vector/engine.ts';
import { resolveOptions } from '../../src/vector/options.ts';
import { AUTORESETS, type Autoreset, type EnvSpec, type Spec } from '../../src/vector/spec.ts';
import { type Plan, plans } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';
import { answersFor, OVER_AT_ONCE, smallScenario } from './support.ts';

const CAPACITY = 3;
/** The environment that is played, between 0 and 2. */
const OWN = 1;
const NEIGHBOURS = [0, 2];

const SPECS: readonly EnvSpec[] = [
  { task: 'dinner_disaster' },
  { task: 'phase2_core' },
  { task: 'small', scenario: smallScenario() },
  { task: 'empty', scenario: { simulation_time: '2026-06-22T09:00:00', max_episode_steps: 2 } },
  { task: 'over', scenario: OVER_AT_ONCE },
];

const ANSWERS = answersFor(smallScenario());

function specsOf(envs: readonly EnvSpec[], rules: Rules): readonly Spec[] {
  return resolveOptions({ envs: [...envs], rules }).specs;
}

/** Copies of everything that belongs to the neighbours. */
function neighboursOf(engine: SerialEngine, columns: Columns): unknown {
  const results = Object.entries(columns).map(([name, column]: [string, ArrayLike<unknown>]) => {
    const width = name === 'breakdown' ? BREAKDOWN_WIDTH : 1;
    return [name, NEIGHBOURS.map((env) => Array.from({ length: width }, (_, part) => column[env * width + part]))];
  });
  const episodes = NEIGHBOURS.map((env) => [engine.save([env]), joinParts(engine.briefingParts(env))]);
  return structuredClone([results, episodes]);
}

/** Plays the answers in OWN, and uses all other operations of an engine in between. */
function playAmidNeighbours(specs: readonly Spec[], answers: readonly unknown[], autoreset: Autoreset): void {
  const columns = new Columns(CAPACITY);
  const engine = new SerialEngine(specs, columns, autoreset, { numEnvs: 0, groupSize: 1 });
  const order = (env: number, spec: number) => ({ env, spec, seedBase: 9, seed: undefined, episode: spec });
  engine.reset(NEIGHBOURS.map((env) => order(env, env % specs.length)));
  engine.step(NEIGHBOURS, [answers[0], answers[1]]);
  const expected = neighboursOf(engine, columns);
  const check = (after: string): void => expect(neighboursOf(engine, columns), after).toEqual(expected);
  specs.forEach((_, spec) => {
    engine.reset([order(OWN, spec)]);
    check(`a reset to spec ${spec}`);
    answers.forEach((answer, turn) => {
      engine.step([OWN], [answer]);
      check(`step ${turn + 1} of spec ${spec}`);
    });
    engine.fail(OWN, 'no');
    check('a failure');
    for (const env of [OWN, ...NEIGHBOURS]) {
      engine.load([OWN], engine.save([env]));
      check(`a load of environment ${env}`);
      engine.step([OWN], [answers[0]]);
      check(`a step of a copy of environment ${env}`);
    }
  });
  engine.release([OWN]);
  check('a release');
  expect(() => engine.step([OWN], [{}])).toThrow('environment 1 has no episode');
}

describe.each(RULES)('under %s', (rules) => {
  test.each(AUTORESETS)('playing one environment leaves its neighbours alone (%s)', (autoreset) => {
    playAmidNeighbours(specsOf(SPECS, rules), ANSWERS, autoreset);
  });
});

test('any random world leaves its neighbours alone', () => {
  const property = fc.property(
    plans,
    fc.constantFrom(...AUTORESETS),
    fc.constantFrom(...RULES),
    (plan, mode, rules) => {
      const { scenario, drift, mode: rewardMode, answers }: Plan = plan;
      playAmidNeighbours(
        specsOf([{ scenario, drift, rewardMode }], rules),
        answers.map(({ given }) => given),
        mode,
      );
    },
  );
  assertProperty(property, { runs: 100 });
});

/** Branches of the reward that no action reaches under rules v1. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BREAKDOWN_FIELDS, type Breakdown } from '../../src/sim/breakdown.ts';
import type { Episode } from '../../src/sim/episode.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { overlap } from '../../src/world/facts.ts';
import { type Plan, plans } from '../support/arbitraries.ts';
import { startEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';

const SCALE = 0.48;
const rules = new RulesV1();

function forEachStep(plan: Plan, see: (breakdown: Breakdown, episode: Episode, reward: number) => void): void {
  const { episode } = startEpisode(plan.scenario, plan.drift, plan.mode, rules);
  for (const { given } of plan.answers) {
    const reward = rules.step(episode, readAction(given));
    see(rules.breakdown, episode, reward);
  }
}

function holdsAtEveryStep(see: (breakdown: Breakdown, episode: Episode, reward: number) => void): void {
  assertProperty(
    fc.property(plans, (plan) => forEachStep(plan, see)),
    { runs: 200 },
  );
}

function clashes({ c, s }: Episode): Set<string> {
  const found = new Set<string>();
  for (let a = 0; a < c.layout.meetings; a++) {
    for (let b = a + 1; b < c.layout.meetings; b++) if (overlap(c, s, a, b)) found.add(`${a}-${b}`);
  }
  return found;
}

test('no action creates a clash of meetings, so none ever costs 3', () => {
  const property = fc.property(plans, ({ scenario, mode, answers }) => {
    const { episode } = startEpisode(scenario, null, mode, rules);
    for (const { given } of answers) {
      const before = clashes(episode);
      rules.step(episode, readAction(given));
      expect([...clashes(episode)].filter((pair) => !before.has(pair))).toEqual([]);
      expect(episode.pairs).toBe(clashes(episode).size);
    }
  });
  assertProperty(property, { runs: 200 });
});

test('the conflict channel is never negative, so its lower limit and the tradeoff of conflict are never reached', () => {
  holdsAtEveryStep(({ conflict_raw, conflict }) => {
    expect(conflict_raw).toBeGreaterThanOrEqual(0);
    expect(conflict).toBe(Math.min(6, conflict_raw));
  });
});

test('work never goes well in the same step as conflict or people do, so synergy has no work in it', () => {
  holdsAtEveryStep(({ conflict, relationship, task, shaping_synergy }) => {
    expect(task > 0 && (conflict > 0 || relationship > 0)).toBe(false);
    if (conflict <= 0 || relationship <= 0) expect(shaping_synergy).toBe(0);
  });
});

test('the tradeoff is that of late work with unhappy people, and nothing else', () => {
  holdsAtEveryStep(({ relationship, task, shaping_tradeoff }) => {
    const both = task < -0.5 && relationship < 0;
    if (shaping_tradeoff !== 0) expect(both).toBe(true);
  });
});

test('the caps of synergy and tradeoff and the limit of the scaffold are never reached', () => {
  holdsAtEveryStep(({ shaping_synergy, shaping_tradeoff, shaping_scaffold }) => {
    expect(shaping_synergy).toBeLessThanOrEqual(SCALE * 0.18);
    expect(shaping_tradeoff).toBeGreaterThanOrEqual(-SCALE * 0.08);
    expect(shaping_scaffold).toBeLessThanOrEqual(SCALE * 0.16 * 1.2 + 1e-12);
    expect(shaping_scaffold).toBeGreaterThanOrEqual(0);
    expect(SCALE * 0.16 * 1.2).toBeLessThan(SCALE * 0.35);
  });
});

test('every number of every breakdown is finite, and the reward is their sum', () => {
  holdsAtEveryStep((breakdown, episode, reward) => {
    expect(BREAKDOWN_FIELDS.filter((field) => !Number.isFinite(breakdown[field]))).toEqual([]);
    expect(reward).toBe(breakdown.final);
    const { weighted_base, invalid_step_adjustment, episode_completion_bonus, catastrophic_penalty, do_nothing_floor } =
      breakdown;
    const parts = [
      weighted_base,
      invalid_step_adjustment,
      episode_completion_bonus,
      catastrophic_penalty,
      do_nothing_floor,
    ];
    expect(reward).toBeCloseTo(
      parts.reduce((sum, part) => sum + part),
      9,
    );
    expect(episode.s.stress >= 0 && episode.s.stress <= 100).toBe(true);
  });
});

test('the plans behind these claims do reach what can be reached', () => {
  const reached = new Set<string>();
  const note = ({ conflict, conflict_raw, relationship, task, ...rest }: Breakdown): void => {
    if (conflict === 6 && conflict_raw > 6) reached.add('the upper limit of the conflict channel');
    if (relationship < -0.5) reached.add('unhappy people');
    if (task > 0) reached.add('work done');
    if (task < -2) reached.add('several tasks overdue at once');
    if (rest.shaping_synergy > 0) reached.add('synergy');
    if (rest.shaping_tradeoff < 0) reached.add('tradeoff');
    if (Math.abs(rest.shaping_potential) === SCALE * 0.25) reached.add('the limit of the potential');
    if (rest.shaping_quality > SCALE * 0.2) reached.add('high quality');
    if (rest.shaping_quality < -SCALE * 0.2) reached.add('low quality');
    if (rest.shaping_to_base_ratio === 10) reached.add('the limit of the ratio');
    if (rest.episode_completion_bonus > 0) reached.add('completion');
    if (rest.catastrophic_penalty < 0) reached.add('catastrophe');
  };
  assertProperty(
    fc.property(plans, (plan) => forEachStep(plan, note)),
    { runs: 800, seed: 20_260_622 },
  );
  expect([...reached].sort()).toEqual([
    'catastrophe',
    'completion',
    'high quality',
    'low quality',
    'several tasks overdue at once',
    'synergy',
    'the limit of the potential',
    'the limit of the ratio',
    'the upper limit of the conflict channel',
    'tradeoff',
    'unhappy people',
    'work done',
  ]);
});

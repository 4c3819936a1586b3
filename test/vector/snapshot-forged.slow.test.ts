/**
 * Snapshots with a valid checksum around states that no play produced: each is refused, or its episodes can be played and all
 * numbers stay within their bounds.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random, RULES, SnapshotError } from '../../src/index.ts';
import { BREAKDOWN_FIELDS } from '../../src/sim/breakdown.ts';
import type { Rules } from '../../src/sim/rules.ts';
import { rewardRangeV1 } from '../../src/sim/v1/reward.ts';
import { REWARD_RANGE } from '../../src/sim/v2/constants.ts';
import { SoloEnv } from '../../src/vector/solo-env.ts';
import { compileSpec, loadSpec, type Spec } from '../../src/vector/spec.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { EpisodeState } from '../../src/world/state.ts';
import { namesOf, answers as strangeAnswers } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';
import { drifts, everythingIn, type Story, storiesIn, wildWorlds, worlds } from '../support/v2-worlds.ts';
import { forge, openForged, payloadBytes } from './support-forge.ts';

/** An episode part of the way through, and its continuation in another environment. */
type Case = { readonly spec: Spec; readonly snapshot: Uint8Array; readonly next: readonly unknown[] };

const NEXT_STEPS = 30;

function caseOf(rules: Rules, { world, actions }: Story, drift: unknown, cut: number): Case {
  const spec = compileSpec({ ...loadSpec({ scenario: world, drift }), rules, rewardMode: 'full' });
  const solo = new SoloEnv(spec);
  solo.reset();
  for (const action of actions.slice(0, cut)) solo.play(readAction(action));
  const next = Array.from({ length: NEXT_STEPS }, (_, step) => actions[(cut + step) % actions.length]);
  return { spec, snapshot: solo.snapshot(), next };
}

const stories = fc.oneof(storiesIn(worlds, 16), storiesIn(wildWorlds, 16));
const casesOf = (rules: Rules): fc.Arbitrary<Case> =>
  fc
    .record({ story: stories, drift: fc.option(drifts, { freq: 3 }), cut: fc.nat(16) })
    .map(({ story, drift, cut }) => caseOf(rules, story, drift, cut));

/** Whether the snapshot is accepted. If so, it is played and its results are checked. */
function isPlayable({ spec, next }: Case, forged: Uint8Array): boolean {
  const solo = new SoloEnv(spec);
  try {
    solo.restore(forged);
  } catch (error) {
    expect(error).toBeInstanceOf(SnapshotError);
    return false;
  }
  const [least, most] = spec.rules === 'v1' ? rewardRangeV1(spec.compiled.world) : REWARD_RANGE;
  const start = solo.potentials()?.value ?? 0;
  const wasActive = solo.active;
  let paid = 0;
  for (const answer of next) {
    const { reward, metadata, terminated, truncated } = solo.play(readAction(answer));
    expect(reward).toBeGreaterThanOrEqual(least - 1e-9);
    expect(reward).toBeLessThanOrEqual(most + 1e-9);
    const breakdown = metadata.reward_breakdown;
    for (const field of BREAKDOWN_FIELDS) {
      if (field !== 'settlement' || spec.rules === 'v2') expect(Number.isFinite(breakdown?.[field]), field).toBe(true);
    }
    expect(breakdown?.final).toBe(reward);
    expect(metadata.stress).toBeGreaterThanOrEqual(0);
    expect(metadata.stress).toBeLessThanOrEqual(100);
    expect(metadata.episode_step).toBeLessThanOrEqual(metadata.max_episode_steps);
    expect(metadata.step_detail.length).toBeLessThanOrEqual(480);
    expect(metadata.simulation_time).toMatch(/^\d{4}-\d\d-\d\d/);
    if (metadata.grade !== undefined) {
      expect(metadata.grade.grade).toBeGreaterThanOrEqual(0.01);
      expect(metadata.grade.grade).toBeLessThanOrEqual(0.99);
      for (const share of ['conflict', 'relationship', 'task', 'collateral'] as const) {
        const least = share === 'conflict' || share === 'relationship' ? -1 - 1e-9 : 0;
        expect(metadata.grade[share]).toBeGreaterThanOrEqual(least);
        expect(metadata.grade[share]).toBeLessThanOrEqual(1 + 1e-9);
      }
    }
    if (spec.rules === 'v2') {
      const parts = metadata.reward_attribution ?? [];
      expect(parts.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(reward, 9);
      paid +=
        (breakdown?.weighted_base ?? 0) - (breakdown?.shaping_total ?? 0) + (breakdown?.catastrophic_penalty ?? 0);
      expect(paid).toBeCloseTo(10 * ((solo.potentials()?.value ?? 0) - start), 9);
    }
    if (terminated || truncated) break;
  }
  if (!wasActive) expect(solo.active).toBe(false);
  solo.world();
  // The resulting state can be restored again.
  new SoloEnv(spec).restore(solo.snapshot());
  return true;
}

/** The state of the snapshot after a change. */
function withState({ spec, snapshot }: Case, change: (s: EpisodeState) => void): Uint8Array {
  const payload = openForged(snapshot);
  const memory = Uint8Array.from(payload.states);
  change(new EpisodeState(spec.compiled.layout, memory.buffer));
  return forge({ ...payload, states: memory });
}

const FLOATS = ['meetingStart', 'sums', 'taskUntil', 'eventTime'] as const;
const WORDS = ['taskDeadline', 'taskDelegate'] as const;
const BYTES = [
  ...['emailFlags', 'meetingCancelled', 'preference', 'taskStatus', 'taskHand', 'eventStatus'],
  ...['obligation', 'mood', 'meetingHarm', 'emailHarm', 'contactHarm', 'ask', 'told', 'ledgerBefore', 'region'],
] as const satisfies readonly (keyof EpisodeState)[];
const NUMBERS = ['clock', 'stress', 'stepCount'] as const;
const HOSTILE = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, -1, 0.5, 1, 2, 255, 1e300, -1e300],
  ...[2 ** 31, 2 ** 53, Number.MIN_VALUE],
] as const;
const SMALL = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 32, 63, 64, 127, 128, 255] as const;

describe.each(RULES)('under %s', (rules) => {
  test('an unchanged snapshot of any moment is accepted', () => {
    assertProperty(
      fc.property(casesOf(rules), (one) => {
        expect(isPlayable(one, one.snapshot)).toBe(true);
        expect(isPlayable(one, forge(openForged(one.snapshot)))).toBe(true);
      }),
      { runs: 60 },
    );
  });

  test('every byte of the payload, flipped', () => {
    const [refused, accepted] = [[0], [0]] as [[number], [number]];
    assertProperty(
      fc.property(casesOf(rules), fc.nat(7), (one, bit) => {
        const payload = payloadBytes(one.snapshot);
        for (let at = 0; at < payload.length; at++) {
          const changed = Uint8Array.from(payload);
          changed[at] = (payload[at] ?? 0) ^ (1 << ((bit + at) % 8));
          (isPlayable(one, forge(changed)) ? accepted : refused)[0]++;
        }
      }),
      { runs: 4, seed: 12 },
    );
    expect(refused[0]).toBeGreaterThan(1_000);
    expect(accepted[0]).toBeGreaterThan(10);
  });

  test('several bytes of the state, changed at random', () => {
    const hits = fc.array(fc.tuple(fc.nat(20_000), fc.nat(255)), { minLength: 1, maxLength: 6 });
    assertProperty(
      fc.property(casesOf(rules), hits, (one, list) => {
        const change = ({ region }: EpisodeState): void => {
          for (const [at, value] of list) region[at % region.length] = value;
        };
        isPlayable(one, withState(one, change));
      }),
      { runs: 300 },
    );
  });

  test('every field of the state, set to impossible values', () => {
    let accepted = 0;
    let refused = 0;
    assertProperty(
      fc.property(casesOf(rules), fc.nat(), (one, seed) => {
        const random = new Random(seed);
        const trial = (change: (s: EpisodeState) => void): void => {
          if (isPlayable(one, withState(one, change))) accepted++;
          else refused++;
        };
        const near = (value: number): number[] => [value - 1, value + 1, value + 6e7, -value];
        for (const name of NUMBERS) {
          for (const value of HOSTILE) trial((s) => Object.assign(s, { [name]: value }));
          for (const way of [0, 1, 2, 3]) trial((s) => Object.assign(s, { [name]: near(s[name])[way] }));
        }
        for (const name of FLOATS) {
          for (const value of HOSTILE) trial((s) => s[name].fill(value, random.below(s[name].length || 1)));
          for (const way of [0, 1, 2, 3]) {
            trial((s) => {
              const at = random.below(s[name].length || 1);
              s[name][at] = near(s[name][at] ?? 0)[way] ?? 0;
            });
          }
        }
        for (const name of WORDS) {
          for (const value of [-3, -2, -1, 0, 1, 2, 255, 2 ** 31 - 1, -(2 ** 31)]) {
            trial((s) => s[name].fill(value, random.below(s[name].length || 1)));
          }
        }
        for (const name of BYTES) {
          for (const value of SMALL) {
            trial((s) => {
              s[name][random.below(s[name].length || 1)] = value;
            });
          }
        }
        for (const flags of [
          [1, 1],
          [0, 1],
          [0, 0],
          [255, 0],
          [1, 255],
        ]) {
          trial((s) => s.region.set(flags, s.emailFlags.byteOffset - s.region.byteOffset - 3));
        }
      }),
      { runs: 15, seed: 8 },
    );
    expect(refused).toBeGreaterThan(1_000);
    expect(accepted).toBeGreaterThan(100);
  });

  test('every column, set to impossible values', () => {
    const values = [...HOSTILE, -1n, 2n ** 60n, true, false, null, '', 'x'.repeat(2_000), '\n\u2028\u0000', [], {}];
    assertProperty(
      fc.property(casesOf(rules), (one) => {
        const payload = openForged(one.snapshot);
        for (const name of Object.keys(payload)) {
          for (const value of values) {
            isPlayable(one, forge({ ...payload, [name]: value }));
            if (name !== 'states') isPlayable(one, forge({ ...payload, [name]: [value] }));
          }
        }
        const [spec] = payload.specs as Record<string, unknown>[];
        for (const name of ['task', 'key', 'state_bytes']) {
          for (const value of values) isPlayable(one, forge({ ...payload, specs: [{ ...spec, [name]: value }] }));
        }
      }),
      { runs: 3 },
    );
  });

  test('strange answers after several changed bytes', () => {
    const hits = fc.array(fc.tuple(fc.nat(20_000), fc.nat(7)), { minLength: 1, maxLength: 3 });
    const property = fc.property(
      stories.chain((story) =>
        fc.record({
          story: fc.constant(story),
          cut: fc.nat(16),
          strange: fc.array(
            strangeAnswers(namesOf({ ...story.world, ...everythingIn(story.world) } as Parameters<typeof namesOf>[0])),
            { minLength: 10, maxLength: NEXT_STEPS },
          ),
        }),
      ),
      hits,
      ({ story, cut, strange }, list) => {
        const one = { ...caseOf(rules, story, null, cut), next: strange.map(({ given }) => given) };
        const change = ({ region }: EpisodeState): void => {
          for (const [at, bit] of list) region[at % region.length] = (region[at % region.length] ?? 0) ^ (1 << bit);
        };
        isPlayable(one, withState(one, change));
      },
    );
    assertProperty(property, { runs: 200 });
  });
});

/** The figures of a report, compared with plain sums over the records. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RecordedSpecs, replayEpisode } from '../../src/analysis/replay.ts';
import { REWARD_PARTS, rewardParts } from '../../src/analysis/reward-parts.ts';
import { fixed, signed } from '../../src/lib/text.ts';
import { readLines, readRecordAt } from '../../src/records/read.ts';
import type { EpisodeRecord } from '../../src/records/schema.ts';
import { cumulative } from '../../src/report/charts/spreads.ts';
import { Collector, Course, compareArms, type Figures, SAMPLE } from '../../src/report/figures.ts';
import { reasonOf } from '../../src/report/groups.ts';
import { owedOf } from '../../src/report/stories.ts';
import { histogram } from '../../src/report/words.ts';
import { folderOf, playRun, recordsOf } from './support.ts';

async function figuresOf(folder: string): Promise<Figures> {
  const collector = new Collector();
  for await (const { number, place, record, damage } of readLines(join(folder, 'trajectories.jsonl'))) {
    if (record === undefined) collector.addDamage(number, damage ?? '');
    else collector.add(record, place);
  }
  return collector.finish();
}

const total = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0);
const meanOf = (values: readonly number[]): number => total(values) / values.length;
const deviationOf = (values: readonly number[]): number =>
  Math.sqrt(total(values.map((one) => (one - meanOf(values)) ** 2)) / (values.length - 1));
const partsSum = (parts: Readonly<Record<string, number>>): number => total(Object.values(parts));

describe.each([
  { rules: 'v1', rewardMode: 'full' },
  { rules: 'v1', rewardMode: 'base' },
  { rules: 'v2', rewardMode: 'full' },
  { rules: 'v2', rewardMode: 'base' },
] as const)('rules $rules, reward mode $rewardMode', (asked) => {
  const run = playRun(asked);

  test('the parts of every reward add up to it', async () => {
    const steps = recordsOf(await run).flatMap((record) => record.steps);
    expect(steps.length).toBeGreaterThan(100);
    for (const { reward, reward_breakdown } of steps) {
      const parts = rewardParts(reward_breakdown);
      expect(partsSum(parts)).toBeCloseTo(reward, 9);
      if (asked.rewardMode === 'base') expect(parts.shaping).toBeCloseTo(0, 9);
    }
    for (const part of ['conflict', 'relationship', 'task', 'damage', 'invalid', 'idle'] as const) {
      expect(steps.some(({ reward_breakdown }) => rewardParts(reward_breakdown)[part] !== 0)).toBe(true);
    }
  });

  test('each figure equals that of the records', async () => {
    const folder = await run;
    const records = recordsOf(folder);
    const { arms, episodes, failed, damaged, steps } = await figuresOf(folder);
    expect([episodes, failed, damaged]).toEqual([24, 0, 0]);
    expect(arms.map(({ label }) => label)).toEqual(['phase2_core', 'monday_morning', 'dinner_disaster']);
    for (const arm of arms) {
      const own = records.filter(({ task_id }) => task_id === arm.label);
      const returns = own.map((record) => record.return ?? 0);
      const sorted = [...returns].sort((a, b) => a - b);
      expect(arm.episodes).toBe(own.length);
      expect(arm.return.mean).toBeCloseTo(meanOf(returns), 9);
      expect(arm.return.confidence).toBeCloseTo((1.96 * deviationOf(returns)) / Math.sqrt(returns.length), 9);
      expect([arm.return.min, arm.return.max]).toEqual([sorted[0], sorted.at(-1)]);
      expect(arm.return.median).toBeCloseTo(((sorted[3] ?? 0) + (sorted[4] ?? 0)) / 2, 9);
      expect(arm.grade.mean).toBeCloseTo(meanOf(own.map(({ grade }) => grade ?? 0)), 9);
      expect(arm.length.mean).toBe(meanOf(own.map(({ length }) => length)));
      expect(arm.invalid).toBe(total(own.map(({ invalid_steps }) => invalid_steps)));
      expect(arm.steps).toBe(total(own.map(({ length }) => length)));
      expect(partsSum(arm.parts ?? {})).toBeCloseTo(meanOf(returns), 9);
      if (asked.rules === 'v1') expect(arm.gradeParts).toBeUndefined();
      else expect(arm.gradeParts?.met).toBeCloseTo(meanOf(own.map((one) => one.grade_parts?.met ?? 0)), 9);
      expect(arm.course.at(-1)?.mean).toBeCloseTo(meanOf(returns), 9);
      expect(arm.course.at(-1)?.median).toBeCloseTo(arm.return.median ?? 0, 9);
      const early = own.map((record) => (record.steps[0]?.reward ?? 0) + (record.steps[1]?.reward ?? 0));
      expect(arm.course[1]?.mean).toBeCloseTo(meanOf(early), 9);
      for (const { step, steps: played, invalid } of arm.invalidByStep) {
        const at = own.flatMap((record) => record.steps[step - 1] ?? []);
        expect([played, invalid]).toEqual([at.length, at.filter(({ step_ok }) => !step_ok).length]);
      }
    }
    expect(total(steps.byReason().map(({ count }) => count))).toBe(total(arms.map(({ invalid }) => invalid)));
    expect(total(steps.byKind().map((kind) => kind.steps))).toBe(total(arms.map((arm) => arm.steps)));
  });

  test('the signal of the groups equals that of the records', async () => {
    const folder = await run;
    const records = recordsOf(folder);
    for (const { label, group } of (await figuresOf(folder)).arms) {
      const own = records.filter(({ task_id }) => task_id === label);
      const groups = [...new Set(own.map(({ group_id }) => group_id))].map((id) =>
        own.filter(({ group_id }) => group_id === id).map((record) => record.return ?? 0),
      );
      expect(group.groups).toBe(groups.length);
      expect(group.deviation.mean).toBeCloseTo(meanOf(groups.map(deviationOf)), 9);
      expect(group.silent).toBe(groups.filter((members) => new Set(members).size === 1).length);
      expect(group.headroom).toBeCloseTo(meanOf(groups.map((one) => Math.max(...one) - meanOf(one))), 9);
      expect([...group.advantages]).toEqual(own.map(({ advantage }) => advantage));
      const center = meanOf(groups.flat());
      const between = total(groups.map((one) => one.length * (meanOf(one) - center) ** 2));
      const all = total(groups.flat().map((one) => (one - center) ** 2));
      expect(group.within).toBeCloseTo(1 - between / all, 9);
    }
  });

  test('best, median and worst follow from the returns', async () => {
    const folder = await run;
    const path = join(folder, 'trajectories.jsonl');
    for (const { picks, returns } of (await figuresOf(folder)).arms) {
      if (picks === undefined) throw new Error('there are episodes');
      const sorted = [...returns].sort((a, b) => a - b);
      expect((await readRecordAt(path, picks.worst)).return).toBe(sorted[0]);
      expect((await readRecordAt(path, picks.median)).return).toBe(sorted[3]);
      expect((await readRecordAt(path, picks.best)).return).toBe(sorted.at(-1));
    }
  });
});

test('a policy that always does the same has groups without any signal', async () => {
  const { arms } = await figuresOf(await playRun({ policy: 'greedy', episodes: 12 }));
  for (const { group, picks } of arms) {
    expect(group.silent).toBe(group.groups);
    expect(group.within).toBeUndefined();
    expect(picks?.areEqual).toBe(true);
  }
});

test('failed episodes are counted and listed, and do not enter the means', async () => {
  const [first, second] = recordsOf(await playRun({ episodes: 4 }));
  const failed = {
    ...first,
    status: 'failed',
    error: 'the worker is gone',
    return: null,
    grade: null,
  } as EpisodeRecord;
  const { arms, failures } = await figuresOf(folderOf([failed, second as EpisodeRecord]));
  expect(arms[0]?.failed).toBe(1);
  expect(arms[0]?.return.mean).toBe(second?.return);
  expect(arms[0]?.group).toMatchObject({ groups: 0, small: 1 });
  expect(failures.map(({ error }) => error)).toEqual(['the worker is gone']);
});

test('episodes under several rules are kept apart', async () => {
  const both = [
    ...recordsOf(await playRun({ episodes: 4 })),
    ...recordsOf(await playRun({ episodes: 4, rules: 'v1' })),
  ];
  const { arms } = await figuresOf(folderOf(both));
  expect(arms.map(({ label }) => label)).toEqual(['phase2_core (v2)', 'phase2_core (v1)']);
});

test('damaged lines are counted and listed, wherever they are; a complete last line needs no newline', async () => {
  const [one, two] = recordsOf(await playRun({ episodes: 4 }));
  const cut = JSON.stringify(one).slice(0, 500);
  const odd = JSON.stringify({ ...one, length: 'long' });
  const { episodes, damaged, damages } = await figuresOf(
    folderOf([`${cut}\n`, one as EpisodeRecord, '\n', `${odd}\n`, '\u0000\u0001\n', JSON.stringify(two)]),
  );
  expect([episodes, damaged]).toEqual([2, 3]);
  expect(damages.map(({ line }) => line)).toEqual([1, 4, 5]);
  expect(damages[1]?.why).toContain('length');
  expect(await figuresOf(folderOf([one as EpisodeRecord, cut]))).toMatchObject({ episodes: 1, damaged: 1 });
});

test('quartiles of a sample are close to those of all episodes, and the mean is exact', () => {
  const course = new Course();
  const size = SAMPLE * 4;
  for (let episode = 0; episode < size; episode++) course.add([episode, 0]);
  const [first, last] = course.points();
  expect(course.isSampled).toBe(true);
  expect(first?.mean).toBe((size - 1) / 2);
  expect(Math.abs((last?.median ?? 0) / size - 0.5)).toBeLessThan(0.06);
  expect(Math.abs((last?.lower ?? 0) / size - 0.25)).toBeLessThan(0.06);
});

test('an episode that is over keeps its return in the course', () => {
  const course = new Course();
  course.add([1]);
  course.add([1, 2, 3]);
  expect(course.points().map(({ mean }) => mean)).toEqual([1, 2, 3.5]);
});

test('bins are round, hold every value once, and begin at the given bound', () => {
  const values = [-1, -0.95, 0, 0.3, 0.3000001, 1.9999, 2];
  const bins = histogram(values, 10);
  expect(total(bins.map(({ count }) => count))).toBe(values.length);
  expect(bins[0]).toEqual({ from: -1, to: -0.5, count: 2 });
  for (const { from, to, count } of bins.slice(0, -1)) {
    expect(count).toBe(values.filter((value) => value >= from && value < to).length);
  }
  for (const value of [5, 0, -0.3]) {
    const [bin, ...more] = histogram([value, value], 10, 0);
    expect(more).toEqual([]);
    expect(bin?.count).toBe(2);
    expect(((bin?.from ?? 0) + (bin?.to ?? 0)) / 2).toBeCloseTo(value, 9);
    expect((bin?.to ?? 0) - (bin?.from ?? 0)).toBeGreaterThan(0);
  }
  expect(histogram([5, 5, 6], 10, 0)[0]?.from).toBe(0);
  expect(histogram([])).toEqual([]);
});

test('the cumulative share of grades equals a count', () => {
  const values = [0.5, 0.01, 0.5, 0.99];
  expect(cumulative(values)).toEqual([
    [0, 0],
    [0.01, 0.25],
    [0.5, 0.75],
    [0.99, 1],
    [1, 1],
  ]);
});

test('numbers are written with their sign, and zero has no minus sign', () => {
  expect([fixed(-1.005, 1), fixed(-0.0001), fixed(undefined), fixed(2, 0)]).toEqual([
    '\u22121.0',
    '0.00',
    '\u2013',
    '2',
  ]);
  expect([signed(0.004), signed(0.02), signed(-0.02)]).toEqual(['0.00', '+0.02', '\u22120.02']);
});

test.each([
  ['there is no task "no-such"', 'there is no task "\u2026"'],
  ['task [t07] is with Kofi Asante until 10:00', 'task [\u2026] is with a delegate until later'],
  ['expected one of "a"|"b"|"c", got "d"', 'expected one of "\u2026", got "\u2026"'],
])('messages that differ in values alone have one reason: %s', (message, reason) => {
  expect(reasonOf(message)).toBe(reason);
});

test('every part of a reward has a place in the split', () => {
  expect(Object.keys(rewardParts({} as never)).sort()).toEqual([...REWARD_PARTS].sort());
});

test('the other policies play what the run played, with the best plan where one is known', async () => {
  const run = await playRun({ policy: 'greedy', episodes: 12 });
  const compared = compareArms((await figuresOf(run)).arms, new RecordedSpecs());
  for (const { baselines, grade, return: paid } of compared) {
    expect(baselines.map(({ name }) => name)).toEqual(['do nothing', 'random', 'greedy', 'best plan known']);
    const [nothing, , greedy, best] = baselines;
    expect(greedy?.grade).toBeCloseTo(grade.mean ?? 0, 9);
    expect(greedy?.return).toBeCloseTo(paid.mean ?? 0, 9);
    expect([nothing?.grade, best?.grade]).toEqual([0.01, 0.99]);
  }
  const v1 = await figuresOf(await playRun({ policy: 'greedy', rules: 'v1', episodes: 12 }));
  for (const { baselines, return: paid } of compareArms(v1.arms, new RecordedSpecs())) {
    expect(baselines.map(({ name }) => name)).toEqual(['do nothing', 'random', 'greedy']);
    expect(baselines[2]?.return).toBeCloseTo(paid.mean ?? 0, 9);
  }
  const unknown = await figuresOf(folderOf([{ ...(recordsOf(run)[0] as EpisodeRecord), task_id: 'of another file' }]));
  expect(compareArms(unknown.arms, new RecordedSpecs()).map(({ baselines }) => baselines)).toEqual([[]]);
});

describe('what was owed', () => {
  const run = playRun({ policy: 'random', episodes: 24 });

  test('is counted as in the last scenes of the episodes', async () => {
    const folder = await run;
    const { arms } = await figuresOf(folder);
    const counted = await owedOf(join(folder, 'trajectories.jsonl'), arms, new RecordedSpecs());
    expect(counted.map(({ arm }) => arm.label)).toEqual(['phase2_core', 'monday_morning', 'dinner_disaster']);
    for (const { arm, rows, episodes, differing } of counted) {
      const records = recordsOf(folder).filter(({ task_id }) => task_id === arm.label);
      const items = records.flatMap((record) => [...replayEpisode(record)].at(-1)?.owed?.items ?? []);
      expect([episodes, differing]).toEqual([records.length, 0]);
      expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(items.map(({ id }) => id)));
      for (const { id, came, met, late, missed, lost, reason } of rows) {
        const own = items.filter((item) => item.id === id);
        const count = (...states: string[]): number => own.filter(({ state }) => states.includes(state)).length;
        expect([came, met, late]).toEqual([own.length, count('met'), count('late', 'corrected')]);
        expect(missed).toBe(own.length - met - late);
        expect(lost).toBeCloseTo(meanOf(own.map((item) => item.most - item.now)), 9);
        const whys = own.flatMap(({ state, why }) => (state === 'met' ? [] : [why]));
        if (reason === undefined) expect(whys).toEqual([]);
        else expect(reason.count).toBe(Math.max(...whys.map((why) => whys.filter((one) => one === why).length)));
      }
      expect(rows.map(({ lost }) => lost)).toEqual(rows.map(({ lost }) => lost).toSorted((a, b) => b - a));
      expect(total(rows.map(({ late }) => late))).toBe(total(records.map((record) => record.grade_parts?.late ?? 0)));
    }
  });

  test('leaves out episodes whose replay differs, tasks that are unknown, and rules v1', async () => {
    const [first, ...others] = recordsOf(await run).filter(({ task_id }) => task_id === 'phase2_core');
    if (first === undefined) throw new Error('there is one');
    const steps = first.steps.map((one, at) => (at === 1 ? { ...one, reward: one.reward + 1 } : one));
    const old = recordsOf(await playRun({ rules: 'v1', episodes: 4 }));
    const folder = folderOf([{ ...first, steps }, ...others, { ...first, task_id: 'no_such_day' }, ...old]);
    const { arms } = await figuresOf(folder);
    expect(arms.length).toBeGreaterThan(2);
    const counted = await owedOf(join(folder, 'trajectories.jsonl'), arms, new RecordedSpecs());
    expect(counted.map(({ episodes, differing }) => [episodes, differing])).toEqual([[others.length, 1]]);
  });

  test('is counted over a bounded number of episodes, evenly spaced', async () => {
    const [first] = recordsOf(await run);
    if (first === undefined) throw new Error('there is one');
    const { arms } = await figuresOf(folderOf(Array.from({ length: 450 }, (_, index) => ({ ...first, index }))));
    const sample = arms[0]?.sample ?? [];
    expect([arms[0]?.returns.length, sample.length]).toEqual([450, 200]);
    const gaps = sample.slice(1).map(({ start }, at) => start - (sample[at]?.start ?? 0));
    // Two or three lines apart: 450 / 200, up to the digits of `index`.
    expect(Math.max(...gaps) / Math.min(...gaps)).toBeLessThan(1.6);
  });
});

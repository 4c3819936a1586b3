/** The figures of a run, gathered episode by episode. Only sums are kept of the steps. */
import { quantileSorted } from 'simple-statistics';
import { type Baseline, playBaselines } from '../analysis/baselines.ts';
import type { RecordedSpecs } from '../analysis/replay.ts';
import { noParts, REWARD_PARTS, rewardParts } from '../analysis/reward-parts.ts';
import { Random } from '../lib/random.ts';
import { clip, oneLine } from '../lib/text.ts';
import { planFor } from '../policies/oracle.ts';
import type { LineRange } from '../records/read.ts';
import { answerOf } from '../records/recorded-answer.ts';
import type { EpisodeRecord, EpisodeSummary } from '../records/schema.ts';
import type { Spec } from '../vector/spec.ts';
import { GroupSpreads, InvalidSteps } from './groups.ts';
import { spreadOf } from './words.ts';

// The growth of the return from step to step, over the episodes of one arm.

/** Quartiles are computed from a uniform random sample of at most this number of episodes; the mean covers all episodes. */
export const SAMPLE = 1_000;

export type CoursePoint = ReturnType<Course['points']>[number];

export class Course {
  private readonly sums: number[] = [];
  private readonly sample: Float64Array[] = [];
  private readonly random = new Random(0);
  private episodes = 0;

  add(rewards: readonly number[]): void {
    let total = 0;
    const grown = new Float64Array(rewards.length);
    rewards.forEach((reward, step) => {
      total += reward;
      grown[step] = total;
      this.sums[step] = (this.sums[step] ?? 0) + reward;
    });
    // Algorithm R (Vitter, 1985).
    const place = this.episodes < SAMPLE ? this.episodes : this.random.below(this.episodes + 1);
    if (place < SAMPLE) this.sample[place] = grown;
    this.episodes++;
  }

  /** Whether the quartiles cover only a sample of the episodes. */
  get isSampled(): boolean {
    return this.episodes > SAMPLE;
  }

  points() {
    let total = 0;
    return this.sums.map((sum, index) => {
      total += sum;
      const values = Float64Array.from(this.sample, (grown) => grown[Math.min(index, grown.length - 1)] ?? 0).sort();
      const at = (share: number): number => quantileSorted(Array.from(values), share);
      return {
        /** Steps played, from 1. */
        step: index + 1,
        /** Mean over the episodes of the rewards summed up to here; a finished episode keeps its return. */
        mean: total / this.episodes,
        lower: at(0.25),
        median: at(0.5),
        upper: at(0.75),
      };
    });
  }
}

/** Maximum number of complete episodes of an arm, and about that of their steps, that are played again to count what was owed. */
const REPLAYED = { episodes: 200, steps: 20_000 } as const;

/** Maximum number of failed episodes, and of damaged lines, that are listed; all are counted. */
export const NAMED = 50;

/** What the episodes of an arm have in common. */
type EpisodeSetting = Pick<EpisodeSummary, 'task_id' | 'rules' | 'reward_mode' | 'policy'>;

export type GradeParts = Record<(typeof GRADE_PARTS)[number], number>;
export const GRADE_PARTS = [
  'conflict',
  'relationship',
  'task',
  'collateral',
  'value',
  'met',
  'late',
  'missed',
] as const;

/** The episodes of one task in one setting. */
export type Arm = ReturnType<ArmCollector['finish']>;
export type Figures = ReturnType<Collector['finish']>;

export class Collector {
  private readonly arms = new Map<string, ArmCollector>();
  private readonly failures: Pick<EpisodeSummary, 'episode_id' | 'task_id' | 'length' | 'failure' | 'error'>[] = [];
  private readonly damages: { line: number; why: string }[] = [];
  private readonly steps = new InvalidSteps();
  private episodes = 0;
  private failed = 0;
  private damaged = 0;

  add(record: EpisodeRecord, place: LineRange): void {
    const { task_id, rules, reward_mode, policy, status } = record;
    const key = JSON.stringify([task_id, rules, reward_mode, policy]);
    const arm = this.arms.get(key) ?? new ArmCollector({ task_id, rules, reward_mode, policy });
    this.arms.set(key, arm);
    arm.add(record, place, this.steps);
    this.episodes++;
    if (status === 'complete') return;
    const { episode_id, length, failure, error } = record;
    if (this.failed++ < NAMED) this.failures.push({ episode_id, task_id, length, failure, error });
  }

  addDamage(line: number, why: string): void {
    if (this.damaged++ < NAMED) this.damages.push({ line, why });
  }

  finish() {
    const { episodes, failed, failures, damaged, damages, steps } = this;
    const settings = [...this.arms.values()].map(({ setting }) => setting);
    const varies = (['policy', 'rules', 'reward_mode'] as const).filter(
      (field) => new Set(settings.map((setting) => setting[field])).size > 1,
    );
    const arms = [...this.arms.values()].map((arm) => {
      const { setting } = arm;
      const more = varies.map((field) => setting[field]).join(', ');
      const task = clip(oneLine(setting.task_id), 80) || '(no name)';
      return arm.finish(more === '' ? task : `${task} (${clip(oneLine(more), 80)})`);
    });
    return { arms, episodes, failed, failures, damaged, damages, steps };
  }
}

/** Number of steps with this number, from 1, and how many of them were invalid. */
export type StepShare = { readonly step: number; steps: number; invalid: number };

class ArmCollector {
  readonly setting: EpisodeSetting;
  private readonly returns: number[] = [];
  private readonly places: LineRange[] = [];
  private readonly grades: number[] = [];
  private readonly lengths: number[] = [];
  private readonly parts = noParts();
  private readonly gradeSums = Object.fromEntries(GRADE_PARTS.map((part) => [part, 0])) as GradeParts;
  private readonly course = new Course();
  private readonly groups = new GroupSpreads();
  private readonly shares: StepShare[] = [];
  private graded = 0;
  private episodes = 0;
  private failed = 0;
  private steps = 0;
  private invalid = 0;

  constructor(setting: EpisodeSetting) {
    this.setting = setting;
  }

  add(record: EpisodeRecord, place: LineRange, all: InvalidSteps): void {
    const { steps, grade, grade_parts, group_id, advantage } = record;
    this.episodes++;
    this.steps += steps.length;
    steps.forEach((recorded, step) => {
      const { step_ok, error } = recorded;
      if (!step_ok) this.invalid++;
      this.shares[step] ??= { step: step + 1, steps: 0, invalid: 0 };
      this.shares[step].steps++;
      if (!step_ok) this.shares[step].invalid++;
      all.add(answerOf(recorded), step_ok, error);
    });
    const complete = record.status === 'complete' ? record.return : null;
    this.groups.add(group_id, complete, advantage);
    if (complete === null) {
      this.failed++;
      return;
    }
    this.returns.push(complete);
    this.places.push(place);
    this.lengths.push(steps.length);
    if (grade !== null) this.grades.push(grade);
    if (grade_parts !== null) {
      this.graded++;
      for (const part of GRADE_PARTS) this.gradeSums[part] += grade_parts[part];
    }
    for (const { reward_breakdown } of steps) {
      const parts = rewardParts(reward_breakdown);
      for (const part of REWARD_PARTS) this.parts[part] += parts[part];
    }
    this.course.add(steps.map(({ reward }) => reward));
  }

  finish(label: string) {
    const { setting, episodes, failed, steps, invalid, returns, grades, lengths } = this;
    return {
      /** The task, and whatever else distinguishes it from the other arms. */
      label,
      setting,
      episodes,
      failed,
      steps,
      invalid,
      returns,
      grades,
      return: spreadOf(returns),
      grade: spreadOf(grades),
      length: spreadOf(lengths),
      /** Means of the parts of the return over the complete episodes; they add up to the mean return. */
      parts: returns.length === 0 ? undefined : scaled(this.parts, 1 / returns.length),
      /** Means of the parts of the grade; rules v2. */
      gradeParts: this.graded === 0 ? undefined : scaled(this.gradeSums, 1 / this.graded),
      course: this.course.points(),
      isSampled: this.course.isSampled,
      group: this.groups.signal(),
      invalidByStep: this.shares,
      picks: this.picks(),
      /** Places of the complete episodes to be played again, evenly spaced over the file. */
      sample: evenly(
        this.places,
        Math.min(REPLAYED.episodes, Math.ceil(REPLAYED.steps / (spreadOf(lengths).mean || 1))),
      ),
    };
  }

  /** Places of the best, median and worst episode: complete episodes by return, equal ones in the order of the file. */
  private picks() {
    const order = this.returns
      .map((value, index) => ({ value, place: this.places[index] }))
      .sort((a, b) => a.value - b.value);
    // Of several equal episodes the first one is chosen, also for the best.
    const best = order.find(({ value }) => value === order.at(-1)?.value);
    const [worst, median] = [order[0], order[Math.floor((order.length - 1) / 2)]];
    if (!worst?.place || !median?.place || !best?.place) return undefined;
    return { worst: worst.place, median: median.place, best: best.place, areEqual: worst.value === best.value };
  }
}

/** At most `most` elements of a list, evenly spaced. `most` is at least 1. */
function evenly<T>(list: readonly T[], most: number): T[] {
  const step = Math.max(1, list.length / most);
  return list.filter((_, index) => Math.floor(index / step) > Math.floor((index - 1) / step));
}

function scaled<K extends string>(sums: Readonly<Record<K, number>>, by: number): Record<K, number> {
  return Object.fromEntries(Object.entries<number>(sums).map(([key, sum]) => [key, sum * by])) as Record<K, number>;
}

/** The scenario, rules and reward mode of an arm; undefined if they are not known here. */
export function knownSpec(specs: RecordedSpecs, { setting }: Pick<Arm, 'setting'>): Spec | undefined {
  try {
    return specs.specOf(setting);
  } catch {
    return undefined;
  }
}

/** An arm, and what other policies achieve in its scenario; none if the scenario is not known here. */
export type ComparedArm = Arm & { readonly baselines: readonly Baseline[] };

/** Adds the baselines to each arm. */
export function compareArms(arms: readonly Arm[], specs: RecordedSpecs): ComparedArm[] {
  return arms.map((arm) => {
    const spec = knownSpec(specs, arm);
    const baselines = spec === undefined ? [] : playBaselines(spec, planFor(spec.task, spec.compiled));
    return { ...arm, baselines };
  });
}

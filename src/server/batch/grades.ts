/** The grades of the episodes of a batch. */
import { finalGrade } from '../../scenarios/graders.ts';
import { gradedBy } from '../../sim/rules.ts';
import type { Batch } from '../../vector/batch.ts';
import type { Spec } from '../../vector/spec.ts';
import type { WireObservation } from '../wire.ts';

export type WireGrade = NonNullable<WireObservation['grade']>;

/** The rewards of an episode up to its end. A grade of rules v1 is made from all of them. */
type Rewards = { readonly list: number[]; done: boolean };

export class Grades {
  private readonly inline: ReadonlySet<Spec>;
  /** By environment. An environment has no entry if its episode was restored from a snapshot and its earlier rewards are unknown. */
  private readonly rewards = new Map<number, Rewards>();

  /** @param inline Specs of scenarios that came with a request: rules v1 have no grader for them. */
  constructor(inline: ReadonlySet<Spec>) {
    this.inline = inline;
  }

  /** Records the rewards of a step. Returns the grades of the episodes that are over, by row. */
  stepped(batch: Batch): Map<number, WireGrade> {
    const grades = new Map<number, WireGrade>();
    for (let i = 0; i < batch.size; i++) {
      const env = batch.envIds[i] ?? 0;
      const spec = batch.spec(i);
      const needsRewards = gradedBy(spec.rules) === 'rewards';
      if (batch.failed[i] === 1) {
        this.rewards.set(env, { list: [], done: false });
        continue;
      }
      if (needsRewards && batch.isFirst(i)) this.rewards.set(env, { list: [], done: false });
      else if (needsRewards) this.add(env, batch.reward[i] ?? 0);
      if (batch.terminated[i] === 0 && batch.truncated[i] === 0) continue;
      this.end(batch, i, env, spec, grades);
      if (needsRewards && batch.final(i) !== undefined) this.rewards.set(env, { list: [], done: false });
    }
    return grades;
  }

  /** Records the rows of new episodes, which have no grade yet. */
  began(batch: Batch): Map<number, WireGrade> {
    for (const env of batch.envIds) this.rewards.set(env, { list: [], done: false });
    return new Map();
  }

  /** Records the rows of restored episodes. Returns grades as `stepped` does. */
  restored(batch: Batch): Map<number, WireGrade> {
    return this.goOn(batch, (i) => (batch.info(i).episode_step === 0 ? { list: [], done: false } : undefined));
  }

  /** Records the rows of forks. Returns grades as `stepped` does. */
  forked(batch: Batch, original: number): Map<number, WireGrade> {
    const known = this.rewards.get(original);
    return this.goOn(batch, () => (known === undefined ? undefined : { list: [...known.list], done: known.done }));
  }

  /** The grade that the episode of row `i` would have if nothing more were done; null if none is known. */
  soFar(batch: Batch, i: number): number | null {
    const spec = batch.spec(i);
    const rewards = this.rewards.get(batch.envIds[i] ?? 0);
    if (gradedBy(spec.rules) === 'rewards' && rewards === undefined) return null;
    const task = this.inline.has(spec) ? undefined : spec.task;
    return finalGrade(task, spec.rules, rewards?.list ?? [], { grade: batch.gradeSoFar(i) })?.grade ?? null;
  }

  forget(envs: readonly number[]): void {
    for (const env of envs) this.rewards.delete(env);
  }

  private goOn(batch: Batch, rewardsOf: (i: number) => Rewards | undefined): Map<number, WireGrade> {
    const grades = new Map<number, WireGrade>();
    batch.envIds.forEach((env, i) => {
      const rewards = rewardsOf(i);
      if (rewards === undefined) this.rewards.delete(env);
      else this.rewards.set(env, rewards);
      if (batch.terminated[i] === 1 || batch.truncated[i] === 1) this.end(batch, i, env, batch.spec(i), grades);
    });
    return grades;
  }

  /** Records a reward. Steps after the end (autoreset `disabled`) are refused, and their penalty does not count. */
  private add(env: number, reward: number): void {
    const rewards = this.rewards.get(env);
    if (rewards !== undefined && !rewards.done) rewards.list.push(reward);
  }

  private end(batch: Batch, i: number, env: number, spec: Spec, into: Map<number, WireGrade>): void {
    const rewards = this.rewards.get(env);
    if (rewards !== undefined) rewards.done = true;
    if (gradedBy(spec.rules) === 'rewards' && rewards === undefined) return;
    const task = this.inline.has(spec) ? undefined : spec.task;
    const grade = finalGrade(task, spec.rules, rewards?.list ?? [], { grade: batch.grade(i) });
    if (grade !== null) into.set(i, grade);
  }
}

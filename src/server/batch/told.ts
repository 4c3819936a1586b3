/** What the rows of a batch say under its profiles: rewards and texts. */
import { deltaOf, deltaText } from '../../sim/observation/delta.ts';
import type { Observation } from '../../sim/observation/observation.ts';
import { ProfiledRewards } from '../../sim/reward-profile.ts';
import type { Batch } from '../../vector/batch.ts';
import type { Profiles } from '../profiles.ts';
import type { Grades, WireGrade } from './grades.ts';

/** The rewards and texts of an outcome, by row. What is undefined is that of the batch itself. */
export type ToldRows = {
  readonly rewards?: readonly number[];
  readonly texts?: readonly string[];
  /** The last texts of episodes that were replaced (autoreset `same_step`), by row. */
  readonly finalTexts?: ReadonlyMap<number, string>;
};

type Seen = { readonly episode: number; readonly observation: Observation };

/** Follows the episodes of a batch. If its profiles need nothing beyond the rows themselves, it keeps nothing. */
export class Teller {
  private readonly profiles: Profiles;
  private readonly grades: Grades;
  /** By environment. */
  private readonly rewards = new Map<number, ProfiledRewards>();
  private readonly seen = new Map<number, Seen>();

  constructor(profiles: Profiles, grades: Grades) {
    this.profiles = profiles;
    this.grades = grades;
  }

  /** @param grades The grades of the episodes that are over, by row */
  stepped(batch: Batch, grades: ReadonlyMap<number, WireGrade>): ToldRows {
    return {
      ...(this.profiles.reward === 'step' ? {} : { rewards: this.rewardsOf(batch, grades) }),
      ...this.textsOf(batch),
    };
  }

  /** The rows of episodes that begin. */
  began(batch: Batch): ToldRows {
    for (const env of batch.envIds) this.rewards.delete(env);
    return this.textsOf(batch);
  }

  /** The rows of restored episodes and of forks. Their texts are whole. */
  goesOn(batch: Batch): ToldRows {
    const { reward, successGrade } = this.profiles;
    batch.envIds.forEach((env, i) => {
      this.seen.delete(env);
      if (reward === 'step') return;
      const isBegun = batch.observation(i).step > 0;
      const isOver = batch.terminated[i] === 1 || batch.truncated[i] === 1;
      const soFar = isBegun && reward === 'gain' ? (this.grades.soFar(batch, i) ?? 0) : 0;
      this.rewards.set(env, new ProfiledRewards(reward, successGrade, { soFar, isOver }));
    });
    return this.textsOf(batch);
  }

  forget(envs: readonly number[]): void {
    for (const env of envs) {
      this.rewards.delete(env);
      this.seen.delete(env);
    }
  }

  private rewardsOf(batch: Batch, grades: ReadonlyMap<number, WireGrade>): number[] {
    const { reward: profile, successGrade } = this.profiles;
    return batch.envIds.map((env, i) => {
      const reward = batch.reward[i] ?? 0;
      if (batch.isFirst(i)) {
        this.rewards.delete(env);
        return reward;
      }
      const rewards = this.rewards.get(env) ?? new ProfiledRewards(profile, successGrade);
      this.rewards.set(env, rewards);
      const done = batch.terminated[i] === 1 || batch.truncated[i] === 1;
      const grade = done ? (grades.get(i)?.grade ?? null) : null;
      if (done && (batch.failed[i] === 1 || batch.final(i) !== undefined)) this.rewards.delete(env);
      return rewards.next({ reward, done, grade, gradeSoFar: () => this.grades.soFar(batch, i) }) ?? 0;
    });
  }

  private textsOf(batch: Batch): Pick<ToldRows, 'texts' | 'finalTexts'> {
    if (this.profiles.observation !== 'delta') return {};
    const finalTexts = new Map<number, string>();
    const texts = batch.envIds.map((env, i) => {
      const before = this.seen.get(env);
      const final = batch.final(i);
      if (final !== undefined)
        finalTexts.set(i, before ? changes(before.observation, final.observation) : final.briefing);
      const now = { episode: batch.episode(i), observation: batch.observation(i) };
      this.seen.set(env, now);
      const isNext = before?.episode === now.episode && !batch.isFirst(i);
      return isNext ? changes(before.observation, now.observation) : batch.briefing(i);
    });
    return { texts, finalTexts };
  }
}

function changes(before: Observation, after: Observation): string {
  return deltaText(deltaOf(before, after));
}

/** The batches of a server: their number, the room that they may take, and when the server deletes them. */
import { randomUUID } from 'node:crypto';
import { quote } from '../../lib/text.ts';
import { defaultTaskIds } from '../../scenarios/shipped.ts';
import type { Recovery } from '../../vector/supervision.ts';
import type { Holder, Memory } from '../memory.ts';
import type { Metrics } from '../metrics.ts';
import type { ServerOptions } from '../options.ts';
import { Problem, refusedSchema } from '../problem.ts';
import type { ProfileOptions } from '../profiles.ts';
import type { Specs } from '../specs.ts';
import { ANSWER_LIMITS, type AnswerLimits } from './answer-size.ts';
import { HostedBatch } from './hosted.ts';
import { type BatchPlan, batchBytes, planBatch, slotsOf } from './plan.ts';
import { AnswerStore, MAX_ANSWERS, MAX_BATCH_IDS, Remembered } from './remembered.ts';
import type { CreateRequest } from './wire.ts';

type BatchLimits = Pick<ServerOptions, 'maxBatches' | 'maxEnvs' | 'batchTimeout' | 'workers' | 'rules' | 'rewardMode'> &
  ProfileOptions;

/** One batch and what the server knows about it. */
export type Listed = {
  readonly id: string;
  readonly batch: HostedBatch;
  readonly answers: Remembered;
  /** The number of environments that the batch counts as. */
  readonly slots: number;
  /** The id of the request that made the batch, if it had one. */
  readonly madeBy: string | undefined;
};

type BatchEntry = Listed & { underWay: number; usedAt: number; readonly holder: Holder };

/** The maximum number of remembered answers to POST /batch. */
const MAX_CREATIONS = 256;
/** Seconds after which a refused client may try again. */
const RETRY_AFTER = 5;
/** Milliseconds that a batch must have been idle before the server may delete it to free memory: its trainer may be computing. */
const GIVE_UP_MS = 300_000;

/** There is no room for a batch. The answer says how much room there is. */
class LimitProblem extends Problem {
  override readonly retryAfter: number | undefined;
  private readonly figures: { limit: number; in_use: number; asked: number };

  constructor(status: number, code: string, message: string, figures: LimitProblem['figures']) {
    super(status, code, message);
    this.figures = figures;
    this.retryAfter = status === 429 ? RETRY_AFTER : undefined;
  }

  override get body(): Problem['body'] {
    return { ...refusedSchema.parse(super.body), ...this.figures };
  }
}

export class Batches {
  /** Remembered answers to POST /batch. */
  readonly creations: Remembered;
  /** Called for each worker thread of a batch that was lost and replaced. */
  onRecovery: (batchId: string, recovery: Recovery) => void = () => undefined;
  readonly answerLimits: AnswerLimits;
  private readonly limits: BatchLimits;
  private readonly specs: Specs;
  private readonly memory: Memory;
  private readonly metrics: Metrics;
  private readonly entries = new Map<string, BatchEntry>();
  private readonly store: AnswerStore;
  private readonly reaper: NodeJS.Timeout;
  private making: Promise<unknown> = Promise.resolve();
  /** The number of batches that are being made or wait to be made; each wait keeps the whole request in memory. */
  private unmade = 0;

  constructor(specs: Specs, memory: Memory, metrics: Metrics, limits: BatchLimits, answerLimits = ANSWER_LIMITS) {
    this.specs = specs;
    this.memory = memory;
    this.metrics = metrics;
    this.limits = limits;
    this.answerLimits = answerLimits;
    this.store = new AnswerStore(memory);
    this.creations = new Remembered(this.store, 'create', MAX_CREATIONS);
    this.reaper = setInterval(() => this.reap(), Math.min(5_000, limits.batchTimeout * 500)).unref();
  }

  get count(): number {
    return this.entries.size;
  }

  /** The maximum number of environments of all batches together, room for forks included. */
  get maxEnvs(): number {
    return this.limits.maxEnvs;
  }

  /** The number of environments of all batches, existing forks included. */
  get envs(): number {
    let sum = 0;
    for (const { batch } of this.entries.values()) sum += batch.envIds.length;
    return sum;
  }

  /**
   * Makes a batch. Batches are made one at a time, so that the memory for compiling is bounded too.
   * @param refuse Called with the plan before anything is made. It throws to refuse the batch.
   * @throws Problem, ValidationError, UnknownTaskError, LengthError
   */
  async create(request: CreateRequest, refuse: (plan: BatchPlan) => void): Promise<Listed> {
    this.refuseMore(this.unmade);
    this.unmade++;
    const made = this.making.then(() => this.make(request, refuse));
    // The chain drops the result of `made`, which would keep the last batch alive.
    const over = (): void => {
      this.unmade--;
    };
    this.making = made.then(over, over);
    return made;
  }

  private async make(request: CreateRequest, refuse: (plan: BatchPlan) => void): Promise<Listed> {
    const plan = await this.plan(request);
    const slots = slotsOf(plan.options);
    this.refuseOver(slots);
    refuse(plan);
    const id = randomUUID();
    const holder: Holder = {
      mayGo: () => entry.underWay === 0 && performance.now() - entry.usedAt >= GIVE_UP_MS,
      giveUp: () => void this.delete(id).catch(() => undefined),
    };
    this.memory.hold(holder, batchBytes(plan.options));
    const entry: BatchEntry = {
      id,
      holder,
      batch: this.host(id, plan, holder),
      answers: new Remembered(this.store, id, MAX_ANSWERS, MAX_BATCH_IDS),
      slots,
      madeBy: request.request_id ?? undefined,
      underWay: 0,
      usedAt: performance.now(),
    };
    this.entries.set(id, entry);
    return entry;
  }

  private host(id: string, plan: BatchPlan, holder: Holder): HostedBatch {
    try {
      return new HostedBatch(plan, {
        restarted: (count) => this.metrics.restarted(count),
        recovered: (recovery) => {
          this.metrics.recovered();
          this.onRecovery(id, recovery);
        },
      });
    } catch (error) {
      this.memory.release(holder);
      throw error;
    }
  }

  /** @throws Problem (404) */
  find(id: string): Listed {
    return this.entryOf(id);
  }

  /** Seconds since the last call. */
  idleSeconds(id: string): number {
    const { underWay, usedAt } = this.entryOf(id);
    return underWay > 0 ? 0 : (performance.now() - usedAt) / 1000;
  }

  /** Runs `work` with a batch. The idle time of the batch counts from the end of `work`. */
  async use<T>(id: string, work: (listed: Listed) => Promise<T>): Promise<T> {
    const entry = this.entryOf(id);
    entry.underWay++;
    try {
      return await work(entry);
    } finally {
      entry.underWay--;
      entry.usedAt = performance.now();
      this.memory.touch(entry.holder);
    }
  }

  /** Deletes a batch. Requests that are still using it are refused. */
  async delete(id: string): Promise<void> {
    const entry = this.entryOf(id);
    this.entries.delete(id);
    this.memory.release(entry.holder);
    entry.answers.clear();
    if (entry.madeBy !== undefined) this.creations.forget(entry.madeBy);
    await entry.batch.close();
  }

  /** Deletes all batches. */
  async close(): Promise<void> {
    clearInterval(this.reaper);
    await Promise.all([...this.entries.keys()].map((id) => this.delete(id)));
  }

  private plan(request: CreateRequest): Promise<BatchPlan> {
    this.refuseMore(0);
    const taken = this.slots();
    // The server must not start to compile for more environments than there can be.
    const dealt = (request.tasks ?? defaultTaskIds()).length * (request.group_size ?? 1);
    const named = Math.max(request.num_envs ?? 0, request.envs?.length ?? 0);
    this.refuseOver((named === 0 ? dealt : named) + (request.max_forks ?? 0));
    return planBatch(request, this.specs, this.limits, this.limits.maxEnvs - taken);
  }

  /** @param unmade The number of batches that are to be made before this one. */
  private refuseMore(unmade: number): void {
    const { maxBatches } = this.limits;
    const taken = this.count + unmade;
    if (taken < maxBatches) return;
    const being = unmade === 0 ? '' : ` (${unmade} of them are being made)`;
    throw new LimitProblem(
      429,
      'TOO_MANY_BATCHES',
      `there are ${taken} batches${being}, and at most ${maxBatches} at once; delete one, or try again later`,
      { limit: maxBatches, in_use: taken, asked: 1 },
    );
  }

  private refuseOver(asked: number): void {
    const { maxEnvs } = this.limits;
    const taken = this.slots();
    if (taken + asked <= maxEnvs) return;
    throw new LimitProblem(
      413,
      'TOO_MANY_ENVS',
      `the batch counts as ${asked} environments, room for its forks included (one with a large scenario counts as several); ` +
        `all batches together may have ${maxEnvs}, and ${taken} are taken`,
      { limit: maxEnvs, in_use: taken, asked },
    );
  }

  private slots(): number {
    let sum = 0;
    for (const { slots } of this.entries.values()) sum += slots;
    return sum;
  }

  private entryOf(id: string): BatchEntry {
    const entry = this.entries.get(id);
    if (entry !== undefined) return entry;
    throw new Problem(
      404,
      'UNKNOWN_BATCH',
      `there is no batch ${quote(id)}: it was never made, was deleted or was idle too long; POST /batch makes one`,
    );
  }

  private reap(): void {
    const before = performance.now() - this.limits.batchTimeout * 1000;
    for (const { id, underWay, usedAt } of this.entries.values()) {
      if (underWay === 0 && usedAt < before) this.delete(id).catch(() => undefined);
    }
  }
}

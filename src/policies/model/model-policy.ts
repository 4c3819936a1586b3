/** A policy that is a language model at an OpenAI-compatible endpoint. */
import { createHash } from 'node:crypto';
import { deriveSeed } from '../../lib/random.ts';
import { deltaOf, deltaText } from '../../sim/observation/delta.ts';
import type { Observation } from '../../sim/observation/observation.ts';
import { parseWith } from '../../world/validate.ts';
import { PolicyFailure, RunHalted } from '../failure.ts';
import type { Actor, AnnotatedAnswer, Beginner, PolicyTurn } from '../policy.ts';
import { answerMetadata, completionIn, type ModelAnswer, StoredAnswers, tokensOf } from './answer.ts';
import { Conversation, requestBody } from './conversation.ts';
import { Endpoints } from './endpoint.ts';
import { type ModelOptions, type ModelOptionsInput, modelOptionsSchema } from './options.ts';

/** What the answers of a run have cost so far, those of earlier runs in the same folder included. */
export type ModelTotals = {
  /** Answers, and how many of them this run requested. */
  answers: number;
  asked: number;
  promptTokens: number;
  completionTokens: number;
  /** Sum of the latencies of the calls of this run, in milliseconds. */
  latencyMs: number;
  /** By the given prices; 0 without. */
  cost: number;
};

/** A model as a policy. Its owner closes it. */
export type ModelPolicy = Beginner & {
  readonly name: string;
  readonly totals: Readonly<ModelTotals>;
  /**
   * Checks that every endpoint answers and has the model.
   * @throws GhostexecError (ENDPOINT, NO_MODEL)
   */
  preflight(): Promise<void>;
  /** Waits for the answers of the calls in flight, which are stored, and closes the connections and the file of answers. */
  close(): Promise<void>;
};

const TOKENS_PER_PRICE = 1e6;
/** Seeds of calls are below this: some endpoints take 32 bits with a sign. */
const SEEDS = 2 ** 31;

/**
 * A policy that asks a language model.
 * @throws ValidationError if the options are not valid
 * @example
 * const policy = createModelPolicy({ model: 'qwen3-8b', baseUrls: ['http://127.0.0.1:8000/v1'], temperature: 0.7 });
 * await policy.preflight();
 * const { summaries } = await runRollout({ policy, out: 'runs/qwen' });
 * await policy.close();
 */
export function createModelPolicy(options: ModelOptionsInput): ModelPolicy {
  return new EndpointPolicy(parseWith(modelOptionsSchema, options, 'model options'));
}

/** The name of a model as a policy, in plans and records. */
export function modelPolicyName(model: string): string {
  return `model:${model}`;
}

class EndpointPolicy implements ModelPolicy {
  readonly name: string;
  readonly totals: ModelTotals = { answers: 0, asked: 0, promptTokens: 0, completionTokens: 0, latencyMs: 0, cost: 0 };
  private readonly options: ModelOptions;
  private readonly endpoints: Endpoints;
  private readonly inFlight = new Set<Promise<ModelAnswer>>();
  private store: Promise<StoredAnswers> | undefined;

  constructor(options: ModelOptions) {
    this.name = modelPolicyName(options.model);
    this.options = options;
    this.endpoints = new Endpoints(options);
  }

  preflight(): Promise<void> {
    return this.endpoints.check();
  }

  start(): Actor {
    const chat = new Conversation(this.options);
    const at = { place: this.endpoints.place() };
    /** What the model saw last, if it sees changes. */
    let before: Observation | undefined;
    return {
      act: async (turn) => {
        chat.show(before === undefined ? turn.briefing : deltaText(deltaOf(before, turn.observation)));
        if (this.options.observation === 'delta') before = turn.observation;
        const answering = this.answerTo(turn, chat, at);
        this.inFlight.add(answering);
        const answer = await answering.finally(() => this.inFlight.delete(answering));
        chat.answered(answer);
        return this.annotated(answer);
      },
    };
  }

  async close(): Promise<void> {
    this.endpoints.stop();
    await Promise.allSettled(this.inFlight);
    await this.endpoints.close();
    (await this.store)?.close();
  }

  private async answerTo(
    { episode, seed, step }: PolicyTurn,
    chat: Conversation,
    at: { place: number },
  ): Promise<ModelAnswer> {
    const { modelSeed = 0, answers } = this.options;
    const body = requestBody(this.options, chat.messages, deriveSeed(modelSeed, seed, step) % SEEDS);
    if (answers === undefined) return this.ask(at, body, step);
    // The file is opened by the first call, when the run has locked its folder.
    this.store ??= StoredAnswers.open(answers, (answer) => this.count(answer));
    const store = await this.store;
    const request = createHash('sha256').update(JSON.stringify(body)).digest('hex');
    const key = { episode, step, request };
    const stored = await store.get(key);
    if (stored !== undefined) return stored;
    const answer = await this.ask(at, body, step);
    store.add(key, answer);
    return answer;
  }

  private async ask(at: { place: number }, body: ReturnType<typeof requestBody>, step: number): Promise<ModelAnswer> {
    const { maxCost = Number.POSITIVE_INFINITY } = this.options;
    const { totals } = this;
    if (totals.cost >= maxCost) {
      throw new RunHalted(`the calls have cost ${totals.cost.toFixed(2)}, and the most is ${maxCost}`);
    }
    const answer = await this.endpoints.ask(at, body, step);
    totals.asked++;
    totals.latencyMs += answer.latency_ms;
    this.count(answer);
    return answer;
  }

  private count(answer: ModelAnswer): void {
    const { totals } = this;
    const { prompt, completion } = tokensOf(answer);
    totals.answers++;
    totals.promptTokens += prompt;
    totals.completionTokens += completion;
    totals.cost += this.costOf(answer) ?? 0;
  }

  /** Undefined without prices. */
  private costOf(answer: ModelAnswer): number | undefined {
    const { priceIn, priceOut } = this.options;
    if (priceIn === undefined || priceOut === undefined) return undefined;
    const { prompt, completion } = tokensOf(answer);
    return (prompt * priceIn + completion * priceOut) / TOKENS_PER_PRICE;
  }

  /** An answer that was cut off is read like any other; one that the endpoint filtered fails the episode. */
  private annotated(answer: ModelAnswer): AnnotatedAnswer {
    if (answer.finish_reason === 'content_filter') {
      throw new PolicyFailure('content_filter', 'the endpoint filtered the answer');
    }
    return { completion: completionIn(answer), metadata: { ...answerMetadata(answer, this.costOf(answer)) } };
  }
}

/** The interface of a policy: it answers turns, and sees nothing else of an episode. */
import type { Observation } from '../sim/observation/observation.ts';
import type { PolicyAnswer } from '../world/completion/completion.ts';
import type { Action } from '../world/schema.ts';

/** A message of a chat: `user` holds a briefing, `assistant` the answer to it, an action as JSON. */
export type Message = { readonly role: 'user' | 'assistant'; readonly content: string };

/** The point of an episode at which a policy decides. Texts and messages are made on access. */
export type PolicyTurn = {
  /** What the policy sees, as data. */
  readonly observation: Observation;
  /** The same as text. */
  readonly briefing: string;
  /** The episode so far as a chat. The last message is the present briefing. */
  readonly messages: readonly Message[];
  /** Id of the task. */
  readonly task: string;
  /** Index of the episode in the rollout, from 0, and its id. */
  readonly episode: number;
  readonly episodeId: string;
  /** Number of the step, from 0. */
  readonly step: number;
  /** Seed of the policy in this episode, 0..2^53-1. Episodes of a group differ by it. */
  readonly seed: number;
};

/** An answer with metadata, such as tokens or a confidence, which are recorded and have no effect: any JSON. */
export type AnnotatedAnswer = ({ readonly action: Action } | { readonly completion: string }) & {
  readonly metadata?: Readonly<Record<string, unknown>>;
};

/** What a policy returns for a turn. */
export type TurnAnswer = PolicyAnswer | AnnotatedAnswer;

/** Answers turns one at a time. */
export type Actor = {
  /**
   * Returns an action, or a raw completion that contains one; with `metadata` if it likes. A call that throws fails its episode.
   * @example
   * const actor = { act: async ({ messages }) => ({ completion: await askMyModel(messages), metadata: { model: 'mine' } }) };
   */
  act(turn: PolicyTurn): TurnAnswer | Promise<TurnAnswer>;
};

/** Answers the turns of one episode. */
export type EpisodeActor = Actor & {
  /** Called once when the episode is over, also if it failed. The episode is recorded after it, with the metadata that it returns. */
  end?(outcome: EpisodeOutcome): EpisodeNotes | void | Promise<EpisodeNotes> | Promise<void>;
};

/** What a policy says of a whole episode: metadata, which are recorded and have no effect. */
export type EpisodeNotes = { readonly metadata?: Readonly<Record<string, unknown>> } | undefined;

/** How an episode ended. */
export type EpisodeOutcome = {
  readonly episodeId: string;
  /** The grade in [0.01, 0.99]; null if the episode failed or has none. */
  readonly grade: number | null;
  /** Sum of the rewards; null if the episode failed. */
  readonly return: number | null;
  /** Why the episode failed; null if it did not. */
  readonly error: string | null;
};

/** Answers the turns of many episodes together, for example in one pass of a network. */
export type VectorActor = {
  /**
   * Returns an answer for each turn, in their order. There is one call at a time, with all turns that have come up since the last
   * one. A call that throws fails all its episodes.
   */
  actBatch(turns: readonly PolicyTurn[]): readonly TurnAnswer[] | Promise<readonly TurnAnswer[]>;
};

/** Begins episodes with a memory: each has its own actor. */
export type Beginner = {
  /** Returns a new actor. Equal seeds and observations should give equal answers. */
  start(seed: number): EpisodeActor;
};

/**
 * A policy has one of three forms: `act`, which keeps nothing between turns; `start`, which returns an actor for each episode; or
 * `actBatch`. Its name goes into the records.
 */
export type Policy = { readonly name: string } & (Actor | VectorActor | Beginner);

/** Decides one step of an episode at once. The observation is valid until it returns. The answers conform to their schema. */
export type Decide = (observation: Observation) => PolicyAnswer;

/** A policy of the package. */
export type BuiltInPolicy = { readonly name: string; readonly begin: (seed: number) => Decide } & Beginner;

export function builtIn(name: string, begin: BuiltInPolicy['begin']): BuiltInPolicy {
  const start = (seed: number): Actor => {
    const decide = begin(seed);
    return { act: ({ observation }) => decide(observation) };
  };
  return { name, begin, start };
}

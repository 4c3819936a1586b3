/** What a shard can be asked to do, and how an engine does it. */
import type { ColumnsData } from './columns.ts';
import type { FinalStep, ResetOrder, SavedEpisode, SerialEngine } from './engine.ts';
import type { PackedAnswers } from './packed-answers.ts';
import type { Autoreset, Groups, SpecData } from './spec.ts';
import { readAnswer } from './wire-action.ts';

export type Command =
  | { readonly op: 'reset'; readonly orders: readonly ResetOrder[] }
  | { readonly op: 'step'; readonly envs: readonly number[]; readonly actions: readonly unknown[] }
  | { readonly op: 'save'; readonly envs: readonly number[] }
  | { readonly op: 'load'; readonly envs: readonly number[]; readonly saved: readonly SavedEpisode[] }
  | { readonly op: 'release'; readonly envs: readonly number[] }
  | { readonly op: 'fail'; readonly env: number; readonly error: string };

export type Reply = { readonly finals: readonly FinalStep[]; readonly saved: readonly SavedEpisode[] };

/** A step as it travels: memory and one text (packed-answers.ts), which are several times cheaper to send than lists. */
export type WireStep = { readonly op: 'step'; readonly envs: Uint32Array; readonly answers: PackedAnswers };

/** A step whose answers lie in the shard's ActionChannel from `start` on, in so many portions, of so many bytes in all. */
export type SentStep = {
  readonly op: 'sent';
  readonly start: number;
  readonly portions: number;
  readonly envs: number;
  readonly bytes: number;
};

/** What a worker does and, should it be lost, another one does again. */
export type LoggedCommand = Exclude<Command, { op: 'step' }> | WireStep | SentStep;

/** What travels to a worker: a command, or what recovery asks besides. */
export type WireCommand =
  | LoggedCommand
  /** A step that comes through the shard's ActionChannel, and begins there. */
  | { readonly op: 'stream'; readonly start: number }
  | { readonly op: 'checkpoint' }
  | { readonly op: 'recover'; readonly checkpoint: Uint8Array | undefined; readonly log: readonly LoggedCommand[] };

/** The answer to `checkpoint` is the bytes; to anything else, a Reply. */
export type WireReply = Reply & { readonly checkpoint?: Uint8Array };

/** What a worker is born with. */
export type WorkerData = {
  readonly columns: ColumnsData;
  readonly specs: readonly SpecData[];
  readonly autoreset: Autoreset;
  readonly groups: Groups;
  /** Memory of the shard's ActionChannel. */
  readonly channel: SharedArrayBuffer;
};

const NOTHING = [] as const;

export function execute(engine: SerialEngine, command: Command): Reply {
  switch (command.op) {
    case 'reset':
      engine.reset(command.orders);
      return { finals: NOTHING, saved: NOTHING };
    case 'step':
      return { finals: engine.step(command.envs, command.actions, readAnswer), saved: NOTHING };
    case 'save':
      return { finals: NOTHING, saved: engine.save(command.envs) };
    case 'load':
      engine.load(command.envs, command.saved);
      return { finals: NOTHING, saved: NOTHING };
    case 'release':
      engine.release(command.envs);
      return { finals: NOTHING, saved: NOTHING };
    case 'fail':
      return { finals: engine.fail(command.env, command.error), saved: NOTHING };
  }
}

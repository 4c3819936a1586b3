/**
 * Errors of a VectorEnv: one class for each misuse, and one for lost workers. Each message names the call and says what was
 * expected.
 */
import { GhostexecError } from '../lib/errors.ts';

/** A step or a snapshot named an environment that was never reset. */
export class ResetNeededError extends GhostexecError {
  override readonly name = 'ResetNeededError';
  constructor(call: string, envId: number) {
    super('RESET_NEEDED', `${call}: environment ${envId} has no episode yet; call reset() first`);
  }
}

/** A call came before an earlier one had returned, or before its results had been received. */
export class AlreadyPendingError extends GhostexecError {
  override readonly name = 'AlreadyPendingError';
  constructor(call: string, envId?: number) {
    super(
      'ALREADY_PENDING',
      envId === undefined
        ? `${call}: an earlier call is still waiting for its results`
        : `${call}: environment ${envId} was sent an action whose result has not been received; call recv() first`,
    );
  }
}

/** `recv` requested more results than there are outstanding actions. */
export class NothingPendingError extends GhostexecError {
  override readonly name = 'NothingPendingError';
  constructor(asked: number, pending: number) {
    super(
      'NOTHING_PENDING',
      `recv(${asked}): only ${pending} environments have been sent an action; call send() first`,
    );
  }
}

/** A call came after `close`, or was waiting when the VectorEnv was closed. */
export class ClosedError extends GhostexecError {
  override readonly name = 'ClosedError';
  constructor(call: string) {
    super('CLOSED', `${call}: this VectorEnv is closed`);
  }
}

/** The number of actions, seeds, tasks or mask entries differs from the number of environments. */
export class LengthError extends GhostexecError {
  override readonly name = 'LengthError';
  constructor(call: string, what: string, received: number, expected: number) {
    super('LENGTH', `${call}: received ${received} ${what} for ${expected} environments`);
  }
}

/** A call named an environment that does not exist, that it may not name, or that it named before. */
export class UnknownEnvError extends GhostexecError {
  override readonly name = 'UnknownEnvError';
  constructor(call: string, envId: unknown, why = 'there is no such environment') {
    super('UNKNOWN_ENV', `${call}: environment ${String(envId)}: ${why}`);
  }
}

/** A call named a task that is neither shipped nor loaded. */
export class UnknownTaskError extends GhostexecError {
  override readonly name = 'UnknownTaskError';
  constructor(task: unknown, known: readonly string[]) {
    super('UNKNOWN_TASK', `there is no task ${JSON.stringify(task)}; known tasks: ${known.join(', ') || '(none)'}`);
  }
}

/** The text of a batch was read after its environment had been stepped or reset. The numbers of a batch never become stale. */
export class StaleBatchError extends GhostexecError {
  override readonly name = 'StaleBatchError';
  constructor(envId: number) {
    super(
      'STALE_BATCH',
      `environment ${envId} has been stepped or reset since this batch; read briefing() and info() before that`,
    );
  }
}

/** A snapshot cannot be restored: it is corrupt, truncated, of another version, or its scenarios are not loaded. */
export class SnapshotError extends GhostexecError {
  override readonly name = 'SnapshotError';
  constructor(why: string) {
    super('SNAPSHOT', `the snapshot cannot be restored: ${why}`);
  }
}

/** No slot is free for a fork. */
export class CapacityError extends GhostexecError {
  override readonly name = 'CapacityError';
  constructor(asked: number, free: number) {
    super(
      'CAPACITY',
      `${asked} more environments were requested, and there is room for ${free}; release() some, or create with a larger maxForks`,
    );
  }
}

/** A worker thread was lost, and with it the environments of its shard. */
export class ShardFailedError extends GhostexecError {
  override readonly name = 'ShardFailedError';
  constructor(shard: number, cause: unknown) {
    super('SHARD_FAILED', `shard ${shard} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

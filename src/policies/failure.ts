/** The failures of a policy: what an episode records of them, and those that end the run. */
import { GhostexecError, messageOf } from '../lib/errors.ts';
import type { FailureKind } from '../records/schema.ts';

/**
 * Thrown by a policy to fail its episode, which is recorded with this kind of failure. `rollout --resume` plays an episode again
 * that failed by `infrastructure`. Any other error that a policy throws is recorded as `policy`.
 * @example
 * throw new PolicyFailure('infrastructure', 'my model server does not answer');
 */
export class PolicyFailure extends GhostexecError {
  override readonly name = 'PolicyFailure';
  readonly failure: FailureKind;

  constructor(failure: FailureKind, message: string, options?: ErrorOptions) {
    super('POLICY', message, options);
    this.failure = failure;
  }
}

/**
 * Thrown by a policy to end the run: further episodes would fail alike. The run is interrupted, its finished episodes are kept, and
 * those in flight are not recorded.
 */
export class RunHalted extends GhostexecError {
  override readonly name = 'RunHalted';

  constructor(message: string, options?: ErrorOptions) {
    super('HALTED', message, options);
  }
}

/** What an episode records of its failure. */
export type PolicyError = { readonly error: string; readonly failure: FailureKind };

/** What is recorded of an error that a policy threw. */
export function failureOf(error: unknown): PolicyError {
  const failure = error instanceof PolicyFailure ? error.failure : 'policy';
  return { error: `the policy failed: ${messageOf(error)}`, failure };
}

/**
 * The base class of every error that this package throws on purpose. `code` is stable and meant for programs. `message` is
 * meant for people: it quotes the offending value and says what was expected.
 */
export class GhostexecError extends Error {
  override readonly name: string = 'GhostexecError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A file or an argument does not follow its schema. `issues` has one line for each problem. */
export class ValidationError extends GhostexecError {
  override readonly name = 'ValidationError';
  readonly issues: readonly string[];

  constructor(subject: string, issues: readonly string[]) {
    super('VALIDATION', `${subject} is not valid:\n${issues.map((issue) => `  ${issue}`).join('\n')}`);
    this.issues = issues;
  }
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One drift event with its names resolved; what resolves to nothing is left out. */
export type CompiledDriftEvent = {
  readonly shiftHours: number | undefined;
  readonly preference: { readonly contact: number; readonly value: number } | undefined;
  readonly deadline: { readonly task: number; readonly entry: number } | undefined;
  /** Emails of each of the senders that fall silent; events that name one sender share the list. */
  readonly suppressedEmails: readonly (readonly number[])[];
  readonly mood: { readonly contact: number; readonly value: number } | undefined;
};

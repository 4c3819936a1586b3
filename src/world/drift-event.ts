/** One drift event with its names resolved. Names that refer to nothing are omitted. */
export type CompiledDriftEvent = {
  readonly shiftHours: number | undefined;
  readonly preference: { readonly contact: number; readonly value: number } | undefined;
  readonly deadline: { readonly task: number; readonly entry: number } | undefined;
  /** The emails of each sender that falls silent. Events that name the same sender share the list. */
  readonly suppressedEmails: readonly (readonly number[])[];
  readonly mood: { readonly contact: number; readonly value: number } | undefined;
};

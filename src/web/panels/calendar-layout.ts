/** Where the meetings of a day stand beside each other. Pure. */

export type Slot = {
  readonly id: string;
  /** Minutes since 1970-01-01T00:00Z. */
  readonly start: number;
  readonly end: number;
};
export type Placed<S extends Slot> = {
  readonly slot: S;
  /** Column, from 0, of `columns` that the meetings around it share. */
  readonly column: number;
  readonly columns: number;
};

/**
 * Puts overlapping meetings side by side.
 * @param least Minutes that a block takes at least on the paper, so that its title can be read.
 */
export function placeMeetings<S extends Slot>(slots: readonly S[], least = 0): Placed<S>[] {
  const sorted = [...slots].sort((a, b) => a.start - b.start || b.end - a.end);
  const placed: Placed<S>[] = [];
  let cluster: { slot: S; column: number }[] = [];
  /** Ends of the columns of the cluster. */
  let ends: number[] = [];
  const close = (): void => {
    for (const { slot, column } of cluster) placed.push({ slot, column, columns: ends.length });
    cluster = [];
    ends = [];
  };
  for (const slot of sorted) {
    if (ends.every((end) => end <= slot.start)) close();
    const free = ends.findIndex((end) => end <= slot.start);
    const column = free === -1 ? ends.length : free;
    ends[column] = Math.max(slot.end, slot.start + least);
    cluster.push({ slot, column });
  }
  close();
  return placed;
}

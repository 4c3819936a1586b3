/** Lays out overlapping meetings of a day side by side. Pure. */

export type Slot = {
  readonly id: string;
  /** Minutes since 1970-01-01T00:00Z. */
  readonly start: number;
  readonly end: number;
};
export type Placed<S extends Slot> = {
  readonly slot: S;
  /** Column from 0; `columns` is the number of columns that the overlapping meetings share. */
  readonly column: number;
  readonly columns: number;
};

/**
 * Puts overlapping meetings side by side.
 * @param least Minimum height of a block in minutes, so that its title is readable.
 */
export function placeMeetings<S extends Slot>(slots: readonly S[], least = 0): Placed<S>[] {
  const sorted = [...slots].sort((a, b) => a.start - b.start || b.end - a.end);
  const placed: Placed<S>[] = [];
  let cluster: { slot: S; column: number }[] = [];
  /** The end of the last meeting in each column of the current cluster. */
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

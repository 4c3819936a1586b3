/**
 * Adds an index to the first `length` of a list, which are sorted by key, then by index. Cheap where it belongs near the
 * end. What stands behind them is written over, so that a list can serve again without being emptied.
 */
export function insertByKey(list: number[], length: number, index: number, key: Float64Array): void {
  let at = length;
  const own = key[index] ?? 0;
  for (; at > 0; at--) {
    const other = list[at - 1] ?? 0;
    const distance = own - (key[other] ?? 0) || index - other;
    if (distance > 0) break;
    list[at] = other;
  }
  list[at] = index;
}

/** Inserts an index into a list that is sorted by key, then by index. Cheap if its place is near the end. */
export function insertByKey(list: number[], index: number, key: Float64Array): void {
  let at = list.length;
  const own = key[index] ?? 0;
  for (; at > 0; at--) {
    const other = list[at - 1] ?? 0;
    const distance = own - (key[other] ?? 0) || index - other;
    if (distance > 0) break;
    list[at] = other;
  }
  list[at] = index;
}

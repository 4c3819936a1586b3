/** How large a document inside a request may be. Listing what is wrong with a huge one would take all memory there is. */

/** Objects, lists and plain values together; the largest shipped scenario has a twentieth of it. */
export const MAX_VALUES = 20_000;

/** Whether a document holds more than MAX_VALUES values. It looks at no more than those, however deep they lie. */
export function isTooLarge(document: unknown): boolean {
  const open: unknown[] = [document];
  let seen = 0;
  while (open.length > 0) {
    const next = open.pop();
    if (++seen > MAX_VALUES) return true;
    if (typeof next !== 'object' || next === null) continue;
    const values = Array.isArray(next) ? next : Object.values(next);
    if (seen + open.length + values.length > MAX_VALUES) return true;
    for (const value of values) open.push(value);
  }
  return false;
}

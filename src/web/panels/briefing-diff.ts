/** Which lines of a briefing are not those of the one before. */

export type Line = {
  readonly text: string;
  readonly isNew: boolean;
  /** Tells lines of the same text apart. */
  readonly key: string;
};
export type BriefingDiff = {
  readonly lines: readonly Line[];
  /** Lines of the one before that are gone. */
  readonly gone: readonly string[];
};

/** Lines are compared as a whole, whatever their place: a briefing sorts its entries anew in every step. */
export function diffBriefings(before: string | undefined, text: string): BriefingDiff {
  const had = countLines(before ?? text);
  const seen = new Map<string, number>();
  const lines = text.split('\n').map((line) => {
    const count = (seen.get(line) ?? 0) + 1;
    seen.set(line, count);
    const isNew = count > (had.get(line) ?? 0) && line.trim() !== '';
    return { text: line, isNew, key: `${count} ${line}` };
  });
  const gone = [...had].flatMap(([line, count]) => (count > (seen.get(line) ?? 0) && line.trim() !== '' ? [line] : []));
  return { lines, gone };
}

function countLines(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

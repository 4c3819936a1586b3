/** Finds the lines of a briefing that differ from the briefing before. */

export type Line = {
  readonly text: string;
  readonly isNew: boolean;
  /** Unique, also for lines with the same text. */
  readonly key: string;
};
export type BriefingDiff = {
  readonly lines: readonly Line[];
  /** Lines of the briefing before that are gone. */
  readonly gone: readonly string[];
};

/** Compares whole lines regardless of their position, because a briefing sorts its entries again in every step. */
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

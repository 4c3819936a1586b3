/** The briefing, exactly as the policy reads it; lines that are new in this step are marked. */
import { plural } from '../../lib/text.ts';
import './briefing.css';

import { ScrollArea } from '../shared/frame.tsx';

// Finds the lines of a briefing that differ from the briefing before.

/** Compares whole lines regardless of their position, because a briefing sorts its entries again in every step. */
export function diffBriefings(before: string | undefined, text: string) {
  const had = countLines(before ?? text);
  const seen = new Map<string, number>();
  const lines = text.split('\n').map((line) => {
    const count = (seen.get(line) ?? 0) + 1;
    seen.set(line, count);
    const isNew = count > (had.get(line) ?? 0) && line.trim() !== '';
    // The key is unique, also for lines with the same text.
    return { text: line, isNew, key: `${count} ${line}` };
  });
  /** Lines of the briefing before that are gone. */
  const gone = [...had].flatMap(([line, count]) => (count > (seen.get(line) ?? 0) && line.trim() !== '' ? [line] : []));
  return { lines, gone };
}

function countLines(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

export function BriefingView({ text, beforeText }: { text: string; beforeText?: string | undefined }) {
  const { lines, gone } = diffBriefings(beforeText, text);
  const fresh = lines.filter(({ isNew }) => isNew).length;
  return (
    <div class="briefing">
      <p class="muted small">
        Exactly what the policy reads{fresh > 0 ? `; ${plural(fresh, 'new line')} marked with a bar` : ''}.
      </p>
      <ScrollArea class="briefing-text" label="Text of the briefing">
        <pre>
          {lines.map(({ text: line, isNew, key }) =>
            isNew ? <mark key={key}>{`${line}\n`}</mark> : <span key={key}>{`${line}\n`}</span>,
          )}
        </pre>
      </ScrollArea>
      {gone.length > 0 && (
        <details>
          <summary>{plural(gone.length, 'line')} of the briefing before that no longer stand there</summary>
          <pre class="briefing-gone">{gone.join('\n')}</pre>
        </details>
      )}
    </div>
  );
}

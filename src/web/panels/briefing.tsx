/** The briefing, exactly as the policy reads it; lines that are new in this step are marked. */
import { plural } from '../../lib/text.ts';
import './briefing.css';

import { Folded, ScrollArea } from '../shared/frame.tsx';

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

/** What a briefing shows that the one before did not. */
export function BriefingChanges({ text, beforeText }: { text: string; beforeText: string }) {
  const { lines, gone } = diffBriefings(beforeText, text);
  const fresh = lines.filter(({ isNew }) => isNew);
  return (
    <div class="briefing">
      {fresh.length === 0 ? (
        <p class="muted small">Nothing new.</p>
      ) : (
        <pre>
          {fresh.map(({ text: line, key }) => (
            <mark key={key}>{`${line}\n`}</mark>
          ))}
        </pre>
      )}
      {gone.length > 0 && <Folded summary={goneText(gone)}>{() => <Gone lines={gone} />}</Folded>}
      <Folded summary="The whole briefing">{() => <BriefingView text={text} beforeText={beforeText} />}</Folded>
    </div>
  );
}

function goneText(gone: readonly string[]): string {
  return `${plural(gone.length, 'line')} of the briefing before that no longer ${gone.length === 1 ? 'stands' : 'stand'} there`;
}

function Gone({ lines }: { lines: readonly string[] }) {
  return <pre class="briefing-gone">{lines.join('\n')}</pre>;
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
          <summary>{goneText(gone)}</summary>
          <Gone lines={gone} />
        </details>
      )}
    </div>
  );
}

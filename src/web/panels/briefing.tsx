/** The briefing, exactly as the policy reads it; lines that are new in this step are marked. */
import './briefing.css';
import { plural } from '../shared/format.ts';
import { ScrollArea } from '../shared/scroll-area.tsx';
import { diffBriefings } from './briefing-diff.ts';

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

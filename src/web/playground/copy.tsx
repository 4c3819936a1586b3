/** Copies the current branch: as a record, as a program that plays it again, or as a link. */
import { useState } from 'preact/hooks';
import { recordJson } from '../../rollout/record-json.ts';
import type { WireEpisode, WireScene } from '../../server/web/api.ts';
import { serverRoot, storedKey } from '../shared/api.ts';
import { Card } from '../shared/card.tsx';
import { curlSnippet, pythonSnippet, type Replayed, recordOf } from './snippets.ts';

type CopyProps = {
  readonly episode: WireEpisode;
  /** From the reset to the current node. */
  readonly scenes: readonly WireScene[];
  readonly notice: string;
  readonly onNotice: (notice: string) => void;
};

const KINDS = [
  { id: 'jsonl', title: 'JSONL', about: 'a line of trajectories.jsonl' },
  { id: 'curl', title: 'curl', about: 'a shell script' },
  { id: 'python', title: 'Python', about: 'a Python program' },
  { id: 'link', title: 'Link', about: 'the address of this moment' },
] as const;

export function CopyButtons({ episode, scenes, notice, onNotice }: CopyProps) {
  /** A text that could not be copied to the clipboard, for copying by hand. */
  const [text, setText] = useState('');
  const copy = async (kind: (typeof KINDS)[number]): Promise<void> => {
    const content = textOf(kind.id, episode, scenes);
    try {
      await navigator.clipboard.writeText(content);
      setText('');
      onNotice(`Copied: ${kind.about}.`);
    } catch {
      setText(content);
      onNotice('The browser does not let this page copy. Copy the text below instead.');
    }
  };
  return (
    <Card title="Copy this episode" class="copy">
      <div class="row">
        {KINDS.map((kind) => (
          <button key={kind.id} type="button" title={kind.about} onClick={() => copy(kind)}>
            {kind.title}
          </button>
        ))}
      </div>
      <p class="small muted">{notice === '' ? 'From the beginning to this step.' : notice}</p>
      {text !== '' && (
        <textarea
          aria-label="Text to copy"
          rows={8}
          readOnly
          value={text}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      )}
    </Card>
  );
}

function textOf(kind: (typeof KINDS)[number]['id'], episode: WireEpisode, scenes: readonly WireScene[]): string {
  if (kind === 'link') return location.href;
  if (kind === 'jsonl') return `${recordJson(recordOf(episode, scenes))}\n`;
  const episodeId = `playground-${[...crypto.getRandomValues(new Uint8Array(4))].map((one) => one.toString(16).padStart(2, '0')).join('')}`;
  const replayed: Replayed = { origin: serverRoot(), hasKey: storedKey() !== null, episodeId, episode, scenes };
  return kind === 'curl' ? curlSnippet(replayed) : pythonSnippet(replayed);
}

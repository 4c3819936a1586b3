/** One thing of the world: a button if it can be picked, and marked if it has changed. */

import type { ComponentChildren } from 'preact';
import type { Scene } from '../../analysis/replay.ts';
import type { Change, Changes } from './changes.ts';

/** The thing that the person clicked in the world. */
export type Pick = { readonly kind: 'email' | 'meeting' | 'task' | 'contact'; readonly id: string };
export type OnPick = (pick: Pick) => void;

export function isPicked(picked: Pick | undefined, kind: Pick['kind'], id: string): boolean {
  return picked?.kind === kind && picked.id === id;
}

// The properties that every panel of the world receives.

export type PanelProps = {
  readonly scene: Scene;
  /** Changes since the scene before. */
  readonly changes: Changes;
  /** Undefined if things cannot be picked. */
  readonly onPick?: OnPick | undefined;
  /** The thing that was picked last. */
  readonly picked?: Pick | undefined;
};

/** The free times in the briefing's words, which the exported world does not contain; empty if it does not state them. */
export function freeTimes(briefing: string): string {
  return /^ {2}Free: (.*)$/m.exec(briefing)?.[1] ?? '';
}

type ThingProps = Pick & {
  readonly panel: PanelProps;
  readonly class?: string;
  /** Its name, which a screen reader reads out with the button. */
  readonly title: ComponentChildren;
  readonly children?: ComponentChildren;
};

export function Thing({ kind, id, panel: { changes, onPick, picked }, class: name = '', title, children }: ThingProps) {
  const change = changes.of(kind, id);
  const isOn = isPicked(picked, kind, id);
  return (
    <li class={`thing ${name}${change === undefined ? '' : ' changed'}${isOn ? ' picked' : ''}`}>
      {onPick === undefined ? (
        <div class="thing-title">{title}</div>
      ) : (
        <button type="button" class="thing-title" aria-pressed={isOn} onClick={() => onPick({ kind, id })}>
          {title}
        </button>
      )}
      {children}
      <ChangeNote change={change} />
    </li>
  );
}

/** The change in words, beside a sign. */
export function ChangeNote({ change }: { change: Change | undefined }) {
  if (change === undefined) return null;
  return (
    <p class="change">
      <span aria-hidden="true">{change.is === 'new' ? '✦' : '△'}</span> {change.words.join(', ')}
    </p>
  );
}

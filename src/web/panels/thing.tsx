/** One thing of the world: a button if it can be picked, and marked if it has changed. */
import type { ComponentChildren } from 'preact';
import type { Change } from './changes.ts';
import { isPicked, type Pick } from './pick.ts';
import type { PanelProps } from './world.ts';

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

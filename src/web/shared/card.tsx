/** A section of a page with a title. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

type CardProps = {
  readonly title: string;
  /** Shown beside the title. */
  readonly note?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
};

export function Card({ title, note, class: name = '', children }: CardProps) {
  const id = useId();
  return (
    <section class={`card ${name}`} aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{title}</h2>
        {note === undefined ? null : <span class="note">{note}</span>}
      </header>
      {children}
    </section>
  );
}

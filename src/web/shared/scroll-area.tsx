/** Something that scrolls by itself, and that the keyboard therefore reaches. */
import type { ComponentChildren } from 'preact';

/** Not every browser lets the keyboard into what scrolls without this. */
const REACHED_BY_KEYBOARD = { tabIndex: 0 };

export function ScrollArea(props: { label: string; class: string; children: ComponentChildren }) {
  return (
    <section class={`scroll ${props.class}`} aria-label={props.label} {...REACHED_BY_KEYBOARD}>
      {props.children}
    </section>
  );
}

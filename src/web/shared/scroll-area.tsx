/** An area that scrolls and that the keyboard can reach. */
import type { ComponentChildren } from 'preact';

/** Without this, some browsers do not let the keyboard reach a scrolling area. */
const REACHED_BY_KEYBOARD = { tabIndex: 0 };

export function ScrollArea(props: { label: string; class: string; children: ComponentChildren }) {
  return (
    <section class={`scroll ${props.class}`} aria-label={props.label} {...REACHED_BY_KEYBOARD}>
      {props.children}
    </section>
  );
}

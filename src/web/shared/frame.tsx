/** The frame of all pages: a link to skip the navigation, the navigation, the content, and the dialog for the key. */
import './controls.css';
import type { ComponentChildren } from 'preact';
import { KeyPrompt } from './key-prompt.tsx';

const PAGES = [
  { id: 'playground', title: 'Playground', href: './' },
  { id: 'traces', title: 'Traces', href: 'traces' },
] as const;

type FrameProps = {
  readonly page: (typeof PAGES)[number]['id'];
  readonly children: ComponentChildren;
  /** Below the content. */
  readonly foot?: ComponentChildren;
};

export function Frame({ page, children, foot }: FrameProps) {
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <span class="brand">
          <img src="icon.svg" alt="" width="24" height="24" /> Ghostexec
        </span>
        <nav aria-label="Pages">
          {PAGES.map(({ id, title, href }) => (
            <a key={id} href={href} aria-current={id === page ? 'page' : undefined}>
              {title}
            </a>
          ))}
          <a href="../docs">API</a>
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      {foot}
      <KeyPrompt />
    </>
  );
}

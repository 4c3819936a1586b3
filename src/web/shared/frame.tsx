/** The frame of all pages: a link to skip the navigation, the navigation, the content, and the dialog for the key. */
import { type ComponentChildren, render } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { askForKeyWith } from './api.ts';
import './style.css';
import './controls.css';

// A section of a page with a title.

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

// An area that scrolls and that the keyboard can reach.

/** Without this, some browsers do not let the keyboard reach a scrolling area. */
const REACHED_BY_KEYBOARD = { tabIndex: 0 };

export function ScrollArea(props: { label: string; class: string; children: ComponentChildren }) {
  return (
    <section class={`scroll ${props.class}`} aria-label={props.label} {...REACHED_BY_KEYBOARD}>
      {props.children}
    </section>
  );
}

/** A part of the page that is made when the reader opens it. */
export function Folded({ summary, children }: { summary: string; children: () => ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{summary}</summary>
      {isOpen && children()}
    </details>
  );
}

type ComplaintProps = {
  readonly error: { readonly message: string; readonly problems?: readonly string[] };
  /** Without it the complaint stays. */
  readonly onClose?: () => void;
  /** Shown before the message. */
  readonly children?: ComponentChildren;
};

/** What went wrong, and each problem of the request that was refused. */
export function Complaint({ error: { message, problems = [] }, onClose, children }: ComplaintProps) {
  return (
    <div class="complaint" role="alert">
      <p>
        {children} {message}
      </p>
      {problems.length > 0 && (
        <ul>
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
      {onClose !== undefined && (
        <button type="button" onClick={onClose}>
          Close
        </button>
      )}
    </div>
  );
}

// Asks for the key of a server that requires one.

type Question = { readonly reason: string; readonly answer: (key: string | null) => void };

function KeyPrompt() {
  const [question, setQuestion] = useState<Question>();
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    askForKeyWith((reason) => new Promise((answer) => setQuestion({ reason, answer })));
  }, []);
  useLayoutEffect(() => {
    if (question !== undefined) dialog.current?.showModal();
  }, [question]);

  const close = (key: string | null): void => {
    question?.answer(key);
    setQuestion(undefined);
  };
  if (question === undefined) return null;
  return (
    <dialog class="key-prompt" ref={dialog} aria-labelledby="key-title" onCancel={() => close(null)}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          const key = new FormData(event.currentTarget).get('key');
          close(typeof key === 'string' && key.trim() !== '' ? key.trim() : null);
        }}
      >
        <h2 id="key-title">This server requires a key</h2>
        <p class="muted">{question.reason}</p>
        <label for="server-key">Key</label>
        <input id="server-key" name="key" type="password" autocomplete="off" />
        <p class="muted">The key is kept until you close this tab.</p>
        <div class="row">
          <button type="submit" class="primary">
            Use this key
          </button>
          <button type="button" onClick={() => close(null)}>
            Continue without a key
          </button>
        </div>
      </form>
    </dialog>
  );
}

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

function PageFrame({ page, children, foot }: FrameProps) {
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

/** Shows a page in its frame. */
export function showPage(frame: FrameProps): void {
  const root = document.getElementById('app');
  if (root !== null) render(<PageFrame {...frame} />, root);
}

/** Asks for the key of a server that requires one. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { askForKeyWith } from './api.ts';

type Question = { readonly reason: string; readonly answer: (key: string | null) => void };

export function KeyPrompt() {
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

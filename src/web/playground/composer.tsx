/** Composes the next action: in a form, or as the raw completion of a model. */
import './composer.css';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Scene } from '../../rollout/replay/scene.ts';
import { Card } from '../shared/card.tsx';
import { words } from '../shared/format.ts';
import { About } from './about.tsx';
import { type ActionForm, actionOf, type Draft, fieldsOf } from './draft.ts';
import { FieldInput } from './field-input.tsx';
import { Outcome } from './outcome.tsx';
import type { Message } from './state.ts';

type ComposerProps = {
  readonly scene: Scene;
  readonly form: ActionForm;
  readonly draft: Draft;
  /** Number of clicks on things. After each click the next empty field gets the focus. */
  readonly picks: number;
  readonly dispatch: (message: Message) => void;
  readonly onStep: (action: unknown) => void;
};

const TABS = [
  { id: 'form', title: 'Form' },
  { id: 'raw', title: 'Raw completion' },
] as const;

export function Composer({ scene, form, draft, picks, dispatch, onStep }: ComposerProps) {
  const isOver = scene.terminated || scene.truncated;
  const play = (): void => {
    if (!isOver) onStep(actionOf(draft, form));
  };
  const place = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    if (picks > 0 && place.current !== null) focusNext(place.current);
  }, [picks]);
  return (
    <Card title="Next action" class="composer">
      <form
        ref={place}
        onSubmit={(event) => {
          event.preventDefault();
          play();
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          play();
        }}
      >
        <Tabs tab={draft.tab} onTab={(tab) => dispatch({ type: 'draft', change: { tab } })} />
        <div role="tabpanel" id={`panel-${draft.tab}`} aria-labelledby={`tab-${draft.tab}`}>
          {draft.tab === 'raw' ? (
            <div class="field">
              <label for="raw">What the model answered</label>
              <textarea
                id="raw"
                rows={8}
                spellcheck={false}
                placeholder={'I will archive it.\n<action>{"action_type": "archive_email", "email_id": "e05"}</action>'}
                value={draft.raw}
                onInput={({ currentTarget }) => dispatch({ type: 'draft', change: { raw: currentTarget.value } })}
              />
            </div>
          ) : (
            <FormPanel scene={scene} form={form} draft={draft} dispatch={dispatch} />
          )}
        </div>
        <p class="row">
          <button type="submit" class="primary" aria-disabled={isOver}>
            Step
          </button>
          <span class="muted small">{isOver ? 'The episode is over: undo, or begin again.' : 'or Ctrl+Enter'}</span>
        </p>
      </form>
      <Outcome scene={scene} onUndo={() => dispatch({ type: 'undo' })} />
    </Card>
  );
}

/** The first empty field, or the button. */
function focusNext(form: HTMLFormElement): void {
  const inputs = [...form.querySelectorAll<HTMLInputElement>('.field :is(input, textarea, select)')];
  const next = inputs.find(({ value }) => value === '') ?? form.querySelector<HTMLElement>('.primary');
  next?.focus({ preventScroll: true });
  form.closest('.composer')?.scrollIntoView({ block: 'nearest' });
}

function Tabs({ tab, onTab }: { tab: Draft['tab']; onTab: (tab: Draft['tab']) => void }) {
  return (
    <div role="tablist" aria-label="Way to enter the action" class="tabs">
      {TABS.map(({ id, title }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={id === tab}
          aria-controls={id === tab ? `panel-${id}` : undefined}
          tabIndex={id === tab ? 0 : -1}
          onClick={() => onTab(id)}
          onKeyDown={(event) => {
            if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
            const other = id === 'form' ? 'raw' : 'form';
            onTab(other);
            document.getElementById(`tab-${other}`)?.focus();
          }}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

function FormPanel({ scene, form, draft, dispatch }: Omit<ComposerProps, 'onStep' | 'picks'>) {
  return (
    <>
      <fieldset class="types">
        <legend class="sr-only">Action type</legend>
        {form.types.map((type) => (
          <label key={type} class={type === draft.type ? 'chip on' : 'chip'}>
            <input
              type="radio"
              name="action_type"
              value={type}
              checked={type === draft.type}
              onChange={() => dispatch({ type: 'draft', change: { type } })}
            />
            {words(type)}
          </label>
        ))}
      </fieldset>
      {fieldsOf(form, draft.type).map((field) => (
        <div key={field.name} class="field">
          <FieldInput
            field={field}
            scene={scene}
            value={draft.fields[field.name] ?? ''}
            onValue={(value) => dispatch({ type: 'field', name: field.name, value })}
          />
          <About name={field.name} value={draft.fields[field.name] ?? ''} scene={scene} />
        </div>
      ))}
      {draft.type === 'do_nothing' && <p class="muted small">Lets time pass.</p>}
    </>
  );
}

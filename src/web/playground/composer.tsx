/** Composes the next action: in a form, or as the raw completion of a model. */

import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Scene } from '../../analysis/replay.ts';
import { signed } from '../../lib/text.ts';
import type { CHANNELS } from '../../world/schema.ts';
import { priceOf } from '../panels/reward.tsx';
import { clock, minutesOf, when, words } from '../shared/format.ts';
import { actionOf, type Draft, type DraftField, FIELD_WORDS, FORM, OPTIONAL, TYPES } from './draft.ts';
import './composer.css';
import { Card } from '../shared/frame.tsx';
import type { PlaygroundMessage } from './state.ts';

// Shows the subject of an action in full beside the field: the email to answer, the meeting to move.

export function About({ name, value, scene: { world, time } }: { name: string; value: string; scene: Scene }) {
  if (name === 'email_id') {
    const email = world.emails.find(({ id }) => id === value);
    if (email === undefined) return null;
    return (
      <blockquote class="about">
        <b>{email.subject}</b> <span class="muted">from {email.sender}</span>
        <p>{email.body}</p>
      </blockquote>
    );
  }
  if (name === 'meeting_id') {
    const meeting = world.meetings.find(({ id }) => id === value);
    if (meeting === undefined) return null;
    const start = minutesOf(meeting.start);
    const until = start === undefined ? '' : `–${clock(start + meeting.duration_minutes)}`;
    return (
      <blockquote class="about">
        <b>{meeting.title}</b>{' '}
        <span class="muted">
          {when(meeting.start, time)}
          {until}, {meeting.attendees.join(', ')}
        </span>
      </blockquote>
    );
  }
  return null;
}

// One field of an action: a choice among existing things, a time, or a text.

type FieldInputProps = {
  readonly name: DraftField;
  readonly scene: Scene;
  readonly value: string;
  /** The id of the meeting that the action is about; empty if none is chosen. */
  readonly meeting: string;
  readonly onValue: (value: string) => void;
};

type FieldChoice = readonly [value: string, title: string];

function FieldInput({ name, scene, value, meeting, onValue }: FieldInputProps) {
  const id = `field-${name}`;
  const things = thingsFor(name, scene);
  const common = { id, value, required: !OPTIONAL.includes(name), 'aria-describedby': `${id}-about` };
  const read = ({ currentTarget }: { currentTarget: { value: string } }): void => onValue(currentTarget.value);
  return (
    <>
      <div class="field-head">
        <label for={id}>{words(name)}</label>
        <span id={`${id}-about`} class="muted small">
          {name === 'new_time' ? timeHint(scene, meeting) : FIELD_WORDS[name]}
        </span>
      </div>
      {things !== undefined ? (
        <select {...common} onChange={read}>
          <option value="">{name === 'channel' ? 'default' : 'choose …'}</option>
          {value !== '' && !things.some(([one]) => one === value) && <option value={value}>{value} (not there)</option>}
          {things.map(([one, title]) => (
            <option key={one} value={one}>
              {title}
            </option>
          ))}
        </select>
      ) : name === 'new_time' ? (
        <input {...common} type="datetime-local" onInput={read} />
      ) : name === 'message_body' ? (
        <textarea {...common} rows={5} onInput={read} />
      ) : (
        <input {...common} type="text" autocomplete="off" onInput={read} />
      )}
    </>
  );
}

/** When the meeting begins as it stands. */
function timeHint({ world, time }: Scene, meeting: string): string {
  const start = world.meetings.find(({ id }) => id === meeting)?.start;
  return start === undefined ? 'UTC' : `UTC; it begins at ${when(start, time)}`;
}

/** The things to choose from; undefined for a field that takes any text. */
function thingsFor(name: DraftField, { world, time }: Scene): FieldChoice[] | undefined {
  switch (name) {
    case 'email_id':
      return world.emails.map(({ id, sender, subject }) => [id, `${id} · ${sender}: ${subject}`]);
    case 'meeting_id':
      return world.meetings.map(({ id, title, start }) => [id, `${id} · ${when(start, time)} ${title}`]);
    case 'task_id':
      return world.tasks.map(({ id, description }) => [id, `${id} · ${description}`]);
    case 'contact_name':
      return world.contacts.map(({ name: person }) => [person, person]);
    case 'channel':
      return (['email', 'text', 'call'] satisfies (typeof CHANNELS)[number][]).map((channel) => [channel, channel]);
    default:
      return undefined;
  }
}

/** The problem of an invalid step, beside the button that played it. */
function StepOutcome({ scene, onUndo }: { scene: Scene; onUndo: () => void }) {
  const { step_ok: isOk, error, detail } = scene;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOk) place.current?.scrollIntoView({ block: 'nearest' });
  }, [scene, isOk]);
  if (isOk) return null;
  const price = priceOf(scene);
  return (
    <div class="outcome mend" ref={place}>
      <p>
        <b>That did not work:</b> {error ?? detail}
      </p>
      <p class="row small">
        <button type="button" onClick={onUndo}>
          ↶ Take it back
        </button>
        <span>{price === 0 ? '' : `The step cost ${signed(price)}. `}What you typed is still here.</span>
      </p>
    </div>
  );
}

type ComposerProps = {
  readonly scene: Scene;
  readonly draft: Draft;
  /** Number of clicks on things. After each click the next empty field gets the focus. */
  readonly picks: number;
  readonly dispatch: (message: PlaygroundMessage) => void;
  readonly onStep: (action: unknown) => void;
};

const TABS = [
  { id: 'form', title: 'Form' },
  { id: 'raw', title: 'Raw completion' },
] as const;

export function Composer({ scene, draft, picks, dispatch, onStep }: ComposerProps) {
  const isOver = scene.terminated || scene.truncated;
  const play = (): void => {
    if (!isOver) onStep(actionOf(draft));
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
          // Unlike `play`, this asks for the required fields that are empty.
          event.currentTarget.requestSubmit();
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
            <FormPanel scene={scene} draft={draft} dispatch={dispatch} />
          )}
        </div>
        <p class="row">
          <button type="submit" class="primary" aria-disabled={isOver}>
            Step
          </button>
          <span class="muted small">{isOver ? 'The episode is over: undo, or begin again.' : 'or Ctrl+Enter'}</span>
        </p>
      </form>
      <StepOutcome scene={scene} onUndo={() => dispatch({ type: 'undo' })} />
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

function FormPanel({ scene, draft, dispatch }: Omit<ComposerProps, 'onStep' | 'picks'>) {
  return (
    <>
      <fieldset class="types">
        <legend class="sr-only">Action type</legend>
        {TYPES.map((type) => (
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
      {FORM[draft.type].map((name) => (
        <div key={name} class="field">
          <FieldInput
            name={name}
            scene={scene}
            value={draft.fields[name] ?? ''}
            meeting={draft.fields.meeting_id ?? ''}
            onValue={(value) => dispatch({ type: 'field', name, value })}
          />
          <About name={name} value={draft.fields[name] ?? ''} scene={scene} />
        </div>
      ))}
      {draft.type === 'do_nothing' && <p class="muted small">Lets time pass.</p>}
    </>
  );
}

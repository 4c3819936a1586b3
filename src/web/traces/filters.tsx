/** The filters of a list of episodes. Their values are kept in the address. */
import { useId, useLayoutEffect, useState } from 'preact/hooks';
import type { RunInfo } from '../../server/web/api.ts';
import { SelectField } from '../shared/fields.tsx';
import { words } from '../shared/format.ts';
import { FILTERS, listOf, show, useView, type View } from './link.ts';

const TYPING_MS = 250;

/** Lists the episodes with another value of a filter, from the first page on. */
function filter(view: View, name: string, value: string): void {
  show({ ...listOf(view), [name]: value, page: undefined }, 'same');
}

export function Filters({ run }: { run: RunInfo }) {
  const view = useView();
  const active = [...FILTERS, 'group' as const].filter((name) => view[name] !== undefined);
  const failures = Object.keys(run.failures).filter((kind) => kind !== 'unknown');
  const isNarrow = matchMedia('(max-width: 700px)').matches;
  return (
    <details class="filters" open={!isNarrow}>
      <summary>Filters{active.length > 0 ? ` (${active.length} set)` : ''}</summary>
      <form class="filter-fields" onSubmit={(event) => event.preventDefault()}>
        <Choice name="task" label="Task" values={run.tasks} />
        <Choice name="policy" label="Policy" values={run.policies} />
        <Choice name="status" label="Status" values={['complete', 'failed']} />
        {failures.length > 0 && (
          <Choice
            name="failure"
            label="Failed by"
            values={failures}
            titles={Object.fromEntries(failures.map((kind) => [kind, words(kind)]))}
          />
        )}
        <Choice name="invalid" label="Invalid steps" values={['yes', 'no']} titles={{ yes: 'some', no: 'none' }} />
        <Range name="grade" label="Grade" />
        <Range name="return" label="Return" />
        <Typed name="text" label="Error or id contains" type="search" />
        {active.length > 0 && (
          <button
            type="button"
            onClick={() => show({ view: 'list', run: view.run, sort: view.sort, order: view.order })}
          >
            Clear filters
          </button>
        )}
      </form>
      {view.group !== undefined && <p class="small">Only episodes of group {view.group}.</p>}
    </details>
  );
}

type FieldProps = { readonly name: string; readonly label: string };
type ChoiceProps = FieldProps & {
  readonly values: readonly string[];
  readonly titles?: Readonly<Record<string, string>>;
};

function Choice({ name, label, values, titles = {} }: ChoiceProps) {
  const view = useView();
  const value = view[name] ?? '';
  // A link may contain a value that the run does not have.
  const offered = value === '' || values.includes(value) ? values : [...values, value];
  return (
    <SelectField
      label={label}
      value={value}
      options={offered.map((one) => [one, titles[one] ?? one])}
      onValue={(one) => filter(view, name, one)}
    >
      <option value="">any</option>
    </SelectField>
  );
}

function Range({ name, label }: FieldProps) {
  return (
    <fieldset class="range">
      <legend>{label}</legend>
      <Typed name={`${name}_min`} label={`${label}, at least`} type="number" />
      <span aria-hidden="true">to</span>
      <Typed name={`${name}_max`} label={`${label}, at most`} type="number" />
    </fieldset>
  );
}

/** A field to type into. The label of a number is for screen readers: the range has one. */
function Typed({ name, label, type }: FieldProps & { readonly type: 'search' | 'number' }) {
  const view = useView();
  const known = view[name] ?? '';
  const [text, setText] = useState(known);
  // A layout effect runs before the next key press, which would be lost otherwise.
  useLayoutEffect(() => setText(known), [known]);
  useLayoutEffect(() => {
    if (text === known) return;
    const timer = setTimeout(() => filter(view, name, text), TYPING_MS);
    return () => clearTimeout(timer);
  });
  const typed = (event: { readonly currentTarget: HTMLInputElement }): void => setText(event.currentTarget.value);
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={type === 'number' ? 'sr-only' : ''}>
        {label}
      </label>
      {type === 'number' ? (
        <input id={id} type="number" step="any" value={text} onInput={typed} />
      ) : (
        <input id={id} type="search" value={text} onInput={typed} />
      )}
    </div>
  );
}

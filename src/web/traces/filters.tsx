/** The filters of a list of episodes. Their values are kept in the address. */
import { useId, useLayoutEffect, useState } from 'preact/hooks';
import type { RunInfo } from '../../server/web/api.ts';
import { SelectField } from '../shared/fields.tsx';
import { words } from '../shared/format.ts';
import { FILTERS, listOf, show, type View } from './link.ts';

const TYPING_MS = 250;

export function Filters({ view, run }: { view: View; run: RunInfo }) {
  const set = (name: string, value: string): void => show({ ...listOf(view), [name]: value, page: undefined }, 'same');
  const active = [...FILTERS, 'group' as const].filter((name) => view[name] !== undefined);
  const failures = Object.keys(run.failures).filter((kind) => kind !== 'unknown');
  const isNarrow = matchMedia('(max-width: 700px)').matches;
  return (
    <details class="filters" open={!isNarrow}>
      <summary>Filters{active.length > 0 ? ` (${active.length} set)` : ''}</summary>
      <form class="filter-fields" onSubmit={(event) => event.preventDefault()}>
        <Choice name="task" label="Task" view={view} set={set} values={run.tasks} />
        <Choice name="policy" label="Policy" view={view} set={set} values={run.policies} />
        <Choice name="status" label="Status" view={view} set={set} values={['complete', 'failed']} />
        {failures.length > 0 && (
          <Choice
            name="failure"
            label="Failed by"
            view={view}
            set={set}
            values={failures}
            words={Object.fromEntries(failures.map((kind) => [kind, words(kind)]))}
          />
        )}
        <Choice
          name="invalid"
          label="Invalid steps"
          view={view}
          set={set}
          values={['yes', 'no']}
          words={{ yes: 'some', no: 'none' }}
        />
        <Range name="grade" label="Grade" view={view} set={set} />
        <Range name="return" label="Return" view={view} set={set} />
        <Typed name="text" label="Error or id contains" view={view} set={set} type="search" />
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

type FieldProps = {
  readonly name: string;
  readonly label: string;
  readonly view: View;
  readonly set: (name: string, value: string) => void;
};

type FilterProps = FieldProps & {
  readonly values: readonly string[];
  readonly words?: Readonly<Record<string, string>>;
};

function Choice({ name, label, view, set, values, words = {} }: FilterProps) {
  const value = view[name] ?? '';
  // A link may contain a value that the run does not have.
  const offered = value === '' || values.includes(value) ? values : [...values, value];
  return (
    <SelectField
      label={label}
      value={value}
      options={offered.map((one) => [one, words[one] ?? one])}
      onValue={(one) => set(name, one)}
    >
      <option value="">any</option>
    </SelectField>
  );
}

function Range({ name, label, view, set }: FieldProps) {
  return (
    <fieldset class="range">
      <legend>{label}</legend>
      <Typed name={`${name}_min`} label={`${label}, at least`} isQuiet view={view} set={set} type="number" />
      <span aria-hidden="true">to</span>
      <Typed name={`${name}_max`} label={`${label}, at most`} isQuiet view={view} set={set} type="number" />
    </fieldset>
  );
}

type TypedProps = FieldProps & {
  readonly type: 'search' | 'number';
  /** Whether the label is only for screen readers. */
  readonly isQuiet?: boolean;
};

function Typed({ name, label, view, set, type, isQuiet }: TypedProps) {
  const known = view[name] ?? '';
  const [text, setText] = useState(known);
  // A layout effect runs before the next key press, which would be lost otherwise.
  useLayoutEffect(() => setText(known), [known]);
  useLayoutEffect(() => {
    if (text === known) return;
    const timer = setTimeout(() => set(name, text), TYPING_MS);
    return () => clearTimeout(timer);
  });
  const typed = (event: { readonly currentTarget: HTMLInputElement }): void => setText(event.currentTarget.value);
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={isQuiet === true ? 'sr-only' : ''}>
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

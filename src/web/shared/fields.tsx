/** Tables of figures, and selections, which both pages have. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

type FigureTableProps = {
  readonly caption: string;
  /** Titles of the columns; undefined if the rows need none. */
  readonly head?: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly string[]; readonly class?: string }[];
};

export function FigureTable({ caption, head, rows }: FigureTableProps) {
  return (
    <table class="parts">
      <caption class="sr-only">{caption}</caption>
      {head !== undefined && (
        <thead>
          <tr>
            {head.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
      )}
      <tbody>
        {rows.map(({ name, cells, class: look }) => (
          <tr key={name} class={look}>
            <th scope="row">{name}</th>
            {cells.map((cell, at) => (
              <td key={head?.[at + 1] ?? name}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Names with their values. */
export function FieldList({
  rows,
  class: look = '',
}: {
  rows: readonly (readonly [string, string])[];
  class?: string;
}) {
  return (
    <dl class={`fields ${look}`}>
      {rows.map(([name, value]) => (
        <div key={name} class="fields-row">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

type SelectFieldProps = {
  readonly label: string;
  /** What the label means, shown when the pointer rests on it. */
  readonly title?: string;
  readonly class?: string;
  readonly value: string;
  /** A value that is its own title, or a value and its title. */
  readonly options?: readonly (string | readonly [value: string, title: string])[];
  readonly onValue: (value: string) => void;
  /** Shown before the options. */
  readonly children?: ComponentChildren;
};

/** A selection with its label. */
export function SelectField(props: SelectFieldProps) {
  const { label, title: hint, class: look = 'field', value, options = [], onValue, children } = props;
  const id = useId();
  return (
    <div class={look} title={hint}>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
        {children}
        {options.map((option) => {
          const [one, title] = typeof option === 'string' ? [option, option] : option;
          return (
            <option key={one} value={one}>
              {title}
            </option>
          );
        })}
      </select>
    </div>
  );
}

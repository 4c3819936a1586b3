/** Components that all sections use. */
import type { ComponentChildren } from 'preact';
import type { Chart } from '../draw.ts';

export type SectionProps = { readonly id: string; readonly title: string; readonly children: ComponentChildren };

export function ReportSection({ id, title, children }: SectionProps) {
  return (
    <section id={id} aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>{title}</h2>
      {children}
    </section>
  );
}

/** A place for a drawing, which is inserted once the page is text; nothing without a chart. */
export function ChartFigure({ chart, children }: { chart: Chart | undefined; children?: ComponentChildren }) {
  if (chart === undefined) return null;
  return (
    <figure>
      <svg data-chart={chart.name} />
      {children === undefined ? null : <figcaption>{children}</figcaption>}
    </figure>
  );
}

export type TableColumn = { readonly head: string; readonly kind: 'name' | 'number' | 'text' };

/** A column of names followed by columns of numbers. */
export function numbers(first: string, ...rest: readonly string[]): TableColumn[] {
  return [{ head: first, kind: 'name' }, ...rest.map((head): TableColumn => ({ head, kind: 'number' }))];
}

export type TableRow = { readonly name: string; readonly cells: readonly ComponentChildren[] };

const CLASSES = { name: undefined, number: 'n', text: 'wrap' } as const;
/** A scrolling box must be reachable with the keyboard. */
const REACHABLE = { tabIndex: 0 } as const;

/** A table in its own box, which scrolls if the table is wider; the first column names the row. */
export function Table({
  caption,
  columns,
  rows,
}: {
  caption: string;
  columns: readonly TableColumn[];
  rows: readonly TableRow[];
}) {
  return (
    <div class="table">
      <p class="caption">{caption}</p>
      <section class="scroll" aria-label={caption} {...REACHABLE}>
        <table aria-label={caption}>
          <thead>
            <tr>
              {columns.map(({ head, kind }) => (
                <th key={head} scope="col" class={CLASSES[kind]}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, cells }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {columns.slice(1).map(({ head, kind }, index) => (
                  <td key={head} class={CLASSES[kind]}>
                    {cells[index]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

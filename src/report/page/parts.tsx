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

type TableRow = { readonly name: string; readonly cells: readonly ComponentChildren[] };

/** A scrolling box must be reachable with the keyboard. */
const REACHABLE = { tabIndex: 0 } as const;

type TableProps = {
  readonly caption: string;
  /** The names of the columns. The first column names the row. */
  readonly head: readonly string[];
  /** The columns of text; the others hold numbers. */
  readonly text?: readonly string[];
  readonly rows: readonly TableRow[];
};

/** A table in its own box, which scrolls if the table is wider. */
export function Table({ caption, head, text = [], rows }: TableProps) {
  const classOf = (name: string, at: number): string | undefined =>
    at === 0 ? undefined : text.includes(name) ? 'wrap' : 'n';
  return (
    <div class="table">
      <p class="caption">{caption}</p>
      <section class="scroll" aria-label={caption} {...REACHABLE}>
        <table aria-label={caption}>
          <thead>
            <tr>
              {head.map((name, at) => (
                <th key={name} scope="col" class={classOf(name, at)}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, cells }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {cells.map((cell, at) => (
                  <td key={head[at + 1]} class={classOf(head[at + 1] ?? '', at + 1)}>
                    {cell}
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

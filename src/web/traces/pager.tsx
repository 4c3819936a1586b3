/** The present page of a list, and buttons for the others. */
import { plural } from '../shared/format.ts';
import { show } from './hooks.ts';
import { number, PAGE_SIZE, type View } from './link.ts';
import { count } from './values.ts';

type PagerProps = {
  readonly view: View;
  readonly total: number;
  readonly noun: string;
  /** Whether it is the second pager, below the list. It repeats the first one, so its text is not announced again. */
  readonly isBelow?: boolean;
};

export function Pager({ view, total, noun, isBelow }: PagerProps) {
  const page = Math.max(0, number(view.page));
  const last = Math.max(0, Math.ceil(total / PAGE_SIZE) - 1);
  const turn = (to: number): void => show({ ...view, page: to === 0 ? undefined : to });
  const from = total === 0 ? 0 : page * PAGE_SIZE + 1;
  return (
    <nav class="pager" aria-label={`Pages of ${noun}s${isBelow === true ? ', below' : ''}`}>
      <span role={isBelow === true ? undefined : 'status'}>
        {total > PAGE_SIZE && page <= last
          ? `${count(from)} to ${count(Math.min(total, from + PAGE_SIZE - 1))} of ${count(total)} ${noun}s`
          : plural(total, noun)}
      </span>
      {(last > 0 || page > 0) && (
        <span class="row">
          <button type="button" disabled={page === 0} onClick={() => turn(0)}>
            First
          </button>
          <button type="button" disabled={page === 0} onClick={() => turn(Math.min(page - 1, last))}>
            Previous
          </button>
          <button type="button" disabled={page >= last} onClick={() => turn(page + 1)}>
            Next
          </button>
          <button type="button" disabled={page >= last} onClick={() => turn(last)}>
            Last
          </button>
        </span>
      )}
    </nav>
  );
}

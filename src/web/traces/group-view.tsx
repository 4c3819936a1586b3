/** The episodes of a group, which have the same task and seed, side by side. */
import { plural } from '../../lib/text.ts';
import type { RunInfo } from '../../server/web/api.ts';
import { linkTo, number, useLoaded, type View } from './link.ts';
import { Complaint, WaitingNote } from './notes.tsx';
import { SideBySide } from './side-by-side.tsx';
import { store } from './store.ts';

/** The number of episodes on a page. The rest of a larger group is on further pages. */
const AT_ONCE = 8;

export function GroupView({ view, run }: { view: View; run: RunInfo | undefined }) {
  const { run: id = '', of: group = '' } = view;
  const from = Math.max(0, number(view.from));
  const { value: page, error } = useLoaded(
    () => store.page(id, { group, offset: String(from), limit: String(AT_ONCE) }),
    JSON.stringify([id, group, from, run?.episodes]),
    JSON.stringify([id, group, from]),
  );
  if (error !== undefined) return <Complaint error={error} />;
  if (page === undefined) return <WaitingNote>Looking for the group…</WaitingNote>;
  const [first] = page.rows;
  if (first === undefined) return <p>There is no such group in this run.</p>;
  const places = page.rows.map(({ row }) => ({ run: id, row, name: `Episode ${row}` }));
  const to = (begin: number): string => linkTo({ ...view, from: begin === 0 ? undefined : begin });
  return (
    <>
      <p class="row small">
        <span>
          {plural(page.total, 'episode')} of <b>{first.task_id}</b>, seed {first.seed}
          {page.total > AT_ONCE && `: ${from + 1} to ${from + page.rows.length} are shown`}
        </span>
        {from > 0 && <a href={to(Math.max(0, from - AT_ONCE))}>Previous {AT_ONCE}</a>}
        {from + AT_ONCE < page.total && <a href={to(from + AT_ONCE)}>Next ones</a>}
      </p>
      <SideBySide places={places} view={view} />
    </>
  );
}

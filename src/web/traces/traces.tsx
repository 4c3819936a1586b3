/** The trace viewer: shows the view in the address, and opens files that are dropped on the page. */
import { useLayoutEffect, useState } from 'preact/hooks';
import type { RunInfo } from '../../server/web/api.ts';
import { Complaint, showPage } from '../shared/frame.tsx';
import { CompareView, PairView } from './compare-view.tsx';
import { EpisodePage } from './episode-view.tsx';
import { linkTo, show, useRuns, useView } from './link.ts';
import { ListView } from './list-view.tsx';
import './traces.css';
import { RunsView } from './runs-view.tsx';
import { GroupView } from './side-by-side.tsx';
import { openFile } from './store.ts';

function Traces() {
  const [opened, setOpened] = useState(0);
  const { runs, areAll, error } = useRuns(opened);
  const [openError, setOpenError] = useState<Error>();
  const [isOver, setOver] = useState(false);

  /** Opens files. The episodes of a single file are shown at once. */
  const open = async (files: readonly File[]): Promise<void> => {
    setOpenError(undefined);
    let last: string | undefined;
    try {
      for (const file of files) last = await openFile(file);
    } catch (problem) {
      setOpenError(problem as Error);
    }
    setOpened((count) => count + 1);
    if (last !== undefined && files.length === 1) show({ view: 'list', run: last });
  };

  useLayoutEffect(() => {
    const isFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const over = (event: DragEvent): void => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setOver(false);
      void open([...(event.dataTransfer?.files ?? [])]);
    };
    document.addEventListener('dragover', over);
    document.addEventListener('dragleave', leave);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', over);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('drop', drop);
    };
  }, []);

  return (
    <div class={isOver ? 'traces dropping' : 'traces'}>
      <Crumbs runs={runs ?? []} />
      {error !== undefined && <Complaint error={error} />}
      {openError !== undefined && <Complaint error={openError} />}
      <Shown runs={runs} areAll={areAll} onOpen={open} />
    </div>
  );
}

type ShownProps = {
  readonly runs: readonly RunInfo[] | undefined;
  readonly areAll: boolean;
  readonly onOpen: (files: readonly File[]) => Promise<void>;
};

function Shown({ runs, areAll, onOpen }: ShownProps) {
  const view = useView();
  const run = runs?.find(({ run_id }) => run_id === view.run);
  switch (view.view) {
    case 'list':
      return <ListView run={run} areKnown={areAll} />;
    case 'transcript':
    case 'episode':
      return <EpisodePage key={`${view.run} ${view.row}`} run={run} areKnown={areAll} />;
    case 'group':
      return <GroupView run={run} />;
    case 'compare':
      return <CompareView runs={(runs ?? []).filter((one) => one.has_records)} />;
    case 'pair':
      return <PairView runs={runs ?? []} />;
    default:
      return <RunsView runs={runs} onOpen={onOpen} />;
  }
}

/** The path from the list of runs to the current view. */
function Crumbs({ runs }: { runs: readonly RunInfo[] }) {
  const view = useView();
  const nameOf = (id: string | undefined): string => runs.find(({ run_id }) => run_id === id)?.name ?? id ?? '';
  const { run, a, b, row, group } = view;
  const crumbs: [title: string, href: string][] = [['Runs', linkTo({})]];
  if (view.view === 'compare' || view.view === 'pair') {
    crumbs.push([
      `${nameOf(a)} and ${nameOf(b)}`,
      linkTo({ view: 'compare', a, b, sort: view.sort, order: view.order }),
    ]);
    if (view.view === 'pair') crumbs.push(['Two episodes', location.hash]);
  } else if (run !== undefined) {
    crumbs.push([nameOf(run), linkTo({ ...view, view: 'list', row: undefined, step: undefined, of: undefined })]);
    if (view.view === 'episode' || view.view === 'transcript') crumbs.push([`Episode ${row}`, location.hash]);
    if (view.view === 'group') crumbs.push([`Group ${view.of ?? group}`, location.hash]);
  }
  if (crumbs.length === 1) return <h1 class="page-title">Traces</h1>;
  const [last = ''] = crumbs.at(-1) ?? [];
  return (
    <nav aria-label="Where you are" class="crumbs">
      <ol>
        {crumbs.slice(0, -1).map(([title, href]) => (
          <li key={href}>
            <a href={href}>{title}</a>
          </li>
        ))}
        <li>
          <h1 aria-current="page">{last}</h1>
        </li>
      </ol>
    </nav>
  );
}

showPage({ page: 'traces', children: <Traces /> });

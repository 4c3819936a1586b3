/** Two episodes with the same task and seed, one of each run, side by side. */
import type { RunInfo } from '../../server/web/runs-api.ts';
import { number, type View } from './link.ts';
import { SideBySide } from './side-by-side.tsx';

export function PairView({ view, runs }: { view: View; runs: readonly RunInfo[] }) {
  const { a = '', b = '' } = view;
  const nameOf = (id: string): string => runs.find(({ run_id }) => run_id === id)?.name ?? id;
  const [rowA, rowB] = [number(view.row_a), number(view.row_b)];
  return (
    <SideBySide
      view={view}
      places={[
        { run: a, row: rowA, name: `A: ${nameOf(a)}, episode ${rowA}` },
        { run: b, row: rowB, name: `B: ${nameOf(b)}, episode ${rowB}` },
      ]}
    />
  );
}

/** State of the page: what the address says, and what is on its way. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RunInfo } from '../../server/web/runs-api.ts';
import { linkTo, readView, type View } from './link.ts';
import { store } from './store.ts';

/** The view that the address names, and its changes. */
export function useView(): View {
  const [view, setView] = useState(() => readView(location.hash));
  useLayoutEffect(() => {
    const changed = (): void => setView(readView(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return view;
}

/** Shows another view. One that is only a bit further in the same one is no new entry of the history. */
export function show(view: Readonly<Record<string, string | number | undefined>>, as: 'new' | 'same' = 'new'): void {
  if (as === 'new') location.hash = linkTo(view);
  else {
    history.replaceState(null, '', linkTo(view));
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}

export type Loaded<T> = {
  readonly value: T | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
};

/** What `load` answers, asked again when `key` changes. The last answer stays until the next is there, if `keeps` is the same. */
export function useLoaded<T>(load: () => Promise<T>, key: string, keeps: string = key): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { keeps: string }>({
    value: undefined,
    error: undefined,
    isLoading: true,
    keeps,
  });
  const newest = useRef(load);
  newest.current = load;
  useEffect(() => {
    let isOld = false;
    setState((before) => ({ ...before, isLoading: true }));
    newest.current().then(
      (value) => isOld || setState({ value, error: undefined, isLoading: false, keeps }),
      (error: Error) => isOld || setState({ value: undefined, error, isLoading: false, keeps }),
    );
    return () => {
      isOld = true;
    };
  }, [key]);
  return state.keeps === keeps ? state : { value: undefined, error: undefined, isLoading: true };
}

const WHILE_INDEXING_MS = 400;
const WHILE_RUNNING_MS = 3_000;

export type KnownRuns = {
  /** Undefined before the first answer. */
  readonly runs: readonly RunInfo[] | undefined;
  /** Whether they were asked for since `version` changed: a run that is not among them is not there then. */
  readonly areAll: boolean;
  readonly error: Error | undefined;
};

/** The runs there are; asked again while they are indexed or still played, and when `version` changes. */
export function useRuns(version: number): KnownRuns {
  const [known, setKnown] = useState<{ runs: readonly RunInfo[]; version: number }>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOld = false;
    const ask = async (): Promise<void> => {
      try {
        const found = await store.list();
        if (isOld) return;
        setKnown({ runs: found, version });
        setError(undefined);
        const isIndexing = found.some(({ done }) => !done);
        const isRunning = found.some(({ manifest }) => (manifest as { status?: unknown } | null)?.status === 'running');
        if (isIndexing || isRunning) timer = setTimeout(ask, isIndexing ? WHILE_INDEXING_MS : WHILE_RUNNING_MS);
      } catch (problem) {
        if (!isOld) setError(problem as Error);
      }
    };
    void ask();
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [version]);
  return { runs: known?.runs, areAll: known?.version === version, error };
}

/** State of the page: the view in the address, and data that is being loaded. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RunInfo } from '../../server/web/runs-api.ts';
import { linkTo, readView, type View } from './link.ts';
import { store } from './store.ts';

/** The view in the address; follows its changes. */
export function useView(): View {
  const [view, setView] = useState(() => readView(location.hash));
  useLayoutEffect(() => {
    const changed = (): void => setView(readView(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return view;
}

/** Shows another view. @param as `same` replaces the entry in the browser history, for a small change within the same view. */
export function show(view: Readonly<Record<string, string | number | undefined>>, as: 'new' | 'same' = 'new'): void {
  if (as === 'new') location.hash = linkTo(view);
  else {
    history.replaceState(null, '', linkTo(view));
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}

/** The state of data that is being loaded. */
export type Loaded<T> = {
  readonly value: T | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
};

/** The result of `load`, which runs again when `key` changes. While `keeps` is the same, the last result stays until the next one. */
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

/** The runs that the page knows. */
export type KnownRuns = {
  /** Undefined before the first answer. */
  readonly runs: readonly RunInfo[] | undefined;
  /** Whether they were requested after the last change of `version`. A run that is not among them does not exist then. */
  readonly areAll: boolean;
  readonly error: Error | undefined;
};

/** The runs of the store. They are requested again while one is being indexed or played, and when `version` changes. */
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

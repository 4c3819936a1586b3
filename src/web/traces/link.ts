/** The view is kept in the fragment of the address, so that a link leads to the same view. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RunInfo } from '../../server/web/api.ts';
import { store } from './store.ts';

/**
 * The parameters of an address. `view` is `runs` (the default), `list`, `episode`, `group`, `compare` or `pair`. The others are the
 * parameters of the routes under the same names, and `page`, `row`, `step`, `row_a` and `row_b`.
 */
export type View = Readonly<Record<string, string>>;

export const PAGE_SIZE = 100;
/** Parameters that filter episodes. The link of an episode keeps them for the way back to the same list. */
export const FILTERS = [
  'task',
  'status',
  'failure',
  'policy',
  'invalid',
  'grade_min',
  'grade_max',
  'return_min',
  'return_max',
  'text',
] as const;
const LIST = ['run', ...FILTERS, 'group', 'sort', 'order', 'page'] as const;

/** The view in a fragment, with or without its `#`. */
function readView(fragment: string): View {
  return Object.fromEntries(new URLSearchParams(fragment.replace(/^#/, '')));
}

/** The fragment of a view. Parameters that are undefined or empty are left out. */
export function linkTo(view: Readonly<Record<string, string | number | undefined>>): string {
  const link = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) {
    if (value !== undefined && value !== '') link.set(name, String(value));
  }
  return `#${link}`;
}

/** The parameters of a view that belong to its list of episodes. */
export function listOf(view: View): Record<string, string | undefined> {
  return { view: 'list', ...Object.fromEntries(LIST.map((name) => [name, view[name]])) };
}

/** The query of a page of a list. @param names The parameters that it takes from the view. */
export function queryOf(
  view: View,
  names: readonly string[] = [...FILTERS, 'group', 'sort', 'order'],
): Record<string, string> {
  const stated = names.flatMap((name) => {
    const value = view[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  const offset = PAGE_SIZE * Math.max(0, number(view.page));
  return { ...Object.fromEntries(stated), offset: String(offset), limit: String(PAGE_SIZE) };
}

/** A whole number in a link; 0 if the text is missing or is not a whole number. */
export function number(text: string | undefined): number {
  const value = Number(text ?? 0);
  return Number.isSafeInteger(value) ? value : 0;
}

// The step that is shown. It is kept in the address.

export function useStep(last: number): readonly [step: number, setStep: (step: number) => void] {
  const view = useView();
  const step = Math.min(last, Math.max(0, number(view.step)));
  return [step, (to) => show({ ...view, step: to === 0 ? undefined : to }, 'same')];
}

// State of the page: the view in the address, and data that is being loaded.

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

/** The runs of the store. They are requested again while one is being indexed or played, and when `version` changes. */
export function useRuns(version: number) {
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
  return {
    /** Undefined before the first answer. */
    runs: known?.runs,
    /** Whether they were requested after the last change of `version`. A run that is not among them does not exist then. */
    areAll: known?.version === version,
    error,
  };
}

/** The view is kept in the fragment of the address, so that a link leads to the same view. */

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
export function readView(fragment: string): View {
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

/** The query of a page of episodes. */
export function queryOf(view: View): Record<string, string> {
  const names = [...FILTERS, 'group', 'sort', 'order'] as const;
  const stated = names.flatMap((name) => {
    const value = view[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(stated), ...pageOf(view) };
}

/** The offset and the length of a page, in rows. */
export function pageOf(view: View): { offset: string; limit: string } {
  return { offset: String(PAGE_SIZE * Math.max(0, number(view.page))), limit: String(PAGE_SIZE) };
}

/** A whole number in a link; 0 if the text is missing or is not a whole number. */
export function number(text: string | undefined): number {
  const value = Number(text ?? 0);
  return Number.isSafeInteger(value) ? value : 0;
}

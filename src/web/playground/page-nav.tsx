/** Links to the columns on narrow screens, where the columns are below each other. */
const COLUMNS = [
  { id: 'column-briefing', title: 'Briefing' },
  { id: 'column-world', title: 'World' },
  { id: 'column-play', title: 'Play' },
] as const;

export function PageNav() {
  return (
    <nav class="page-nav" aria-label="Parts of the page">
      {COLUMNS.map(({ id, title }) => (
        <button key={id} type="button" onClick={() => document.getElementById(id)?.scrollIntoView({ block: 'start' })}>
          {title}
        </button>
      ))}
    </nav>
  );
}

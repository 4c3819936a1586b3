/** A report as one HTML file without requests and scripts. All texts in it are escaped. */
import { render } from 'preact-render-to-string';
import { VERSION } from '../../lib/version.ts';
import { type Chart, drawInline } from '../draw.ts';
import type { Contents } from '../stories.ts';
import { Overview, RunFacts, titleOf } from './overview.tsx';
import { OwedTables } from './owed.tsx';
import { Invalid, LearningSignal, Problems } from './quality.tsx';
import { Channels, Courses, Results } from './results.tsx';
import { Stories } from './stories.tsx';
import { STYLE } from './style.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** @param charts All charts on the page. */
export function renderPage(contents: Contents, charts: readonly Chart[]): string {
  const drawings = new Map(charts.map((chart) => [chart.name, drawInline(chart)]));
  const html = render(<Page contents={contents} />)
    // Texts and attributes escape <, so these matches can only come from components.
    .replace('<style></style>', () => `<style>${STYLE}</style>`)
    .replace(/<svg data-chart="([\w-]+)"><\/svg>/g, (_, name: string) => drawings.get(name) ?? '');
  return `<!doctype html>\n${html}\n`;
}

function Page({ contents }: { contents: Contents }) {
  const { figures, manifest, charts, stories, owed } = contents;
  const hasEpisodes = figures.episodes > 0;
  const links: (readonly [string, string])[] = [
    ...(manifest === undefined ? [] : [['run', 'What was run'] as const]),
    ...(hasEpisodes
      ? ([
          ['results', 'Results by task'],
          ...(charts.channels === undefined ? [] : [['channels', 'What was paid for'] as const]),
          ...(owed.length === 0 ? [] : [['owed', 'What was owed'] as const]),
          ...(charts.courses.length === 0 ? [] : [['course', 'The return over an episode'] as const]),
          ['invalid', 'Invalid actions'],
          ['groups', 'Signal within groups'],
        ] as const)
      : []),
    ...(figures.failed + figures.damaged === 0 ? [] : [['problems', 'What went wrong'] as const]),
    ...(stories.length === 0 ? [] : [['stories', 'Episodes to read'] as const]),
  ];
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={POLICY} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content={`ghostexec ${VERSION}`} />
        <title>{`${titleOf(contents)} \u2013 Ghostexec report`}</title>
        <style />
      </head>
      <body>
        <Overview contents={contents} />
        <main>
          <nav aria-label="Contents">
            <ul>
              {links.map(([id, name]) => (
                <li key={id}>
                  <a href={`#${id}`}>{name}</a>
                </li>
              ))}
            </ul>
          </nav>
          <Results contents={contents} />
          <Channels contents={contents} />
          <OwedTables contents={contents} />
          <Courses contents={contents} />
          <Invalid contents={contents} />
          <LearningSignal contents={contents} />
          <Problems contents={contents} />
          <Stories contents={contents} />
          <RunFacts contents={contents} />
        </main>
        <footer>
          <p>
            Written by ghostexec {VERSION}. What each figure means, with formulas, is in docs/REPORTS.md; how rewards
            and grades come about in docs/REWARD.md and docs/GRADING.md.
          </p>
        </footer>
      </body>
    </html>
  );
}

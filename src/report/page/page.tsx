/** A report as one HTML file without requests and scripts. All texts in it are escaped. */
import type { VNode } from 'preact';
import { render } from 'preact-render-to-string';
import { VERSION } from '../../lib/version.ts';
import { type Chart, drawInline } from '../draw.ts';
import type { Contents } from '../stories.ts';
import { Overview, RunFacts, titleOf } from './overview.tsx';
import type { SectionProps } from './parts.tsx';
import { Invalid, LearningSignal, Problems } from './quality.tsx';
import { Channels, Courses, OwedTables, Results } from './results.tsx';
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

/** In the order of the page. A section without contents is null. */
const SECTIONS: readonly ((props: { contents: Contents }) => VNode<SectionProps> | null)[] = [
  Results,
  Channels,
  OwedTables,
  Courses,
  Invalid,
  LearningSignal,
  Problems,
  Stories,
  RunFacts,
];

function Page({ contents }: { contents: Contents }) {
  const sections = SECTIONS.flatMap((section) => section({ contents }) ?? []);
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
              {sections.map(({ props: { id, title } }) => (
                <li key={id}>
                  <a href={`#${id}`}>{title}</a>
                </li>
              ))}
            </ul>
          </nav>
          {sections}
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

/** The parts of the page /docs that are ours. Swagger UI does the rest, and everything comes from this server. */
import { FRAMES } from '../guard.ts';

/**
 * The Content-Security-Policy of the page. A browser may show it in a frame of this server or of a Space, and load nothing from
 * elsewhere. Swagger UI has inline styles.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  `frame-ancestors ${FRAMES.join(' ')}`,
].join('; ');

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#4b5fa8" d="M5 28V14a11 11 0 0 1 22 0v14l-4-3-3.500 3-3.500-3-3.500 3-3.500-3z"/><circle cx="12" cy="14" r="2.200" fill="#fff"/><circle cx="20" cy="14" r="2.200" fill="#fff"/></svg>`;

/** Swagger UI has dark colours for the class `dark-mode`. The page follows the setting of the system. */
export const FOLLOW_COLOR_SCHEME = `
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
`;

/** Swagger UI shows the long description of the document in a smaller font. */
export const SWAGGER_STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; background: light-dark(#fff, #1c2022); }
nav { max-width: 1100px; margin: 0 auto; padding: 12px 20px 0; font: 14px system-ui, sans-serif; }
nav a { color: light-dark(#3d52a0, #9db0f5); margin-right: 16px; }
.swagger-ui .wrapper { max-width: 1100px; }
.swagger-ui .info { margin: 24px 0; }
.swagger-ui .info .renderedMarkdown h1 { font-size: 20px; margin: 24px 0 8px; }
.swagger-ui .info .renderedMarkdown code { color: #2b3350; font-size: 12px; font-weight: 400; padding: 1px 4px; }
.swagger-ui .info .renderedMarkdown pre { background: light-dark(#f2f3f7, #2b3034); padding: 10px; overflow-x: auto; }
.swagger-ui .info .renderedMarkdown pre code { background: none; padding: 0; line-height: 1.5; }
.swagger-ui .info .renderedMarkdown table { border-collapse: collapse; margin: 12px 0; width: 100%; }
.swagger-ui .info .renderedMarkdown table th,
.swagger-ui .info .renderedMarkdown table td,
.swagger-ui .info .renderedMarkdown table tbody tr td:first-of-type {
  border: 1px solid light-dark(#d8dce6, #3d4450);
  font-size: 13px;
  padding: 4px 8px;
}
`;

/** The way back from the documentation to the pages. @param prefix As returned by `Prefix.of` */
export function navigation(prefix: string): string {
  return `<nav><a href="${prefix}/web/">← Playground</a><a href="${prefix}/web/traces">Traces</a></nav>`;
}

/** The parts of the documentation pages. Everything in them comes from this server. */
import { packagePath } from '../../scenarios/shipped.ts';

// Files of the documentation pages that the build puts beside the compiled server.

/** The folder of the files, relative to the package. */
export const ASSETS = 'dist/server/assets';

export const REDOC_SCRIPT = 'redoc.standalone.js';
/** The licence file that the head of the script names. */
export const REDOC_LICENCE = 'redoc.standalone.js.LICENSE.txt';

/** The absolute path of one of the files. */
export function assetPath(name: string): string {
  return packagePath(`${ASSETS}/${name}`);
}

/**
 * The Content-Security-Policy of the pages. A browser may show them in a frame of this server or of a Space, and load nothing from
 * elsewhere. Redoc inserts its styles inline.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
].join('; ');

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#4b5fa8" d="M5 28V14a11 11 0 0 1 22 0v14l-4-3-3.500 3-3.500-3-3.500 3-3.500-3z"/><circle cx="12" cy="14" r="2.200" fill="#fff"/><circle cx="20" cy="14" r="2.200" fill="#fff"/></svg>`;

/** Swagger UI shows the long description of the document in a smaller font. */
export const SWAGGER_STYLE = `
body { margin: 0; background: #fff; }
.swagger-ui .wrapper { max-width: 1100px; }
.swagger-ui .info { margin: 24px 0; }
.swagger-ui .info .renderedMarkdown h1 { font-size: 20px; margin: 24px 0 8px; }
.swagger-ui .info .renderedMarkdown code { color: #2b3350; font-size: 12px; font-weight: 400; padding: 1px 4px; }
.swagger-ui .info .renderedMarkdown pre { background: #f2f3f7; padding: 10px; overflow-x: auto; }
.swagger-ui .info .renderedMarkdown pre code { background: none; padding: 0; line-height: 1.5; }
.swagger-ui .info .renderedMarkdown table { border-collapse: collapse; margin: 12px 0; width: 100%; }
.swagger-ui .info .renderedMarkdown table th,
.swagger-ui .info .renderedMarkdown table td,
.swagger-ui .info .renderedMarkdown table tbody tr td:first-of-type {
  border: 1px solid #d8dce6;
  font-size: 13px;
  padding: 4px 8px;
}
`;

const SYSTEM_FONT = 'system-ui, sans-serif';
const REDOC_THEME = {
  typography: {
    fontFamily: SYSTEM_FONT,
    headings: { fontFamily: SYSTEM_FONT },
    code: { fontFamily: 'ui-monospace, monospace' },
  },
};

/**
 * The HTML of the page /redoc.
 * @param prefix As returned by `Prefix.of`
 * @param script Path of the Redoc script, without the prefix
 * @param icon Path of the icon, without the prefix
 */
export function redocPage(prefix: string, script: string, icon: string): string {
  const theme = JSON.stringify(REDOC_THEME).replaceAll('"', '&quot;');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ghostexec API</title>
<link rel="icon" type="image/svg+xml" href="${prefix}${icon}">
<style>body { margin: 0; } img[alt="redocly logo"] { display: none; }</style>
</head>
<body>
<redoc spec-url="${prefix}/openapi.json" theme="${theme}"></redoc>
<script src="${prefix}${script}"></script>
</body>
</html>
`;
}

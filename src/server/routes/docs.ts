/** The documentation of the API: GET /openapi.json, and /docs (Swagger UI), which shows it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App, Context } from '../app.ts';
import { openApiOptions } from '../docs/openapi.ts';
import { FRAMES } from '../guard.ts';
import { sendWholeFiles } from './web.ts';

// The parts of the page /docs that are ours. Swagger UI does the rest, and everything comes from this server.

/**
 * The Content-Security-Policy of the page. A browser may show it in a frame of this server or of a Space, and load nothing from
 * elsewhere. Swagger UI has inline styles.
 */
const PAGE_POLICY = [
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

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#4b5fa8" d="M5 28V14a11 11 0 0 1 22 0v14l-4-3-3.500 3-3.500-3-3.500 3-3.500-3z"/><circle cx="12" cy="14" r="2.200" fill="#fff"/><circle cx="20" cy="14" r="2.200" fill="#fff"/></svg>`;

/** Swagger UI has dark colours for the class `dark-mode`. The page follows the setting of the system. */
const FOLLOW_COLOR_SCHEME = `
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
`;

/** Swagger UI shows the long description of the document in a smaller font. */
const SWAGGER_STYLE = `
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
function navigation(prefix: string): string {
  return `<nav><a href="${prefix}/web/">← Playground</a><a href="${prefix}/web/traces">Traces</a></nav>`;
}

const HIDDEN = { schema: { hide: true } } as const;

/** Must be called before the routes that the OpenAPI document lists are added. */
export async function addDocs(app: App, context: Context): Promise<void> {
  const { prefix } = context;
  await app.register(swagger, openApiOptions(context));
  await app.register(async (scope: App) => {
    // The page needs a policy of its own, and other sites may frame it.
    scope.addHook('onSend', async (_request, reply) => {
      reply.header('content-security-policy', PAGE_POLICY).removeHeader('x-frame-options');
    });
    sendWholeFiles(scope);
    scope.addHook('onSend', async ({ raw, routeOptions: { url } }, _reply, payload) => {
      if (typeof payload !== 'string' || !/^\/docs\/?$/.test(url ?? '')) return payload;
      const path = prefix.of(raw);
      // The page has absolute addresses: relative ones would be wrong at /docs, which does not end in a slash.
      return payload.replaceAll('="/docs/', `="${path}/docs/`).replace('<body>', `<body>${navigation(path)}`);
    });
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: PAGE_POLICY,
      transformSpecificationClone: false,
      transformSpecification: (document, { raw }) => below(prefix.of(raw), document),
      uiConfig: { layout: 'BaseLayout', docExpansion: 'list', tryItOutEnabled: true, defaultModelsExpandDepth: -1 },
      theme: {
        title: 'Ghostexec API',
        css: [{ filename: 'ghostexec.css', content: SWAGGER_STYLE }],
        js: [{ filename: 'ghostexec.js', content: FOLLOW_COLOR_SCHEME }],
        favicon: [{ filename: 'icon.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: ICON }],
      },
    });
  });
  app.get('/redoc', HIDDEN, ({ raw }, reply) => reply.redirect(`${prefix.of(raw)}/docs`, 307));
  app.get('/openapi.json', HIDDEN, async ({ raw }) => below(prefix.of(raw), app.swagger()));
}

/** The OpenAPI document for clients that reach the paths below a prefix. */
function below<T extends object>(prefix: string, document: T): T {
  return prefix === '' ? document : { ...document, servers: [{ url: prefix }] };
}

/** The documentation of the API: GET /openapi.json, and /docs (Swagger UI), which shows it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App, Context } from '../app.ts';
import { openApiOptions } from '../docs/openapi.ts';
import { FOLLOW_COLOR_SCHEME, ICON, navigation, PAGE_POLICY, SWAGGER_STYLE } from '../docs/pages.ts';
import { sendWholeFiles } from './web.ts';

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

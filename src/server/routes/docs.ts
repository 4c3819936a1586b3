/** The documentation of the API: GET /openapi.json, and two ways to read it, /docs (Swagger UI) and /redoc. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App, Context } from '../app.ts';
import { openApiOptions } from '../docs/openapi.ts';
import { assetPath, ICON, PAGE_POLICY, REDOC_SCRIPT, redocPage, SWAGGER_STYLE } from '../docs/pages.ts';
import type { Prefix } from '../prefix.ts';
import { Problem } from '../problem.ts';
import { sendWholeFiles } from './web.ts';

const HIDDEN = { schema: { hide: true } } as const;
const YEAR = 31_536_000;

type Script = { readonly bytes: Buffer; readonly hash: string };

/** Must be called before the routes that the OpenAPI document lists are added. */
export async function addDocs(app: App, context: Context): Promise<void> {
  await app.register(swagger, openApiOptions(context));
  await app.register(async (scope: App) => {
    // The pages of the documentation need a policy of their own, and other sites may frame them.
    scope.addHook('onSend', async (_request, reply) => {
      reply.header('content-security-policy', PAGE_POLICY).removeHeader('x-frame-options');
    });
    sendWholeFiles(scope);
    scope.addHook('onSend', async ({ raw, routeOptions: { url } }, _reply, payload) => {
      const prefix = context.prefix.of(raw);
      // The page of Swagger UI has absolute addresses: relative ones would be wrong at /docs, which does not end in a slash.
      if (prefix === '' || typeof payload !== 'string' || !/^\/docs\/?$/.test(url ?? '')) return payload;
      return payload.replaceAll('="/docs/', `="${prefix}/docs/`);
    });
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: PAGE_POLICY,
      transformSpecificationClone: false,
      transformSpecification: (document, { raw }) => below(context.prefix.of(raw), document),
      uiConfig: { layout: 'BaseLayout', docExpansion: 'list', tryItOutEnabled: true, defaultModelsExpandDepth: -1 },
      theme: {
        title: 'Ghostexec API',
        css: [{ filename: 'ghostexec.css', content: SWAGGER_STYLE }],
        favicon: [{ filename: 'icon.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: ICON }],
      },
    });
    addRedoc(scope, context.prefix);
  });
  app.get('/openapi.json', HIDDEN, async ({ raw }) => below(context.prefix.of(raw), app.swagger()));
}

/** The OpenAPI document for clients that reach the paths below a prefix. */
function below<T extends object>(prefix: string, document: T): T {
  return prefix === '' ? document : { ...document, servers: [{ url: prefix }] };
}

function addRedoc(app: App, prefix: Prefix): void {
  let script: Script | undefined;
  const load = (): Script => {
    script ??= readScript();
    return script;
  };

  app.get('/redoc', HIDDEN, async ({ raw }, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .serializer(String)
      .send(redocPage(prefix.of(raw), `/redoc/${REDOC_SCRIPT}?v=${load().hash}`, '/docs/static/theme/icon.svg')),
  );

  app.get(`/redoc/${REDOC_SCRIPT}`, HIDDEN, async (request, reply) => {
    const { bytes, hash } = load();
    const tag = `"${hash}"`;
    // Each version of the script has its own address (`?v=<hash>`) and never changes. An address without the hash may change.
    const { v } = request.query as { v?: unknown };
    reply.header('etag', tag).header('cache-control', v === hash ? `public, max-age=${YEAR}, immutable` : 'no-cache');
    if (request.headers['if-none-match'] === tag) return reply.code(304).send();
    return reply.type('text/javascript; charset=utf-8').send(bytes);
  });
}

function readScript(): Script {
  const path = assetPath(REDOC_SCRIPT);
  if (!existsSync(path)) {
    throw new Problem(
      404,
      'NOT_BUILT',
      `${REDOC_SCRIPT} is missing; \`npm run build\` puts it in place. GET /docs shows the same document`,
    );
  }
  const bytes = readFileSync(path);
  return { bytes, hash: createHash('sha256').update(bytes).digest('base64url').slice(0, 16) };
}

/** The OpenAPI document: made of the zod schemas of the routes, whichever surface they belong to. */
import { STATUS_CODES } from 'node:http';
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { VERSION } from '../../lib/version.ts';
import type { Context } from '../app.ts';
import { DESCRIPTION, TAGS } from './description.ts';
import { examplesOf, type OperationExamples } from './examples.ts';

/** Of the wire contract: it changes where a client would notice. Validators of OpenEnv want it to begin with 1. */
const CONTRACT_VERSION = '1.0.0';

type JsonSchema = Record<string, unknown>;
type Transformed = JsonSchema & { body?: JsonSchema; response?: Record<string, JsonSchema> };

export function openApiOptions({ options, specs }: Context): FastifyDynamicSwaggerOptions {
  let examples: ReadonlyMap<string, OperationExamples> | undefined;
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        // The page shows both: of the package here, of the contract below.
        title: `Ghostexec ${VERSION}`,
        version: CONTRACT_VERSION,
        description: DESCRIPTION,
      },
      tags: [...TAGS],
      ...(options.apiKey === undefined ? {} : SECURED),
    },
    // Schemas that have an id are referred to; this puts them where the references lead.
    transformObject: jsonSchemaTransformObject,
    transform: (document) => {
      const { url, route } = document;
      // OpenAPI has no words for WebSockets: the description has.
      if ('websocket' in route && route.websocket === true) return { schema: { hide: true }, url };
      const { schema } = jsonSchemaTransform(document);
      if (schema === undefined || ('hide' in schema && schema.hide)) return { schema: schema ?? {}, url };
      examples ??= examplesOf(specs);
      const path = url.replaceAll(/:(\w+)/g, '{$1}');
      const methods = Array.isArray(route.method) ? route.method : [route.method];
      const found = methods.map((method) => examples?.get(`${method} ${path}`)).find((one) => one !== undefined);
      const operationId = `${methods.join('_').toLowerCase()}${path.replaceAll(/\W+/g, '_')}`.replace(/_$/, '');
      return { schema: { operationId, ...illustrate(schema as Transformed, found ?? {}) }, url };
    },
  };
}

const SECURED = {
  components: {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'The key that the server was started with' },
    },
  },
  security: [{ bearer: [] }],
} as const satisfies Partial<FastifyDynamicSwaggerOptions['openapi']>;

/** Adds examples, and words for answers that have none of their own. */
function illustrate(
  { body, response, ...rest }: Transformed,
  { body: asked, answers }: OperationExamples,
): Transformed {
  const answered = Object.entries(response ?? {}).map(([status, schema]) => [
    status,
    {
      description: STATUS_CODES[status] ?? 'An answer',
      ...schema,
      ...(answers?.[status] === undefined ? {} : { 'x-examples': answers[status] }),
    },
  ]);
  return {
    ...rest,
    ...(body === undefined ? {} : { body: asked === undefined ? body : { ...body, 'x-examples': asked } }),
    ...(response === undefined ? {} : { response: Object.fromEntries(answered) }),
  };
}

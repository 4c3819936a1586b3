/** The OpenAPI document, generated from the zod schemas of all routes. */
import { STATUS_CODES } from 'node:http';
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { VERSION } from '../../lib/version.ts';
import type { Context } from '../app.ts';
import { DESCRIPTION, TAGS } from './description.ts';
import { examplesOf, type OperationExamples } from './examples.ts';

/** The version of the wire contract, which changes if a client would notice. Validators of OpenEnv expect it to begin with 1. */
const CONTRACT_VERSION = '1.0.0';

type JsonSchema = Record<string, unknown>;
type Transformed = JsonSchema & { body?: JsonSchema; response?: Record<string, JsonSchema> };

/** The options of @fastify/swagger that make the document. */
export function openApiOptions({ options, specs }: Context): FastifyDynamicSwaggerOptions {
  let examples: ReadonlyMap<string, OperationExamples> | undefined;
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        // The pages show both versions: that of the package here, that of the contract below.
        title: `Ghostexec ${VERSION}`,
        version: CONTRACT_VERSION,
        description: DESCRIPTION,
      },
      tags: [...TAGS],
      ...(options.apiKey === undefined ? {} : SECURED),
    },
    // Schemas with an id are referenced; this puts them where the references point.
    transformObject: jsonSchemaTransformObject,
    transform: (document) => {
      const { url, route } = document;
      // OpenAPI cannot describe WebSockets; the description of the document does.
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
      bearer: { type: 'http', scheme: 'bearer', description: 'The API key of the server' },
    },
  },
  security: [{ bearer: [] }],
} as const satisfies Partial<FastifyDynamicSwaggerOptions['openapi']>;

/** Adds examples, and a description to answers that have none. */
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

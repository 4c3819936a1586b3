/** GET /health, /schema and /metadata: information about the server itself. */
import { z } from 'zod';
import type { App, Context } from '../app.ts';
import { environmentMetadataSchema, metadataBelow } from '../docs/metadata.ts';
import { wireSchemas } from '../wire.ts';

const jsonSchema = z.record(z.string(), z.unknown());

export async function addInfo(app: App, { prefix }: Context): Promise<void> {
  const schemas = wireSchemas();

  app.get(
    '/health',
    {
      schema: {
        tags: ['Info'],
        summary: 'Whether the server is up',
        description: 'Needs no API key.',
        security: [],
        response: { 200: z.object({ status: z.literal('healthy') }).describe('The server is up') },
      },
    },
    async () => ({ status: 'healthy' as const }),
  );

  app.get(
    '/schema',
    {
      schema: {
        tags: ['Info'],
        summary: 'JSON Schemas of actions, observations and states',
        description: 'The schemas follow JSON Schema, draft 2020-12.',
        response: {
          200: z.object({ action: jsonSchema, observation: jsonSchema, state: jsonSchema }).describe('The schemas'),
        },
      },
    },
    async () => schemas as Record<keyof typeof schemas, Record<string, unknown>>,
  );

  app.get(
    '/metadata',
    {
      schema: {
        tags: ['Info'],
        summary: 'What this environment is',
        description: 'Its name and version, its tasks, and the bounds of its rewards.',
        response: { 200: environmentMetadataSchema },
      },
    },
    async ({ raw }) => metadataBelow(prefix.of(raw)),
  );
}

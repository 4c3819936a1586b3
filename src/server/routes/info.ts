/** GET /health, /schema and /metadata, also below /text: information about the server itself. */
import { z } from 'zod';
import { systemPrompt } from '../../sim/v2/prompt.ts';
import type { App, Context } from '../app.ts';
import { environmentMetadataSchema, metadataBelow } from '../docs/metadata.ts';
import { FORMS, type WireForm } from '../forms.ts';

const jsonSchema = z.record(z.string(), z.unknown());

export async function addInfo(app: App, context: Context): Promise<void> {
  for (const form of FORMS) addForm(app, form, context);
}

function addForm(app: App, { base, schemas }: WireForm, { prefix, options }: Context): void {
  const published = schemas();

  app.get(
    `${base}/health`,
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
    `${base}/schema`,
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
    async () => published,
  );

  app.get(
    `${base}/metadata`,
    {
      schema: {
        tags: ['Info'],
        summary: 'What this environment is',
        description: 'Its name and version, its tasks, and the bounds of its rewards.',
        response: { 200: environmentMetadataSchema },
      },
    },
    async ({ raw }) => metadataBelow(prefix.of(raw), options),
  );
}

// GET /system_prompt: the rules for a policy that is a language model. (GET /prompt belongs to the protocol ORS.)

export async function addSystemPrompt(app: App): Promise<void> {
  app.get(
    '/system_prompt',
    {
      schema: {
        tags: ['Info'],
        summary: 'The system prompt of rules v2, as text',
        description:
          'The role, the actions and how long each takes, what an answer must do, who takes work, and what ends the day. ' +
          '`prompt_sha256` of GET /metadata is its SHA-256.',
        response: { 200: z.string().describe('The system prompt') },
      },
    },
    // The serializer of the other routes would turn the text into a JSON string.
    async (_request, reply) => reply.type('text/plain; charset=utf-8').serializer(String).send(systemPrompt()),
  );
}

// GET /metrics: the counters of the server, for Prometheus. The route needs the API key, like every route but /health.

export async function addMetrics(app: App, { metrics }: Context): Promise<void> {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['Operations'],
        summary: 'Counters of the server',
        description: 'In the text format of Prometheus. If the server has an API key, this route needs it too.',
        response: { 200: z.string().describe('Counters, gauges and histograms') },
      },
    },
    async (_request, reply) => {
      const text = await metrics.text();
      // The serializer of the other routes would turn the text into a JSON string.
      return reply.type(metrics.registry.contentType).serializer(String).send(text);
    },
  );
}

/** GET /metrics: the counters of the server, for Prometheus. The route needs the API key, like every route but /health. */
import { z } from 'zod';
import type { App, Context } from '../app.ts';

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

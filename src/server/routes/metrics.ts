/** GET /metrics: what the server counts, for Prometheus. Behind the key, like everything but /health. */
import { z } from 'zod';
import type { App, Context } from '../app.ts';

export async function addMetrics(app: App, { metrics }: Context): Promise<void> {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['Operations'],
        summary: 'Counters of the server',
        description: 'In the text format of Prometheus. Where the server has a key, this asks for it too.',
        response: { 200: z.string().describe('Counters, gauges and histograms') },
      },
    },
    async (_request, reply) => {
      const text = await metrics.text();
      // The serializer of the other routes would make a JSON string of it.
      return reply.type(metrics.registry.contentType).serializer(String).send(text);
    },
  );
}

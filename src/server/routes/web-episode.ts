/**
 * GET /web/metadata, POST /web/reset, POST /web/step, GET /web/state: the routes of OpenEnv's web interface. As in OpenEnv, all
 * callers of these routes share one episode. The server keeps it among the episodes of plain HTTP.
 */
import { z } from 'zod';
import { answerJson } from '../answer-json.ts';
import type { App, Context } from '../app.ts';
import { metadataBelow } from '../docs/metadata.ts';
import { toolStep } from '../mcp/tool-steps.ts';
import { Session } from '../session.ts';
import { isToolAction } from '../tool-actions.ts';
import { type Answer, resetRequestSchema, stepRequestSchema } from '../wire.ts';

/** Only OpenEnv's own pages use these routes, so the OpenAPI document does not list them. */
const HIDDEN = { hide: true } as const;
const JSON_TYPE = 'application/json; charset=utf-8';

const stepSchema = z.looseObject({ action: stepRequestSchema.shape.action });

export async function addWebEpisode(app: App, { episodes, specs, metrics, prefix, reader }: Context): Promise<void> {
  /** Id of the shared episode; undefined before the first reset. */
  let current: string | undefined;
  const begin = (data: Parameters<typeof episodes.begin>[0] = {}): Answer => {
    const answer = episodes.begin(data);
    current = answer.metadata.episode_id;
    return answer;
  };

  app.get('/web/metadata', { schema: HIDDEN }, async ({ raw }) => metadataBelow(prefix.of(raw)));

  app.post('/web/reset', { schema: { ...HIDDEN, body: resetRequestSchema } }, async ({ body }, reply) => {
    const { request_id: _, ...data } = body;
    reply.type(JSON_TYPE).serializer(answerJson);
    return begin(data);
  });

  app.post('/web/step', { schema: { ...HIDDEN, body: stepSchema } }, async ({ body: { action } }, reply) => {
    const began = performance.now();
    if (current === undefined) begin();
    const session = episodes.find(current ?? '');
    const stepped = (): void => metrics.stepped('web', 1, began);
    if (isToolAction(action)) {
      reply.type(JSON_TYPE).serializer(JSON.stringify);
      return toolStep(session, action, stepped);
    }
    const answer = session.play(await reader.read(action));
    stepped();
    reply.type(JSON_TYPE).serializer(answerJson);
    return answer;
  });

  app.get('/web/state', { schema: HIDDEN }, async () =>
    (current === undefined ? new Session(specs) : episodes.find(current)).state(),
  );
}

/** The Task API lists the tasks of the environment. A `reset` with the split and the index of a row begins an episode on that row. */
import { z } from 'zod';
import { quote } from '../../lib/text.ts';
import { readEnvironmentManifest } from '../../scenarios/shipped.ts';
import { SPLITS, shipped } from '../../scenarios/source.ts';
import type { App, Context } from '../app.ts';
import { invalidSchema, Problem, refusedSchema } from '../problem.ts';

/** The maximum number of rows in the list of a split. /{env}/task_range returns any rows. */
const PREVIEW = 1_000;

const split = z.enum(SPLITS).describe('A split of the tasks');
const params = z.object({ env: z.string().describe('`ghostexec`, in upper or lower case') });
const rowSchema = z.object({
  id: z.string().describe('The task_id'),
  split,
  index: z.int().min(0).describe('Position in the split, from 0'),
  difficulty: z.string(),
  group: z.string().describe('Rows of one group are variants of one scenario'),
});
const listSchema = z.object({ tasks: z.array(rowSchema), env_name: z.string() });

const common = { tags: ['Tasks'], params } as const;
const refusals = { 404: refusedSchema, 422: invalidSchema } as const;

export async function addTaskApi(app: App, _context: Context): Promise<void> {
  const { name } = readEnvironmentManifest();

  app.addHook('preValidation', async (request) => {
    const { env } = request.params as { env?: string };
    if (env === undefined || env.toLowerCase() === name) return;
    throw new Problem(404, 'UNKNOWN_ENVIRONMENT', `there is no environment ${quote(env)}; known: ${name}`);
  });

  app.get(
    '/list_environments',
    {
      schema: {
        tags: ['Tasks'],
        summary: 'The environments of this server',
        response: { 200: z.array(z.string()).describe('Their names') },
      },
    },
    async () => [name],
  );

  app.get(
    '/:env/splits',
    {
      schema: {
        ...common,
        summary: 'The splits of the tasks',
        response: {
          200: z
            .array(z.object({ name: split, type: split, num_tasks: z.int().min(0) }))
            .describe('Each split, its type and the number of its rows'),
          404: refusedSchema,
        },
      },
    },
    async () => SPLITS.map((each) => ({ name: each, type: each, num_tasks: shipped.count(each) })),
  );

  app.post(
    '/:env/tasks',
    {
      schema: {
        ...common,
        summary: 'The rows of a split',
        description: `The first ${PREVIEW.toLocaleString('en')} rows; POST /{env}/num_tasks returns the number of all.`,
        body: z.looseObject({ split }),
        response: { 200: listSchema.describe('The rows'), ...refusals },
      },
    },
    async ({ body }) => ({ tasks: shipped.list(body.split, 0, PREVIEW), env_name: name }),
  );

  app.post(
    '/:env/num_tasks',
    {
      schema: {
        ...common,
        summary: 'The number of rows of a split',
        body: z.looseObject({ split }),
        response: { 200: z.object({ num_tasks: z.int().min(0) }).describe('The number of rows'), ...refusals },
      },
    },
    async ({ body }) => ({ num_tasks: shipped.count(body.split) }),
  );

  app.post(
    '/:env/task',
    {
      schema: {
        ...common,
        summary: 'One row of a split',
        body: z.looseObject({ split, index: z.int().describe('Position in the split, from 0') }),
        response: {
          200: z.object({ task: rowSchema, env_name: z.string() }).describe('The row'),
          400: refusedSchema.describe('The split has no row with that index'),
          ...refusals,
        },
      },
    },
    async ({ body: { split, index } }) => {
      const [task] = index < 0 ? [] : shipped.list(split, index, index + 1);
      if (task !== undefined) return { task, env_name: name };
      const last = shipped.count(split) - 1;
      throw new Problem(400, 'OUT_OF_RANGE', `split ${split} has the rows 0 to ${last}, got index ${index}`);
    },
  );

  const place = z.int().min(0).nullish();
  app.post(
    '/:env/task_range',
    {
      schema: {
        ...common,
        summary: 'Some rows of a split',
        body: z.looseObject({
          split,
          start: place.describe('Index of the first row; default 0'),
          stop: place.describe('Index after the last row; default: the end of the split'),
        }),
        response: { 200: listSchema.describe('The rows; an empty list if the range has none'), ...refusals },
      },
    },
    async ({ body: { split, start, stop } }) => ({
      tasks: shipped.list(split, start ?? 0, stop ?? shipped.count(split)),
      env_name: name,
    }),
  );
}

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
/** The path before the routes of an environment: clients of ORS leave out its name. */
export const ENVIRONMENT_PATHS = ['', '/:env'] as const;
export const environmentSchema = z.object({ env: z.string().describe('`ghostexec`, in upper or lower case') });
const rowSchema = z.object({
  id: z.string().describe('The task_id'),
  split,
  index: z.int().min(0).describe('Position in the split, from 0'),
  difficulty: z.string(),
  group: z.string().describe('Rows of one group are variants of one scenario'),
});
const listSchema = z.object({ tasks: z.array(rowSchema), env_name: z.string() });

const refusals = { 404: refusedSchema, 422: invalidSchema } as const;

/** @throws Problem (404) if this is not the name of the environment, in upper or lower case */
export function refuseOtherEnvironment(given: string): void {
  const { name } = readEnvironmentManifest();
  if (given.toLowerCase() === name) return;
  throw new Problem(404, 'UNKNOWN_ENVIRONMENT', `there is no environment ${quote(given)}; known: ${name}`);
}

/** Refuses requests whose paths name another environment. It comes before the validation of the body. */
export function checkEnvironments(app: App): void {
  app.addHook('preValidation', async (request) => {
    const { env } = request.params as { env?: string };
    if (env !== undefined) refuseOtherEnvironment(env);
  });
}

export async function addTaskApi(app: App, _context: Context): Promise<void> {
  const { name } = readEnvironmentManifest();
  checkEnvironments(app);

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

  for (const base of ENVIRONMENT_PATHS) addRows(app, base, name);
}

/** The routes of the rows. @param base '', or the parameter that names the environment. @param name Name of the environment. */
function addRows(app: App, base: string, name: string): void {
  const common = { tags: ['Tasks'], ...(base === '' ? {} : { params: environmentSchema }) };

  app.get(
    `${base}/splits`,
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
    `${base}/tasks`,
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
    `${base}/num_tasks`,
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
    `${base}/task`,
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

  const place = z.int().nullish();
  app.post(
    `${base}/task_range`,
    {
      schema: {
        ...common,
        summary: 'Some rows of a split',
        body: z.looseObject({
          split,
          start: place.describe('Index of the first row; default 0. A negative index counts from the end'),
          stop: place.describe('Index after the last row; default: the end of the split'),
        }),
        response: { 200: listSchema.describe('The rows; an empty list if the range has none'), ...refusals },
      },
    },
    async ({ body: { split, start, stop } }) => {
      const count = shipped.count(split);
      const fromStart = (at: number): number => (at < 0 ? Math.max(0, count + at) : at);
      return { tasks: shipped.list(split, fromStart(start ?? 0), fromStart(stop ?? count)), env_name: name };
    },
  );
}

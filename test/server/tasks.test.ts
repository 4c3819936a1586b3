/** The Task API, which lists the splits and tasks. */
import { expect, test } from 'vitest';
import { listTasks } from '../../src/scenarios/shipped.ts';
import { type Json, serve } from './support-docs.ts';

const client = serve();

const SPLITS = ['train', 'validation', 'test'] as const;
const ids = listTasks().map(({ id }) => id);
const count = ids.length;

function idsOf(body: unknown): unknown[] {
  return ((body as Json).tasks as Json[]).map(({ id }) => id);
}

test('there is one environment', async () => {
  expect((await client.get('/list_environments')).body).toEqual(['ghostexec']);
});

test('it has three splits, each with its type and its number of rows', async () => {
  const { body } = await client.get('/ghostexec/splits');
  expect(body).toEqual(SPLITS.map((name) => ({ name, type: name, num_tasks: count })));
});

test('the name of the environment is matched without regard to case', async () => {
  const { status, body } = await client.post('/GhostExec/num_tasks', { split: 'test' });
  expect(status).toBe(200);
  expect(body).toEqual({ num_tasks: count });
});

test.each([
  ['GET', '/other/splits'],
  ['POST', '/other/tasks'],
  ['POST', '/other/num_tasks'],
  ['POST', '/other/task'],
  ['POST', '/other/task_range'],
])('%s %s is 404 and names the known environment', async (method, path) => {
  // The body is invalid too, but the name of the environment is checked first.
  const { status, body } = method === 'GET' ? await client.get(path) : await client.post(path, {});
  expect(status).toBe(404);
  expect((body as Json).detail).toBe('there is no environment "other"; known: ghostexec');
});

test.each(SPLITS)('the rows of %s are listed, counted, and found one by one', async (split) => {
  const { body } = await client.post('/ghostexec/tasks', { split });
  expect(idsOf(body)).toEqual(ids);
  expect((body as Json).env_name).toBe('ghostexec');
  const rows = (body as Json).tasks as Json[];
  for (const [index, row] of rows.entries()) {
    expect(row).toMatchObject({ split, index, difficulty: expect.any(String), group: expect.any(String) });
    expect((await client.post('/ghostexec/task', { split, index })).body).toEqual({ task: row, env_name: 'ghostexec' });
  }
});

test.each([count, count + 100, -1])('row %d is out of range, and the error names the range', async (index) => {
  const { status, body } = await client.post('/ghostexec/task', { split: 'train', index });
  expect(status).toBe(400);
  expect((body as Json).detail).toBe(`split train has the rows 0 to ${count - 1}, got index ${index}`);
});

test.each([
  [{}, ids],
  [{ start: 1, stop: 3 }, ids.slice(1, 3)],
  [{ start: 2 }, ids.slice(2)],
  [{ stop: 2 }, ids.slice(0, 2)],
  [{ start: null, stop: null }, ids],
  [{ start: 0, stop: 10_000 }, ids],
  [{ start: 2, stop: 2 }, []],
  [{ start: 3, stop: 1 }, []],
  [{ start: 10_000 }, []],
])('the range %j is half-open and clipped to the rows of the split', async (range, expected) => {
  const { status, body } = await client.post('/ghostexec/task_range', { split: 'validation', ...range });
  expect(status).toBe(200);
  expect(idsOf(body)).toEqual(expected);
});

test.each(['tasks', 'num_tasks', 'task', 'task_range'])(
  'an unknown split is 422 in %s and names the splits',
  async (route) => {
    const { status, body } = await client.post(`/ghostexec/${route}`, { split: 'dev', index: 0 });
    expect(status).toBe(422);
    expect((body as Json).detail).toEqual([
      {
        type: 'literal_error',
        loc: ['body', 'split'],
        msg: 'expected one of "train"|"validation"|"test", got "dev"',
        input: 'dev',
      },
    ]);
  },
);

test('a reset to a row plays the task that the Task API reports for it', async () => {
  const { body } = await client.post('/ghostexec/task', { split: 'test', index: 2 });
  const reset = await client.post('/reset', { split: 'test', index: 2 });
  const { observation } = reset.body as { observation: Json };
  expect(observation.task_id).toBe(((body as Json).task as Json).id);
});

test('listing tasks begins no episode', async () => {
  await client.post('/ghostexec/task', { split: 'train', index: 0 });
  expect((await client.get('/state')).body).toMatchObject({ episode_id: null, step_count: 0 });
});

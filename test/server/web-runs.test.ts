/** The runs that a server shows: lists, episodes, comparisons, and files that grow. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recordAnswer } from '../../src/records/line-writer.ts';
import type { CompareAnswer, EpisodesAnswer, RunInfo } from '../../src/server/web/api.ts';
import { episode, linesOf, step } from '../rollout/traces-support.ts';
import { type Client, serve } from './support-docs.ts';
import { makeServer } from './support-server.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'ghostexec-runs-'));
const TASKS = ['phase2_core', 'monday_morning'];

const A = Array.from({ length: 8 }, (_, i) => episode(i, { task_id: TASKS[Math.floor(i / 4)] ?? '' }));
const B = A.map((one) => ({ ...one, return: (one.return ?? 0) + (one.index % 2), policy: 'greedy' })).slice(0, 6);

function write(folder: string, text: string): string {
  mkdirSync(join(FOLDER, folder), { recursive: true });
  const path = join(FOLDER, folder, 'trajectories.jsonl');
  writeFileSync(path, text);
  return path;
}

write('all/a', `${linesOf(A)}`);
write('all/b', `nonsense\n${linesOf(B)}{"episode`);
writeFileSync(join(FOLDER, 'all/a/manifest.json'), '{"format":"ghostexec.rollout"}');
mkdirSync(join(FOLDER, 'all/no-run'));
const lone = join(FOLDER, 'lone.jsonl');
renameSync(write('x', linesOf([episode(0)])), lone);

/** The runs by name, once all are indexed. */
async function runsOf({ get }: Client): Promise<Map<string, RunInfo>> {
  for (;;) {
    const { runs } = (await get('/web/api/runs')).body as { runs: RunInfo[] };
    if (runs.every(({ done }) => done)) return new Map(runs.map((run) => [run.name, run]));
    await new Promise(setImmediate);
  }
}

describe('runs of a server', () => {
  const client = serve({ traces: [join(FOLDER, 'all'), lone, join(FOLDER, 'all/a')] });
  const ask = async (name: string, query: string): Promise<EpisodesAnswer> => {
    const id = (await runsOf(client)).get(name)?.run_id;
    const { status, body } = await client.get(`/web/api/runs/${id}/episodes?${query}`);
    expect(status).toBe(200);
    return body as EpisodesAnswer;
  };

  test('come from all paths, each run once', async () => {
    const runs = await runsOf(client);
    expect([...runs.keys()]).toEqual(['a', 'b', 'lone.jsonl']);
    expect(runs.get('a')).toMatchObject({
      manifest: { format: 'ghostexec.rollout' },
      episodes: 8,
      tasks: TASKS,
      policies: ['random'],
      mean_return: 3.5 / 8,
      mean_grade: 0.5,
      failures: {},
      changed: statSync(join(FOLDER, 'all/a/trajectories.jsonl')).mtimeMs,
      damaged: { count: 0 },
      incomplete: null,
      error: null,
    });
    expect(runs.get('b')).toMatchObject({
      manifest: null,
      episodes: 6,
      damaged: { count: 1, first: [{ line: 1 }] },
      incomplete: { line: 8, bytes: 9 },
    });
    expect(JSON.stringify([...runs.values()])).not.toContain(FOLDER);
    expect((await client.get('/web/api/options')).body).toMatchObject({ runs: true });
  });

  test('are filtered, sorted and paged', async () => {
    const query = 'task=phase2_core&sort=return&order=desc&offset=1&limit=2&return_min=-1e3&grade_max=.5&invalid=no';
    const { total, rows, done } = await ask('a', query);
    expect({ total, done }).toEqual({ total: 4, done: true });
    expect(rows.map(({ row }) => row)).toEqual([2, 1]);
    expect(rows[0]).toEqual({ ...A[2], row: 2, steps: undefined });
    expect((await ask('a', 'group=g3')).rows.map(({ row }) => row)).toEqual([6, 7]);
    expect((await ask('a', '')).rows).toHaveLength(8);
  });

  test('give their episodes with all steps', async () => {
    const id = (await runsOf(client)).get('b')?.run_id;
    expect((await client.get(`/web/api/runs/${id}/episodes/5`)).body).toEqual(B[5]);
    const { status, body } = await client.get(`/web/api/runs/${id}/episodes/6`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: 'UNKNOWN_EPISODE', detail: expect.stringContaining('6 episodes') });
  });

  test.each([
    ['episodes?sort=steps', 'sort'],
    ['episodes?failure=bad_luck', 'failure'],
    ['episodes?limit=501', 'limit'],
    ['episodes?limit=', 'limit'],
    ['episodes?offset=-1', 'offset'],
    ['episodes?offset=1.5', 'offset'],
    ['episodes?grade_min=low', 'grade_min'],
    ['episodes?grade_min=Infinity', 'grade_min'],
    ['episodes?task=a&task=b', 'task'],
    ['episodes?taks=a', 'taks'],
    ['episodes/one', 'index'],
    ['episodes/-1', 'index'],
  ])('%s is refused', async (path, named) => {
    const id = (await runsOf(client)).get('a')?.run_id;
    const { status, body } = await client.get(`/web/api/runs/${id}/${path}`);
    expect(status).toBe(422);
    const { detail } = body as { detail: { loc: string[]; msg: string; type: string; input: unknown }[] };
    expect(detail[0]?.loc.at(-1)).toBe(named);
    expect(Object.keys(detail[0] ?? {}).sort()).toEqual(['input', 'loc', 'msg', 'type']);
  });

  test('cannot be addressed by paths', async () => {
    for (const name of ['a', '..%2Fa', encodeURIComponent(lone), '%2e%2e', '__proto__']) {
      const { status, body } = await client.get(`/web/api/runs/${name}/episodes`);
      expect({ status, body }).toMatchObject({ status: 404, body: { code: expect.any(String) } });
    }
  });

  test('can be compared', async () => {
    const runs = await runsOf(client);
    const [a, b] = [runs.get('a')?.run_id, runs.get('b')?.run_id];
    const { body } = await client.get(`/web/api/compare?a=${a}&b=${b}&order=desc&limit=4`);
    const { total, rows, unmatched, tasks, done } = body as CompareAnswer;
    expect({ total, unmatched, done }).toEqual({ total: 6, unmatched: { a: 2, b: 0 }, done: true });
    expect(rows.map((pair) => [pair.a.row, pair.b.row, pair.difference.return])).toEqual([
      [1, 1, 1],
      [3, 3, 1],
      [5, 5, 1],
      [0, 0, 0],
    ]);
    expect(tasks.map(({ task_id, difference }) => [task_id, difference.return])).toEqual([
      ['phase2_core', { n: 4, mean: 0.5, confidence: expect.closeTo((1.96 * Math.sqrt(1 / 3)) / 2, 12) }],
      ['monday_morning', { n: 2, mean: 0.5, confidence: expect.closeTo(1.96 * 0.5, 12) }],
    ]);
    for (const [query, named] of [
      [`a=${a}`, 'b'],
      [`a=${a}&b=nowhere`, 'b'],
      [`a=/etc&b=${b}`, 'a'],
      [`a=${a}&b=${b}&sort=length`, 'sort'],
    ]) {
      const refused = await client.get(`/web/api/compare?${query}`);
      expect(refused.status).toBe(422);
      expect((refused.body as { detail: { loc: string[] }[] }).detail[0]?.loc).toEqual(['query', named]);
    }
  });
});

describe('a run that changes', () => {
  const path = write('growing/one', linesOf([episode(0), episode(1)]));
  const client = serve({ traces: [join(FOLDER, 'growing')] });

  test('shows its new episodes, a new run of the folder is listed, and damaged steps are reported', async () => {
    expect((await runsOf(client)).get('one')?.episodes).toBe(2);
    appendFileSync(path, linesOf([episode(2, { steps: [step(recordAnswer('do nothing'))] })]));
    appendFileSync(path, linesOf([episode(3)]).replace('"reward":-0.25', '"reward":null'));
    write('growing/two', linesOf([episode(0)]));
    const runs = await runsOf(client);
    expect([...runs].map(([name, { episodes }]) => [name, episodes])).toEqual([
      ['one', 4],
      ['two', 1],
    ]);
    const id = runs.get('one')?.run_id;
    expect((await client.get(`/web/api/runs/${id}/episodes/2`)).body).toMatchObject({
      steps: [{ completion: 'do nothing', action: null }],
    });
    const { status, body } = await client.get(`/web/api/runs/${id}/episodes/3`);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'BAD_RECORD', detail: expect.stringContaining('line 4 cannot be shown') });
  });
});

describe('a file that no longer exists', () => {
  const path = write('gone', linesOf([episode(0)]));
  const client = serve({ traces: [path] });

  test('is reported as unreadable', async () => {
    const id = [...(await runsOf(client)).values()][0]?.run_id;
    renameSync(path, `${path}.moved`);
    const { status, body } = await client.get(`/web/api/runs/${id}/episodes`);
    expect(status).toBe(409);
    expect(body).toEqual({ code: 'UNREADABLE', detail: expect.stringContaining('ENOENT') });
    expect([...(await runsOf(client)).values()][0]?.error).toContain('ENOENT');
  });
});

test('a server without traces lists no runs, and a path without runs is refused', async () => {
  const server = await makeServer();
  const answer = await server.app.inject('/web/api/runs');
  expect(answer.json()).toEqual({ runs: [] });
  const refused: [path: string, why: string][] = [
    [join(FOLDER, 'nowhere'), 'nowhere'],
    [join(FOLDER, 'all/no-run'), 'there are no trajectories'],
    [new URL(import.meta.url).pathname, 'no JSON object'],
  ];
  for (const [path, why] of refused) {
    await expect(makeServer({ traces: [path] })).rejects.toMatchObject({
      code: path.endsWith('nowhere') ? 'NO_FILE' : 'NO_TRACES',
      message: expect.stringContaining(why),
    });
  }
});

test('every route requires the key of the server', async () => {
  const server = await makeServer({ apiKey: 'k', traces: [lone] });
  for (const path of ['runs', 'runs/x/episodes', 'runs/x/episodes/0', 'compare']) {
    expect((await server.app.inject(`/web/api/${path}`)).statusCode).toBe(401);
  }
});

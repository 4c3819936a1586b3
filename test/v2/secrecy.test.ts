/** Neither what the solver found nor what people are shown of the obligations reaches a policy. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Replay, type Scene, SoloEnv, VectorEnv } from '../../src/index.ts';
import { readOracle } from '../../src/scenarios/files.ts';
import { listTasks, loadTask, oraclePath } from '../../src/scenarios/shipped.ts';
import type { App } from '../../src/server/app.ts';
import { makeServer } from '../server/support-server.ts';

const SOURCES = new URL('../../src/', import.meta.url);

describe.each(listTasks())('the plan of $id', (entry) => {
  const plan = readOracle(oraclePath(entry))?.plan ?? [];
  const texts = plan.flatMap(({ message_body, reason }) => [message_body, reason].filter((text) => text !== undefined));

  test('is in no observation, from the first to the last', async () => {
    expect(texts.length).toBeGreaterThan(2);
    const env = await VectorEnv.create({ tasks: [entry.id], autoreset: 'disabled' });
    let batch = await env.reset();
    for (;;) {
      const seen = batch.briefing(0) + JSON.stringify(batch.info(0));
      for (const text of texts) expect(seen).not.toContain(text);
      if (batch.terminated[0] === 1 || batch.truncated[0] === 1) break;
      batch = await env.step([{ action_type: 'do_nothing' }]);
    }
    expect(batch.toMsgpack().includes(texts[0] ?? '-')).toBe(false);
    await env.close();
  });

  test('does not come with the task when it is loaded', () => {
    expect(Object.keys(loadTask(entry.id)).sort()).toEqual(['drift', 'id', 'oracle', 'scenario']);
    expect(typeof loadTask(entry.id).oracle).toBe('number');
  });
});

test('only the solver and the oracle policy read plans', () => {
  const readers = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && readFileSync(new URL(file, SOURCES), 'utf8').includes('readOracle('))
    .sort();
  expect(readers).toEqual(['cli/solve.ts', 'policies/oracle.ts', 'scenarios/files.ts', 'scenarios/shipped.ts']);
});

describe('what is owed, as people see it,', () => {
  const filesWith = (text: string): string[] =>
    readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && readFileSync(new URL(file, SOURCES), 'utf8').includes(text))
      .sort();

  test('is computed for scenes, reports and evaluations only', () => {
    expect(filesWith('owedIn(')).toEqual(['sim/v2/owed.ts', 'vector/solo-env.ts']);
    expect(filesWith('.owed()')).toEqual(['analysis/replay.ts', 'evaluate/measure.ts', 'report/stories.ts']);
    const imports = filesWith("/owed.ts'").filter((file) => !/^(web|report|cli|analysis|evaluate)\//.test(file));
    expect(imports).toEqual(['vector/solo-env.ts']);
  });

  test.each(listTasks())('is in nothing that a policy of $id reads', async ({ id }) => {
    const replay = Replay.create({ task: id });
    const told = (scene: Scene): string[] => (scene.owed?.items ?? []).map(({ why }) => why);
    const env = await VectorEnv.create({ tasks: [id], autoreset: 'disabled' });
    const solo = SoloEnv.create({ task: id });
    let batch = await env.reset();
    let step = solo.reset();
    let scene = replay.begin();
    for (;;) {
      const { observation, briefing, metadata } = step;
      const read = [batch.briefing(0), JSON.stringify([batch.info(0), batch.observation(0), observation, metadata])];
      const seen = [...read, briefing, batch.toMsgpack().toString()].join('\n');
      expect(told(scene).length).toBeGreaterThan(2);
      for (const why of told(scene)) expect(seen).not.toContain(why);
      if (scene.terminated || scene.truncated) break;
      scene = replay.step({ action_type: 'do_nothing' });
      step = solo.step({ action_type: 'do_nothing' });
      batch = await env.step([{ action_type: 'do_nothing' }]);
    }
    await env.close();
  });
});

test('a plan for another version of the scenario does not affect the grade', () => {
  for (const entry of listTasks()) {
    const oracle = readOracle(oraclePath(entry));
    expect(oracle?.task_id).toBe(entry.id);
    expect(loadTask(entry.id).oracle).toBe(oracle?.v_oracle);
  }
});

describe('a server', () => {
  /** The texts in the plan of a task, in the form of JSON. */
  const saidIn = (task: string): string[] => {
    const entry = listTasks().find(({ id }) => id === task);
    const plan = (entry && readOracle(oraclePath(entry))?.plan) ?? [];
    return plan.flatMap(({ message_body }) => (message_body === undefined ? [] : [JSON.stringify(message_body)]));
  };

  /** Every method and path of the server, such as `POST /batch/:batch_id/step`; those that delete something last. */
  const routesOf = (app: App): string[] => {
    const above: string[] = [];
    const found: string[] = [];
    for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
      const [, indent = '', part = '', methods = ''] =
        /^(.*?)[\u2514\u251c]\u2500\u2500 (\S+) \((.*)\)$/.exec(line) ?? [];
      if (part === '') continue;
      const depth = indent.length / 4;
      above[depth] = (above[depth - 1] ?? '') + part;
      for (const method of methods.split(', ')) if (method !== 'HEAD') found.push(`${method} ${above[depth]}`);
    }
    return found.sort((a, b) => Number(a.startsWith('DELETE')) - Number(b.startsWith('DELETE')));
  };

  const wait = { action_type: 'do_nothing' };
  /** The request of a curious client to a route. */
  const bodiesFor = (task_id: string): object[] => [
    {},
    { task_id },
    { split: 'train', index: 0 },
    { action: wait },
    { tasks: [task_id] },
    { episode: { task_id }, actions: [], policy: 'oracle', steps: 'rest' },
    { episode: { task_id }, actions: [wait], policy: 'oracle', steps: 1 },
    { episode: { task_id }, actions: [], policy: 'greedy', steps: 'rest' },
    { episode: { task_id }, actions: [wait, wait] },
    { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'state', arguments: {} } },
  ];

  /** The responses of all routes about a task, by route. */
  const walk = async (app: App, task: string): Promise<Map<string, string>> => {
    const made = await app.inject({ method: 'POST', url: '/batch', payload: { tasks: [task], workers: 1 } });
    const answers = new Map<string, string>();
    for (const route of routesOf(app)) {
      const [method = '', path = ''] = route.split(' ');
      const url = path
        .replace(':batch_id', made.json().batch_id ?? 'none')
        .replace(':env', 'ghostexec')
        .replace('*', '');
      const bodies = method === 'POST' ? bodiesFor(task) : [undefined];
      let text = '';
      for (const payload of bodies) {
        const { body } = await app.inject({ method: method as 'GET', url, ...(payload && { payload }) });
        text += body;
      }
      answers.set(route, text);
    }
    return answers;
  };

  test.each(listTasks())('has no route that tells of the plan of $id', async ({ id }) => {
    const { app } = await makeServer();
    const answers = await walk(app, id);
    const known = ['POST /reset', 'POST /batch/:batch_id/step', 'POST /web/api/policy', 'GET /web', 'POST /:env/tasks'];
    expect([...answers.keys()]).toEqual(expect.arrayContaining(known));
    expect(answers.get('POST /web/api/policy')).toContain('"scene');
    for (const [route, text] of answers) {
      for (const said of saidIn(id)) expect(text.includes(said), `${route}: ${said}`).toBe(false);
    }
  });

  test('tells what is owed in the routes of the playground alone', async () => {
    const { app } = await makeServer();
    const tell = [...(await walk(app, 'phase2_core'))].filter(([, text]) =>
      /"owed":|no answer yet|no answer by/.test(text),
    );
    expect(tell.map(([route]) => route)).toEqual(['POST /web/api/episode', 'POST /web/api/policy']);
  });

  test.each(listTasks())('that is started to show it tells of the plan of $id, in one place', async ({ id }) => {
    const { app } = await makeServer({ oracle: true });
    const tell = [...(await walk(app, id))].filter(([, text]) => saidIn(id).some((said) => text.includes(said)));
    expect(tell.map(([route]) => route)).toEqual(['POST /web/api/policy']);
  });
});

/**
 * A closed vector is garbage at once: no timer, listener or pool keeps the vector, its thread or its memory alive. Each case
 * runs in a separate process, in which garbage can be collected and nothing else runs.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COUNT = 20;

/** Runs `one` COUNT times, and reports how many of the results are left after several garbage collections, with turns of the event loop in between. */
const host = (prepare: string, one: string, end = ''): string => `
  const refs = [];
  ${prepare}
  const one = async (index) => { ${one} };
  for (let index = 0; index < ${COUNT}; index++) await one(index);
  for (let turn = 0; turn < 30; turn++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(JSON.stringify({
    made: refs.length,
    alive: refs.filter((ref) => ref.deref() !== undefined).length,
    mebibytes: Math.round(process.memoryUsage().arrayBuffers / 2 ** 20),
    timers: process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0) > 20,
  }));
  ${end}
`;

const VECTORS = "import { VectorEnv } from './dist/index.js';";
const MAKE = "const vector = await VectorEnv.create({ numEnvs: 4, workers: 1, tasks: ['phase2_core'] });";
const CLOSE = 'await vector.close(); refs.push(new WeakRef(vector));';

const LOST = `
  ${VECTORS}
  import { resolveOptions } from './dist/vector/options.js';
  const worker = { module: '${ROOT}/test/vector/ends-at-once-worker.mjs', deadlineMs: 60_000, memoryMb: undefined, maxLosses: 1 };
`;

const SERVER = `
  ${VECTORS}
  import { createServer } from './dist/server/server.js';
  const { of } = VectorEnv;
  VectorEnv.of = (options) => {
    const vector = of.call(VectorEnv, options);
    refs.push(new WeakRef(vector));
    return vector;
  };
  const server = await createServer({ port: 0, logLevel: 'silent', workers: 1 });
  const call = async (method, url, payload) => {
    const answer = await server.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    if (answer.statusCode !== 200) throw new Error(answer.body);
    return answer.json();
  };
`;

const CASES: [string, string][] = [
  ['that were stepped', host(VECTORS, `${MAKE} await vector.reset(); await vector.step([{}, {}, {}, {}]); ${CLOSE}`)],
  ['that were closed while they started', host(VECTORS, `${MAKE} ${CLOSE}`)],
  [
    'that were closed while they were stepped',
    host(VECTORS, `${MAKE} await vector.reset(); vector.send([{}], [0]); vector.recv(1).catch(() => {}); ${CLOSE}`),
  ],
  [
    'whose thread never got ready',
    host(
      LOST,
      `const vector = VectorEnv.of({ ...resolveOptions({ numEnvs: 1, workers: 1 }), worker });
       await vector.reset().then(() => { throw new Error('it is ready'); }, () => {});
       ${CLOSE}`,
    ),
  ],
  [
    'of batches that were deleted',
    host(
      SERVER,
      `const { batch_id } = await call('POST', '/batch', { num_envs: 2, tasks: ['phase2_core'], request_id: 'c' + index });
       const path = '/batch/' + batch_id;
       await call('POST', path + '/step', { actions: [{}, 'x'], request_id: 's' });
       await call('POST', path + '/fork', { env_id: 0 });
       await call('POST', path + '/snapshot', {});
       await call('DELETE', path);`,
      'await server.close();',
    ),
  ],
];

test.each(CASES)('of vectors %s, none is alive', async (_which, script) => {
  const args = ['--expose-gc', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 100_000 });
  expect(JSON.parse(stdout)).toEqual({
    made: COUNT,
    alive: 0,
    mebibytes: expect.toSatisfy((mebibytes: number) => mebibytes <= 8),
    timers: 0,
    listeners: false,
  });
});

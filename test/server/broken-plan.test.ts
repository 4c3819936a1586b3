/** A plan with a damaged file counts as missing. Everything else works, and no answer reveals the path of the file. */
import { expect, test, vi } from 'vitest';
import { GhostexecError } from '../../src/lib/errors.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { makeServer } from './support-server.ts';

const PATH = '/somewhere/else/phase2_core.oracle.json';

vi.mock('../../src/scenarios/files.ts', async (load) => ({
  ...(await load<object>()),
  readOracle: () => {
    throw new GhostexecError('FILE', `${PATH} is not JSON`);
  },
}));

test('the task can be played without its plan', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  expect(loadTask('phase2_core').oracle).toBeUndefined();
  loadTask('phase2_core');
  expect(warned).toHaveBeenCalledOnce();
  expect(warned.mock.calls[0]?.[0]).toContain('the plan of task phase2_core is left out');

  const { app } = await makeServer({ oracle: true });
  const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload });
  expect((await post('/reset', { task_id: 'phase2_core' })).statusCode).toBe(200);
  const episode = { task_id: 'phase2_core', rules: 'v2' };
  const answer = await post('/web/api/policy', { episode, actions: [], policy: 'oracle', steps: 1 });
  expect(answer.statusCode).toBe(409);
  expect(answer.json()).toMatchObject({ code: 'BAD_PLAN' });
  expect(answer.body).not.toContain('somewhere');
});

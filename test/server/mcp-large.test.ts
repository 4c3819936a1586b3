/** Large documents inside a call are accepted up to a limit. A document above it is refused before any value is checked. */
import { expect, test } from 'vitest';
import { loadTask, taskIds } from '../../src/scenarios/shipped.ts';
import { isTooLarge, MAX_VALUES } from '../../src/server/large-requests.ts';
import { create, fail, mcpServer, play } from './support-mcp.ts';

test('the number of values of a document counts its objects, lists and plain values', () => {
  expect(isTooLarge(Array.from({ length: MAX_VALUES - 1 }, () => 0))).toBe(false);
  expect(isTooLarge(Array.from({ length: MAX_VALUES }, () => 0))).toBe(true);
  expect(isTooLarge({ list: Array.from({ length: MAX_VALUES / 2 }, () => [1]) })).toBe(true);
  expect(isTooLarge(JSON.parse(`${'['.repeat(MAX_VALUES)}${']'.repeat(MAX_VALUES)}`))).toBe(false);
  expect(isTooLarge(JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`))).toBe(true);
  expect(isTooLarge([Array.from({ length: MAX_VALUES }, () => 0), undefined])).toBe(true);
  for (const plain of [undefined, null, 5, 'text', true, {}, []]) expect(isTooLarge(plain)).toBe(false);
});

test('every shipped scenario is small enough to be sent as a document', async () => {
  const mcp = await mcpServer();
  const control = await create(mcp, { control: true });
  for (const id of taskIds()) {
    const { scenario } = loadTask(id);
    expect(await mcp.call('openenv/session/create', { scenario, task_id: 'sent' })).toMatchObject({ task_id: 'sent' });
    const { structuredContent } = await play(mcp, 'reset', { scenario, task_id: 'again' }, control);
    expect(structuredContent.observation.task_id).toBe('again');
  }
});

test('a document that is too large is refused for its size', async () => {
  const mcp = await mcpServer();
  const session_id = await create(mcp, { control: true });
  const emails = Array.from({ length: 240_000 }, () => ({}));
  const scenario = { simulation_time: '2026-01-01', emails };
  for (const args of [{ scenario }, { drift: { events: emails } }]) {
    const why = `${Object.keys(args)[0]}: expected a document of at most 20000 values`;
    for (const method of ['openenv/session/create', 'openenv/reset']) {
      const { code, message } = await mcp.refused(method, {
        ...args,
        ...(method === 'openenv/reset' && { session_id }),
      });
      expect([code, message]).toEqual([-32602, `params.${why}`]);
    }
    const { content } = await fail(mcp, 'reset', args, session_id);
    expect(content[0].text).toBe(`arguments.${why}`);
  }
});

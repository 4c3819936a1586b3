/** Documents inside a call may be large, and are refused before anything looks at each of their values. */
import { expect, test } from 'vitest';
import { isTooLarge, MAX_VALUES } from '../../src/server/document-size.ts';
import { loadTask, taskIds } from '../../src/world/tasks.ts';
import { mcpServer, play } from './support-mcp.ts';

test('a document has as many values as it has objects, lists and plain values', () => {
  expect(isTooLarge(Array.from({ length: MAX_VALUES - 1 }, () => 0))).toBe(false);
  expect(isTooLarge(Array.from({ length: MAX_VALUES }, () => 0))).toBe(true);
  expect(isTooLarge({ list: Array.from({ length: MAX_VALUES / 2 }, () => [1]) })).toBe(true);
  expect(isTooLarge(JSON.parse(`${'['.repeat(MAX_VALUES)}${']'.repeat(MAX_VALUES)}`))).toBe(false);
  expect(isTooLarge(JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`))).toBe(true);
  expect(isTooLarge([Array.from({ length: MAX_VALUES }, () => 0), undefined])).toBe(true);
  for (const plain of [undefined, null, 5, 'text', true, {}, []]) expect(isTooLarge(plain)).toBe(false);
});

test('every shipped scenario may be sent as a document', async () => {
  const mcp = await mcpServer();
  for (const id of taskIds()) {
    const { scenario } = loadTask(id);
    const { structuredContent } = await play(mcp, 'reset', { scenario, task_id: 'sent' });
    expect(structuredContent.observation.task_id).toBe('sent');
  }
});

test('too large a document is refused by its size', async () => {
  const mcp = await mcpServer();
  const emails = Array.from({ length: 240_000 }, () => ({}));
  const scenario = { simulation_time: '2026-01-01', emails };
  for (const args of [{ scenario }, { drift: { events: emails } }]) {
    const { code, message } = await mcp.refused('tools/call', { name: 'reset', arguments: args });
    expect(code).toBe(-32602);
    expect(message).toBe(`params.arguments.${Object.keys(args)[0]}: expected a document of at most 20000 values`);
  }
});

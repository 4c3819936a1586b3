/** The official client of MCP, over its streamable HTTP transport. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, test } from 'vitest';
import { readOracle } from '../../src/world/oracle.ts';
import { ACTION_TYPES } from '../../src/world/schema.ts';
import { listTasks, oraclePath } from '../../src/world/tasks.ts';
import type { Told } from './support-mcp.ts';
import { serve } from './support-server.ts';

test('it connects, lists the tools, plays a day to its grade and ends its session', async () => {
  const url = new URL('/mcp', await serve({ maxSessions: 1 }));
  const errors: Error[] = [];
  const connect = async (): Promise<[Client, StreamableHTTPClientTransport]> => {
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StreamableHTTPClientTransport(url);
    client.onerror = (error) => errors.push(error);
    // The SDK's own types do not follow exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<Client['connect']>[0]);
    return [client, transport];
  };
  const [client, transport] = await connect();
  expect(client.getServerVersion()?.name).toBe('ghostexec');
  expect(client.getInstructions()).toContain('`reset` begins an episode');
  expect(transport.sessionId).toMatch(/^[0-9a-f-]{36}$/);
  await client.ping();

  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining([...ACTION_TYPES, 'reset', 'state', 'briefing']),
  );

  const call = async (name: string, args: Record<string, unknown> = {}): Promise<Told> =>
    (await client.callTool({ name, arguments: args })) as unknown as Told;
  let last = await call('reset', { task_id: 'phase2_core', seed: 11 });
  let steps = 0;
  const entry = listTasks().find(({ id }) => id === 'phase2_core');
  const plan = entry === undefined ? [] : (readOracle(oraclePath(entry))?.plan ?? []);
  while (!last.structuredContent.done) {
    const { action_type = 'do_nothing', ...args } = plan[steps] ?? {};
    last = await call(action_type, args);
    expect(last.structuredContent.observation.error).toBeNull();
    steps += 1;
  }
  expect(steps).toBeGreaterThan(5);
  expect(last.structuredContent.observation.grade?.grade).toBe(0.99);
  expect(last.content[0].text).toMatch(/^reward: -?[\d.e-]+; done: true; grade: 0\.99\n\n/);
  const state = await client.callTool({ name: 'state' });
  expect(state.structuredContent).toMatchObject({ step_count: steps, done: true, task_id: 'phase2_core', seed: 11 });

  await expect(client.callTool({ name: 'nothing' })).rejects.toMatchObject({ code: -32602 });
  await transport.terminateSession();
  await client.close();
  // There is room for one session only, so the first has ended.
  const [next] = await connect();
  await next.ping();
  await next.close();
  expect(errors).toEqual([]);
});

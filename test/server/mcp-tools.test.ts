/** The descriptions, arguments and results of the tools. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { ACTION_TOOLS } from '../../src/sim/v2/action-tools.ts';
import { ACTION_TYPES, actionSchema } from '../../src/world/schema.ts';
import { create, fail, type McpServer, mcpServer, play } from './support-mcp.ts';

type Schema = { type: string; properties: Record<string, { description?: string }>; required?: string[] };
type Listed = {
  name: string;
  description: string;
  inputSchema: Schema & Record<string, unknown>;
  annotations: Record<string, unknown>;
};

const AGENT = [...ACTION_TYPES, 'briefing'].sort();
const NAMES = [...AGENT, 'reset', 'state'].sort();

async function list(mcp: McpServer, session_id?: string): Promise<Listed[]> {
  return (await mcp.call('tools/list', session_id === undefined ? {} : { session_id })).tools as Listed[];
}

function check(tool: Listed): ValidateFunction {
  return new Ajv2020({ strict: true }).compile(tool.inputSchema);
}

test('an agent has the action tools and briefing; a session with control also has reset and state', async () => {
  const mcp = await mcpServer();
  const names = async (session?: string) => (await list(mcp, session)).map(({ name }) => name).sort();
  expect(await names()).toEqual(AGENT);
  expect(await names(await create(mcp))).toEqual(AGENT);
  expect(await names(await create(mcp, { control: false }))).toEqual(AGENT);
  const tools = await list(mcp, await create(mcp, { control: true }));
  expect(tools.map(({ name }) => name).sort()).toEqual(NAMES);
  for (const { description, annotations } of tools) {
    expect(description.length).toBeGreaterThan(40);
    expect(annotations).toMatchObject({ title: expect.any(String), openWorldHint: false });
  }
  const readOnly = tools.filter(({ annotations }) => annotations.readOnlyHint === true).map(({ name }) => name);
  expect(readOnly.sort()).toEqual(['briefing', 'state']);
});

test('an action tool accepts the fields that the action schema lists for it, each with a description', async () => {
  const tools = await list(await mcpServer());
  for (const type of ACTION_TYPES) {
    const tool = tools.find(({ name }) => name === type);
    const fields = Object.entries(actionSchema.shape).filter(([, field]) =>
      new RegExp(`^(\\w+, )*${type}[,:]`).test(field.description ?? ''),
    );
    expect(Object.keys(tool?.inputSchema.properties ?? {}).sort()).toEqual(fields.map(([name]) => name).sort());
    for (const [name, field] of fields) {
      const described = tool?.inputSchema.properties[name]?.description ?? '';
      expect(described.length).toBeGreaterThan(2);
      expect(field.description).toMatch(new RegExp(`: ${described.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`));
    }
    expect(tool?.description).toContain('rules v2');
  }
});

/** Valid arguments for each tool. */
const FITTING: Readonly<Record<string, Record<string, string>>> = {
  reply_email: { email_id: 'e01', message_body: 'Thank you.' },
  archive_email: { email_id: 'e01' },
  reschedule_meeting: { meeting_id: 'm01', new_time: '2026-04-21T15:00:00' },
  cancel_meeting: { meeting_id: 'm01' },
  complete_task: { task_id: 't01' },
  delegate_task: { task_id: 't01', contact_name: 'Jamie' },
  send_message: { contact_name: 'Jamie', message_body: 'Hello.' },
  do_nothing: {},
  reset: {},
  state: {},
  briefing: {},
};

test.each(NAMES)('%s: its schema is valid and accepts exactly the arguments that a call accepts', async (name) => {
  const mcp = await mcpServer();
  const session_id = await create(mcp, { control: true });
  const tool = (await list(mcp, session_id)).find((one) => one.name === name);
  if (tool === undefined) throw new Error(`${name} is not listed`);
  const fits = check(tool);
  const call = (args: object) => mcp.call('tools/call', { name, arguments: args, session_id });
  const steps = async () => (await mcp.call('openenv/state', { session_id })).step_count;
  const fitting = FITTING[name] ?? {};
  const tried: [Record<string, unknown>, boolean][] = [
    [fitting, true],
    [{ ...fitting, bogus: 1 }, false],
    [{ ...fitting, action_type: name }, false],
    [{ ...fitting, metadata: {} }, false],
    ...Object.keys(fitting).flatMap((key): [Record<string, unknown>, boolean][] => [
      [Object.fromEntries(Object.entries(fitting).filter(([other]) => other !== key)), false],
      [{ ...fitting, [key]: 5 }, false],
      [{ ...fitting, [key]: null }, false],
    ]),
  ];
  for (const [args, expected] of tried) {
    expect(fits(args), JSON.stringify(args)).toBe(expected);
    const played = await steps();
    if (expected) expect(await call(args)).not.toHaveProperty('isError');
    else {
      const { data } = await fail(mcp, name, args, session_id);
      expect(data.error).toEqual({ error_type: 'invalid_args', message: expect.stringMatching(/^arguments\./) });
      expect(await steps()).toBe(played);
    }
  }
  expect(await call(fitting)).not.toHaveProperty('isError');
});

test('the schemas accept optional arguments of the right tool and type', async () => {
  const mcp = await mcpServer();
  const tools = await list(mcp, await create(mcp, { control: true }));
  const takes = (name: string, args: object): boolean => {
    const tool = tools.find((one) => one.name === name);
    return tool !== undefined && check(tool)({ ...FITTING[name], ...args }) === true;
  };
  expect(takes('reply_email', { channel: 'call' })).toBe(true);
  expect(takes('reply_email', { channel: 'fax' })).toBe(false);
  expect(takes('archive_email', { channel: 'email' })).toBe(false);
  expect(takes('cancel_meeting', { reason: 'a clash' })).toBe(true);
  expect(takes('reset', { task_id: 'phase2_core', seed: 3, rules: 'v1', reward_mode: 'base', drift: false })).toBe(
    true,
  );
  expect(takes('reset', { split: 'train', index: 0, episode_id: 'mine', seed: null })).toBe(true);
  expect(takes('reset', { seed: -1 })).toBe(false);
  expect(takes('reset', { rules: 'v3' })).toBe(false);
});

test('the refusal names a missing, a wrong and an unknown argument', async () => {
  const mcp = await mcpServer();
  const session = await create(mcp, { control: true });
  const why = async (name: string, args: object) => {
    const { content, data } = await fail(mcp, name, args, session);
    expect(data.error).toEqual({ error_type: 'invalid_args', message: content[0].text });
    return content[0].text;
  };
  expect(await why('archive_email', {})).toBe('arguments.email_id: missing, expected string');
  expect(await why('archive_email', { email_id: 5 })).toBe('arguments.email_id: expected string, got 5');
  expect(await why('archive_email', { email_id: 'e', id: 1 })).toBe('arguments.id: unknown key "id"');
  expect(await why('reset', { task_id: 'nope' })).toMatch(
    /^arguments\.task_id: there is no task "nope"; known: phase2_core, /,
  );
  expect(await why('reset', { scenario: { simulation_time: 5 } })).toContain('simulation_time');
});

test('the refusal of an unknown tool names the known tools', async () => {
  const mcp = await mcpServer();
  const why = async (name: string, session_id: string) => {
    const { code, message } = await mcp.refused('tools/call', { name, session_id });
    expect(code).toBe(-32602);
    return message;
  };
  const plain = await create(mcp);
  expect(await why('rest', plain)).toBe(
    `there is no tool "rest"; known: ${[...ACTION_TOOLS.map(({ type }) => type), 'briefing'].join(', ')}`,
  );
  for (const name of ['reset', 'state']) {
    expect(await why(name, plain)).toContain(`there is no tool "${name}"; known: reply_email, `);
    expect(await why(name, plain)).toContain(`trainers have the method openenv/${name}`);
  }
  const message = await why('rest', await create(mcp, { control: true }));
  for (const name of NAMES) expect(message).toContain(name);
});

test('the text of a result is a line about the step, then the briefing', async () => {
  const mcp = await mcpServer();
  const session_id = await create(mcp, { control: true });
  const session = session_id;
  const began = await play(mcp, 'reset', { task_id: 'monday_morning', seed: 5, episode_id: 'mine' }, session);
  const { observation, metadata } = began.structuredContent;
  expect(began.content[0].text).toBe(`reward: 0; done: false\n\n${observation.briefing}`);
  expect(observation).toMatchObject({ task_id: 'monday_morning', seed: 5 });
  expect(metadata).toEqual({ episode_id: 'mine', session_token: expect.any(String) });

  const failed = await play(mcp, 'archive_email', { email_id: 'none' }, session);
  expect(failed).not.toHaveProperty('isError');
  expect(failed.structuredContent.observation.step_ok).toBe(false);
  const [line] = failed.content[0].text.split('\n');
  expect(line).toBe(
    `reward: ${failed.structuredContent.reward}; done: false; error: ${failed.structuredContent.observation.error}`,
  );

  const { briefing } = failed.structuredContent.observation;
  expect(await mcp.call('tools/call', { name: 'briefing', session_id })).toEqual({
    content: [{ type: 'text', text: briefing }],
    structuredContent: { briefing, done: false },
    data: { briefing, done: false },
  });
  expect(failed.data).toEqual(failed.structuredContent);
  const { content, structuredContent } = await mcp.call('tools/call', { name: 'state', session_id });
  expect(structuredContent).toMatchObject({ episode_id: 'mine', step_count: 1, task_id: 'monday_morning', seed: 5 });
  expect(content).toEqual([{ type: 'text', text: JSON.stringify(structuredContent) }]);
});

test('a refused reset does not affect the episode', async () => {
  const mcp = await mcpServer();
  const session = await create(mcp, { seed: 5, control: true });
  await play(mcp, 'do_nothing', {}, session);
  await fail(mcp, 'reset', { task_id: 'nope' }, session);
  await mcp.refused('openenv/reset', { task_id: 'nope', session_id: session });
  const after = await play(mcp, 'do_nothing', {}, session);
  expect(after.structuredContent.observation.episode_step).toBe(2);
});

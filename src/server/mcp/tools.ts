/** The tools: what tools/list tells of them, and what a call of each does to a session. */
import { z } from 'zod';
import { oneLine, quote } from '../../lib/text.ts';
import { DEFAULT_RULES } from '../../sim/rules.ts';
import { taskIds } from '../../world/tasks.ts';
import { parseRequest } from '../problem.ts';
import type { Session } from '../session.ts';
import { type Answer, resetDataSchema } from '../wire.ts';
import { ACTION_TOOLS, type ActionTool } from './action-tools.ts';
import { badParams } from './errors.ts';

/** As the Model Context Protocol has it. */
type ToolResult = {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
  readonly structuredContent: object;
};

type Annotations = {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
};

type Tool = {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType;
  readonly annotations: Annotations;
  /** @param given The arguments, not yet validated. @param stepped To be called where a step was played. */
  call(session: Session, given: unknown, stepped: () => void): ToolResult;
};

const ARGUMENTS = ['params', 'arguments'] as const;

const { shape } = resetDataSchema;
const resetSchema = z.strictObject({
  task_id: shape.task_id.describe(`A shipped task (${taskIds().join(', ')}), or the name given to an inline scenario`),
  split: shape.split,
  index: shape.index,
  seed: shape.seed,
  rules: shape.rules.describe(
    `Ruleset; unless stated that of the server, which is ${DEFAULT_RULES} unless it was told otherwise`,
  ),
  reward_mode: shape.reward_mode.describe(
    'full: everything; base: without shaping by stress; unless stated that of the server',
  ),
  drift: shape.drift,
  episode_id: shape.episode_id,
  scenario: shape.scenario,
});
const noArguments = z.strictObject({});

/** Nothing of this is outside the simulated world. */
function annotate(title: string, readOnly: boolean, destructive: boolean): Annotations {
  return {
    title,
    readOnlyHint: readOnly,
    destructiveHint: destructive,
    idempotentHint: readOnly,
    openWorldHint: false,
  };
}

const reset: Tool = {
  name: 'reset',
  description:
    'Begins an episode and shows its first briefing; the episode under way, if there is one, is given up. Without arguments ' +
    'it is the default task of the server. The same task, rules and seed play the same.',
  schema: resetSchema,
  annotations: annotate('Begin an episode', false, true),
  call: (session, given) => told(session.reset(parseRequest(resetSchema, given, ...ARGUMENTS), ARGUMENTS)),
};

const state: Tool = {
  name: 'state',
  description:
    'The episode as it stands, as JSON: id, task, steps played, sum of rewards, whether it is over, and the world without what ' +
    'is still to come. It takes no simulated time.',
  schema: noArguments,
  annotations: annotate('Look at the state', true, false),
  call: (session, given) => {
    parseRequest(noArguments, given, ...ARGUMENTS);
    const now = session.state();
    return { content: [{ type: 'text', text: JSON.stringify(now) }], structuredContent: now };
  },
};

const briefing: Tool = {
  name: 'briefing',
  description:
    'The briefing as it stands: clock, inbox, calendar, contacts and tasks. It takes no simulated time. Before the first reset ' +
    'it begins an episode of the default task.',
  schema: noArguments,
  annotations: annotate('Read the briefing', true, false),
  call: (session, given) => {
    parseRequest(noArguments, given, ...ARGUMENTS);
    const { observation, done } = session.answer ?? session.reset();
    const text = observation.briefing;
    return { content: [{ type: 'text', text }], structuredContent: { briefing: text, done } };
  },
};

function actionTool({ type, title, description, destructive, schema }: ActionTool): Tool {
  return {
    name: type,
    description,
    schema,
    annotations: annotate(title, false, destructive),
    call: (session, given, stepped) => {
      const fields = parseRequest(schema, given, ...ARGUMENTS);
      const answer = told(session.step({ action_type: type, ...fields }));
      stepped();
      return answer;
    },
  };
}

const TOOLS: readonly Tool[] = [reset, ...ACTION_TOOLS.map(actionTool), state, briefing];
const byName: ReadonlyMap<string, Tool> = new Map(TOOLS.map((tool) => [tool.name, tool]));

const listed = TOOLS.map(({ name, description, schema, annotations }) => ({
  name,
  title: annotations.title,
  description,
  inputSchema: z.toJSONSchema(schema, { io: 'input' }),
  annotations,
}));

/** What tools/list answers. */
export function listTools(): readonly object[] {
  return listed;
}

/**
 * Plays a tool call.
 * @param stepped Called where it was a step.
 * @throws Problem, ValidationError, JSONRPCErrorException where the tool does not exist or its arguments are not its own
 */
export function callTool(session: Session, name: string, given: unknown, stepped: () => void): ToolResult {
  const tool = byName.get(name);
  if (tool === undefined) throw badParams(`there is no tool ${quote(name)}; known: ${[...byName.keys()].join(', ')}`);
  return tool.call(session, given, stepped);
}

function told(answer: Answer): ToolResult {
  const { observation, reward, done } = answer;
  const parts = [`reward: ${reward ?? 0}`, `done: ${done}`];
  if (observation.error !== null) parts.push(`error: ${oneLine(observation.error)}`);
  if (done) parts.push(`grade: ${observation.grade?.grade ?? 'none'}`);
  return {
    content: [{ type: 'text', text: `${parts.join('; ')}\n\n${observation.briefing}` }],
    structuredContent: answer,
  };
}

/** The MCP tools: their descriptions for tools/list, and the effect of a call on a session. */

import type { ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { oneLine, quote } from '../../lib/text.ts';
import { taskIds } from '../../scenarios/shipped.ts';
import { DEFAULT_RULES } from '../../sim/rules.ts';
import { ACTION_TOOLS } from '../../sim/v2/action-tools.ts';
import { Problem, parseRequest, problemOf } from '../problem.ts';
import { type Answer, type Session, wireAnswer } from '../session.ts';
import type { ToolAction, ToolAnswer, ToolError } from '../step-action.ts';
import { resetDataSchema } from '../wire.ts';

// Results of tools/call in the shape of MCP, with the content a second time under `data`, the name that clients of OpenEnv read.

export type ToolResult = {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
  readonly structuredContent: Readonly<Record<string, unknown>>;
  /** The same as structuredContent. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly isError?: true;
};

/** @param text The text for the model. */
function succeeded(text: string, structuredContent: ToolResult['structuredContent']): ToolResult {
  return { content: [{ type: 'text', text }], structuredContent, data: structuredContent };
}

/** The result of a call that was not carried out. The model reads the reason and may call again. */
export function failed(error: ToolError): ToolResult {
  return { ...succeeded(error.message, { error }), isError: true };
}

/** Whether a call of a tool failed. */
export function isFailure(outcome: ToolResult | ToolError): outcome is ToolError {
  return 'error_type' in outcome;
}

/** The location of arguments in error messages, which a model reads. */
const ARGUMENTS = ['arguments'] as const;

const { shape } = resetDataSchema;
const resetSchema = z.strictObject({
  ...shape,
  task_id: shape.task_id.describe(`A shipped task (${taskIds().join(', ')}), or the name given to an inline scenario`),
  rules: shape.rules.describe(
    `Ruleset; default: that of the server, which is ${DEFAULT_RULES} unless the server was started with another one`,
  ),
  reward_mode: shape.reward_mode.describe(
    'full: all parts of the reward; base: without the shaping by stress; default: that of the server',
  ),
});
const noArguments = z.strictObject({});

export type Tool = ReturnType<typeof tool>;

/** Makes the result that a client receives for a step or a reset. */
type Teller = (answer: Answer) => ToolResult;

/**
 * A tool, as tools/list shows it, and its call. A call with arguments that do not follow the schema throws a Problem.
 * @param act Called with the arguments, a function to call if a step was played, and what makes the result
 */
function tool<S extends z.ZodType>(
  name: string,
  [title, effect]: readonly [title: string, effect: 'reads' | 'adds' | 'destroys'],
  description: string,
  schema: S,
  act: (session: Session, given: z.output<S>, stepped: () => void, tell: Teller) => ToolResult,
) {
  return {
    name,
    title,
    description,
    inputSchema: z.toJSONSchema(schema, { io: 'input' }),
    annotations: {
      title,
      readOnlyHint: effect === 'reads',
      destructiveHint: effect === 'destroys',
      idempotentHint: effect === 'reads',
      // The tools act only on the simulated world.
      openWorldHint: false,
    } satisfies ToolAnnotations,
    call: (session: Session, given: unknown, stepped: () => void, tell: Teller) =>
      act(session, parseRequest(schema, given, ...ARGUMENTS), stepped, tell),
  };
}

const reset = tool(
  'reset',
  ['Begin an episode', 'destroys'],
  'Begins an episode and shows its first briefing. It abandons the current episode, if there is one. Without arguments ' +
    'it plays the default task of the server. Episodes with the same task, rules and seed play alike.',
  resetSchema,
  (session, data, _stepped, tell) => tell(session.reset(data, ARGUMENTS)),
);

const state = tool(
  'state',
  ['Look at the state', 'reads'],
  'The current state of the episode as JSON: id, task, steps played, sum of rewards, whether it is over, and the world ' +
    'without future events. The call takes no simulated time.',
  noArguments,
  (session) => {
    const now = session.state();
    return succeeded(JSON.stringify(now), now);
  },
);

const briefing = tool(
  'briefing',
  ['Read the briefing', 'reads'],
  'The current briefing: clock, inbox, calendar, contacts and tasks. The call takes no simulated time.',
  noArguments,
  ({ answer }) => {
    if (answer === undefined) throw new Problem(409, 'RESET_NEEDED', 'no episode has begun yet; a reset begins one');
    const { observation, done } = answer;
    return succeeded(observation.briefing, { briefing: observation.briefing, done });
  },
);

const actions = ACTION_TOOLS.map(({ type, title, description, destructive, schema }) =>
  tool(type, [title, destructive ? 'destroys' : 'adds'], description, schema, (session, fields, stepped, tell) => {
    const result = tell(session.step({ action_type: type, ...fields }));
    stepped();
    return result;
  }),
);

/** Tools for trainers only: an agent that can reset could undo its day. */
const CONTROL: readonly Tool[] = [reset, state];
const AGENT: readonly Tool[] = [...actions, briefing];
const TRAINER: readonly Tool[] = [...CONTROL, ...AGENT];

const listed = ({ call: _, ...rest }: Tool): Omit<Tool, 'call'> => rest;
const AGENT_LIST = AGENT.map(listed);
const TRAINER_LIST = TRAINER.map(listed);

/** @param control Whether the session has the tools for trainers too. */
function toolsOf(control: boolean): readonly Tool[] {
  return control ? TRAINER : AGENT;
}

/** The tools in the answer of tools/list. */
export function listTools(control: boolean): readonly Omit<Tool, 'call'>[] {
  return control ? TRAINER_LIST : AGENT_LIST;
}

/** The tool with this name; undefined if the session has none. @param control Whether the session has the tools for trainers too. */
export function findTool(name: string, control: boolean): Tool | undefined {
  return toolsOf(control).find((tool) => tool.name === name);
}

/** The message about a tool that does not exist. */
export function unknownTool(name: string, control: boolean): string {
  const known = toolsOf(control).map((tool) => tool.name);
  const hint = CONTROL.some((tool) => tool.name === name)
    ? `; trainers have the method openenv/${name}, or the tool in a session with control: true`
    : '';
  return `there is no tool ${quote(name)}; known: ${known.join(', ')}${hint}`;
}

/**
 * Calls a tool in a session. If the arguments are not valid for the tool, no step is played, and the error says what was expected.
 * @param stepped Called if a step was played
 * @param tell Makes the result that the client receives for a step; default: with everything, for trainers
 */
export function callTool(
  tool: Tool,
  session: Session,
  given: unknown,
  stepped: () => void,
  tell: Teller = tellAll,
): ToolResult | ToolError {
  try {
    return tool.call(session, given, stepped, tell);
  } catch (error) {
    const problem = problemOf(error, ...ARGUMENTS);
    if (problem === undefined) throw error;
    return { error_type: problem.status === 422 ? 'invalid_args' : 'execution_error', message: problem.message };
  }
}

function tellAll(answer: Answer): ToolResult {
  const { observation, text, reward, done } = answer;
  const parts = [`reward: ${reward ?? 0}`, `done: ${done}`];
  if (observation.error !== null) parts.push(`error: ${oneLine(observation.error)}`);
  if (done) parts.push(`grade: ${observation.grade?.grade ?? 'none'}`);
  return succeeded(`${parts.join('; ')}\n\n${text}`, wireAnswer(answer));
}

/** The result without reward, grade, task and seed. The text is in `content` alone, because many clients show a model both. */
export function tellAgent({ observation: { step_ok, error }, text, done }: Answer): ToolResult {
  return succeeded(text, { done, step_ok, error });
}

/** The result of an action after the end of the episode: nothing was played. */
export function tellOver(): ToolResult {
  const error = 'the episode is over; the call changed nothing';
  return succeeded(error, { done: true, step_ok: false, error });
}

// Steps that name a tool. Their answers have the shape that tool environments of OpenEnv use.

/**
 * Lists the tools of an agent, or calls one of them.
 * @param stepped Called if a step was played
 */
export function toolStep(session: Session, action: ToolAction, stepped: () => void): ToolAnswer {
  const done = (): boolean => session.answer?.done ?? false;
  if (action.type === 'list_tools') {
    const tools = listTools(false).map(({ name, description, inputSchema }) => ({
      name,
      description,
      input_schema: inputSchema,
    }));
    return { observation: { tools }, reward: null, done: done() };
  }
  const { tool_name } = action;
  const refuse = (error: ToolError): ToolAnswer => ({
    observation: { tool_name, result: null, error },
    reward: null,
    done: done(),
  });
  const tool = findTool(tool_name, false);
  if (tool === undefined) return refuse({ error_type: 'tool_not_found', message: unknownTool(tool_name, false) });
  let played = false;
  const outcome = callTool(tool, session, action.arguments ?? {}, () => {
    played = true;
    stepped();
  });
  if (isFailure(outcome)) return refuse(outcome);
  const { content, structuredContent, data } = outcome;
  return {
    observation: {
      tool_name,
      result: { content: [...content], structured_content: structuredContent, meta: null, data, is_error: false },
      error: null,
    },
    reward: played ? (session.answer?.reward ?? 0) : null,
    done: done(),
  };
}

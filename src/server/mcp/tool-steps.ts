/** Steps that name a tool. Their answers have the shape that tool environments of OpenEnv use. */
import type { Session } from '../session.ts';
import type { ToolAction, ToolAnswer, ToolError } from '../step-action.ts';
import { callTool, findTool, isFailure, listTools, unknownTool } from './tools.ts';

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

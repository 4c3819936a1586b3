/** Results of tools/call in the shape of MCP, with the content a second time under `data`, the name that clients of OpenEnv read. */
import type { ToolError } from '../tool-actions.ts';

export type ToolResult = {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
  readonly structuredContent: Readonly<Record<string, unknown>>;
  /** The same as structuredContent. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly isError?: true;
};

/** @param text The text for the model. */
export function succeeded(text: string, structuredContent: ToolResult['structuredContent']): ToolResult {
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

/** Results of tools/call: as MCP has them, with the content once more under the name that clients of OpenEnv read. */
import type { ToolError } from '../tool-actions.ts';

export type ToolResult = {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
  readonly structuredContent: Readonly<Record<string, unknown>>;
  /** structuredContent once more. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly isError?: true;
};

/** @param text What a model reads. */
export function succeeded(text: string, structuredContent: ToolResult['structuredContent']): ToolResult {
  return { content: [{ type: 'text', text }], structuredContent, data: structuredContent };
}

/** The tool was not carried out. The model reads why, and may call again. */
export function failed(error: ToolError): ToolResult {
  return { ...succeeded(error.message, { error }), isError: true };
}

export function isFailure(outcome: ToolResult | ToolError): outcome is ToolError {
  return 'error_type' in outcome;
}

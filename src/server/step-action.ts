/** The action of a step of a single episode: an action object that follows the schema, or a completion. */
import { z } from 'zod';
import { type Action, actionSchema } from '../world/schema.ts';

// Steps that use tools: the actions `list_tools` and `call_tool` of OpenEnv.

const metadata = z.record(z.string(), z.unknown()).nullish().describe('Accepted and ignored');

const listToolsSchema = z.strictObject({
  type: z.literal('list_tools').describe('Lists the tools of an agent. Plays no step'),
  metadata,
});

const callToolSchema = z.strictObject({
  type: z.literal('call_tool').describe('Calls a tool of an agent. If the tool is an action, the call plays a step'),
  tool_name: z.string(),
  arguments: z.record(z.string(), z.unknown()).nullish().describe("Arguments that follow the tool's input_schema"),
  metadata,
});

const toolActionSchema = z.discriminatedUnion('type', [listToolsSchema, callToolSchema]);
const TYPES: ReadonlySet<unknown> = new Set(toolActionSchema.options.map(({ shape }) => shape.type.value));

export type ToolAction = z.output<typeof toolActionSchema>;

/** Whether an action has a `type` of tool steps. The rest of it may still be invalid. */
export function isToolAction(action: unknown): action is ToolAction {
  return typeof action === 'object' && action !== null && 'type' in action && TYPES.has(action.type);
}

const toolErrorSchema = z.object({
  error_type: z.enum(['invalid_args', 'tool_not_found', 'execution_error']),
  message: z.string(),
});

/** The answer of a step that names a tool. */
export const toolAnswerSchema = z.object({
  observation: z.union([
    z.object({
      tools: z.array(
        z.object({ name: z.string(), description: z.string(), input_schema: z.record(z.string(), z.unknown()) }),
      ),
    }),
    z.object({
      tool_name: z.string(),
      result: z
        .object({
          content: z.array(z.object({ type: z.literal('text'), text: z.string() })),
          structured_content: z.record(z.string(), z.unknown()),
          data: z.record(z.string(), z.unknown()),
          meta: z.null(),
          is_error: z.literal(false),
        })
        .nullable()
        .describe('null if the tool could not be called'),
      error: toolErrorSchema.nullable().describe('Why the tool could not be called; then no step was played'),
    }),
  ]),
  reward: z.number().nullable().describe('Reward of the step; null if no step was played'),
  done: z.boolean(),
  episode_id: z.string().optional(),
  request_id: z.string().optional(),
});
export type ToolAnswer = z.output<typeof toolAnswerSchema>;
export type ToolError = z.output<typeof toolErrorSchema>;

const completionSchema = z
  .strictObject({ completion: z.string(), metadata: actionSchema.shape.metadata })
  .describe('A completion in an object');

/** The published JSON Schema. It is written by hand because a zod transform has none. */
const published = {
  oneOf: [
    { type: 'string', description: 'A completion: the text of a model, from which the action is extracted' },
    jsonSchemaOf(completionSchema),
    jsonSchemaOf(actionSchema),
    jsonSchemaOf(toolActionSchema),
  ],
};

/**
 * An action, or the text of a completion; `{completion}` is read as its text. A value is checked with one schema only, so the message
 * about an object says what is wrong with that object and does not list the other possible forms.
 */
export const stepActionSchema = z
  .unknown()
  .meta(published)
  .transform((value, context): Action | ToolAction | string => {
    if (typeof value === 'string') return value;
    const isText = typeof value === 'object' && value !== null && Object.hasOwn(value, 'completion');
    const schema = isText ? completionSchema : isToolAction(value) ? toolActionSchema : actionSchema;
    const result = schema.safeParse(value);
    if (result.success) return 'completion' in result.data ? result.data.completion : result.data;
    for (const issue of result.error.issues) context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    return z.NEVER;
  });

function jsonSchemaOf(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

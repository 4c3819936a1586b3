/** The action of a step of a single episode: an action object that follows the schema, or a completion. */
import { z } from 'zod';
import { type Action, actionSchema } from '../world/schema.ts';
import { isToolAction, type ToolAction, toolActionSchema } from './tool-actions.ts';

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

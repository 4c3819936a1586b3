/** The tools of a policy that is a language model, in the formats of OpenAI's interfaces. */
import { z } from 'zod';
import { ACTION_TOOLS } from './action-tools.ts';

type ChatFunction = {
  readonly name: string;
  readonly description: string;
  readonly parameters: {
    readonly properties: Readonly<Record<string, unknown>>;
    readonly required?: readonly string[];
  };
};

/** The functions that a model calls to act. The parameters are a JSON Schema without `$schema`, which would only cost tokens. */
const FUNCTIONS = ACTION_TOOLS.map(({ type, description, schema }): ChatFunction => {
  const { $schema: _, ...parameters } = z.toJSONSchema(schema, { io: 'input' });
  return { name: type, description, parameters: parameters as ChatFunction['parameters'] };
});

/** The tools of OpenAI's chat completions. */
export const CHAT_TOOLS = FUNCTIONS.map((tool) => ({ type: 'function', function: tool }) as const);

/** The tools of OpenAI's responses. They are not strict, because arguments may be left out. */
export const RESPONSES_TOOLS = FUNCTIONS.map((tool) => ({ type: 'function', ...tool, strict: false }));

/** The options of a policy that is a language model: those that decide its answers, and those that say where and how it is asked. */
import { z } from 'zod';

export const MODEL_FORMATS = ['text', 'json', 'tools'] as const;
export const MODEL_OBSERVATIONS = ['full', 'delta'] as const;

/** The key for endpoints that need none. */
export const NO_KEY = 'none';

const HISTORY = /^(all|none|last:[1-9]\d{0,5})$/;

const settingsSchema = z.strictObject({
  model: z.string().min(1).describe('Name of the model at the endpoint'),
  observation: z
    .enum(MODEL_OBSERVATIONS)
    .optional()
    .describe(
      'What a turn after the first one shows: what has changed, by default with all history; or the whole briefing',
    ),
  format: z
    .enum(MODEL_FORMATS)
    .default('text')
    .describe('How the model answers: free text that contains an action, JSON by a schema, or a call of a tool'),
  history: z
    .string()
    .regex(HISTORY, { error: 'expected all, none or last:N' })
    .default('all')
    .describe('Which earlier turns of the episode the model sees: all, the last N, or none'),
  temperature: z.number().min(0).optional(),
  modelSeed: z.int().min(0).optional().describe('Root of the seeds of the calls; without it, none is sent'),
  maxCompletionTokens: z.int().min(1).optional().describe('The most tokens of an answer, reasoning included'),
  extraBody: z.record(z.string(), z.json()).optional().describe('Further fields of the requests'),
  tokenIds: z.boolean().default(false).describe('Whether to request token ids and log-probabilities for the records'),
});

/** The names of the settings. */
export const MODEL_SETTINGS = Object.keys(settingsSchema.shape) as (keyof ModelSettings)[];

/** The schema (zod) of a history. */
export const historySchema = settingsSchema.shape.history;

type Settings = z.output<typeof settingsSchema>;

/** A model that sees only changes must see all of them. */
const seesAll = ({ observation, history }: Settings): boolean => observation !== 'delta' || history === 'all';
const LACKS_TURNS = { error: 'observation delta needs history all', path: ['history'] };

/** Changes are the default if the model sees them all: a day in whole briefings has several times as many tokens. */
function withObservation<T extends Settings>({ model, observation, ...rest }: T) {
  const byDefault: (typeof MODEL_OBSERVATIONS)[number] = rest.history === 'all' ? 'delta' : 'full';
  return { model, observation: observation ?? byDefault, ...rest };
}

/** The settings that decide what the model is asked. They are a part of the plan of a run. */
export const modelSettingsSchema = settingsSchema.refine(seesAll, LACKS_TURNS).transform(withObservation);

/**
 * The schema (zod) of all options of a model policy.
 * @example
 * modelOptionsSchema.parse({ model: 'qwen3-8b', baseUrls: ['http://127.0.0.1:8000/v1'] });
 */
export const modelOptionsSchema = settingsSchema
  .extend({
    baseUrls: z.array(z.url()).min(1).describe('OpenAI-compatible endpoints of the same model, which share the calls'),
    apiKey: z.string().min(1).default(NO_KEY),
    concurrency: z.int().min(1).optional().describe('The most calls in flight at an endpoint'),
    timeoutSeconds: z.number().positive().default(600).describe('The longest that one attempt of a call may take'),
    retries: z.int().min(0).default(6).describe('How often a call is sent again before it counts as lost'),
    priceIn: z.number().min(0).optional().describe('Price of a million tokens of a prompt'),
    priceOut: z.number().min(0).optional().describe('Price of a million tokens of an answer'),
    maxCost: z.number().positive().optional().describe('The run ends before the call after which the cost is reached'),
    answers: z.string().optional().describe('The file that keeps the answers, for resuming'),
  })
  .refine(seesAll, LACKS_TURNS)
  .refine(({ priceIn, priceOut }) => (priceIn === undefined) === (priceOut === undefined), {
    error: 'expected both prices, or none',
    path: ['priceIn'],
  })
  .refine(({ maxCost, priceIn }) => maxCost === undefined || priceIn !== undefined, {
    error: 'a cost needs prices',
    path: ['maxCost'],
  })
  .transform(withObservation);

export type ModelSettings = z.output<typeof modelSettingsSchema>;
export type ModelOptions = z.output<typeof modelOptionsSchema>;
/** The options as the caller gives them: fields with a default are optional. */
export type ModelOptionsInput = z.input<typeof modelOptionsSchema>;

/** How many earlier turns the model sees. */
export function turnsIn(history: string): number {
  if (history === 'all') return Number.POSITIVE_INFINITY;
  return history === 'none' ? 0 : Number(history.slice('last:'.length));
}

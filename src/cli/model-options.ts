/** The options of commands that ask a language model. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { messageOf } from '../lib/errors.ts';
import { MAX_SEED } from '../lib/random.ts';
import { countText, quote } from '../lib/text.ts';
import type { ModelPolicy } from '../policies/model/model-policy.ts';
import {
  historySchema,
  MODEL_FORMATS,
  MODEL_OBSERVATIONS,
  MODEL_SETTINGS,
  type ModelOptionsInput,
  type ModelSettings,
  modelSettingsSchema,
} from '../policies/model/options.ts';
import { parseWith } from '../world/validate.ts';
import { decimal, integer, serverUrl } from './arguments.ts';
import { UsageError } from './exit.ts';

/** The values of the options. */
export type ModelFlags = Partial<ModelSettings> & {
  baseUrl?: string[];
  apiKeyEnv: string;
  concurrency?: number;
  callTimeout: number;
  callRetries: number;
  priceIn?: number;
  priceOut?: number;
  maxCost?: number;
};

const KEY_VARIABLE = 'OPENAI_API_KEY';
const HIGHEST_PRICE = 1e9;

/** Adds the options to a command. */
export function addModelOptions(command: Command): Command {
  return command
    .option('--model <name>', 'language model that plays, at an OpenAI-compatible endpoint')
    .addOption(
      new Option('--base-url <url...>', 'its endpoints, such as http://127.0.0.1:8000/v1; several share the calls')
        .argParser((text: string, before?: string[]) => [...(before ?? []), endpointUrl(text)])
        .env('OPENAI_BASE_URL'),
    )
    .option('--api-key-env <name>', 'variable of the environment with the key of the endpoints', KEY_VARIABLE)
    .addOption(
      new Option(
        '--observation <what>',
        'what a turn after the first one shows (default: delta with all history, else full)',
      ).choices(MODEL_OBSERVATIONS),
    )
    .addOption(
      new Option(
        '--format <name>',
        'how the model answers: free text with an action in it, JSON by a schema, tools',
      ).choices(MODEL_FORMATS),
    )
    .option('--history <turns>', 'which earlier turns the model sees: all, last:N or none', history)
    .option('--temperature <t>', 'temperature of the model', decimal(0, 100))
    .option(
      '--model-seed <s>',
      'root of the seeds that the calls carry; without it they carry none',
      integer(0, MAX_SEED),
    )
    .option('--max-completion-tokens <n>', 'the most tokens of an answer, reasoning included', integer(1, 1e9))
    .option('--extra-body <json>', 'further fields of the requests, a JSON object', jsonObject)
    .option('--token-ids', 'request token ids and log-probabilities for the records, as vLLM returns them')
    .option('--concurrency <n>', 'the most calls in flight at an endpoint (default: no limit)', integer(1, 1e6))
    .option(
      '--call-timeout <seconds>',
      'the longest that an attempt of a call, or an answer of a program, may take',
      decimal(0.001, 1e6),
      600,
    )
    .option('--call-retries <n>', 'how often a call is sent again before it is lost', integer(0, 1e6), 6)
    .option('--price-in <x>', 'price of a million tokens of a prompt', decimal(0, HIGHEST_PRICE))
    .option('--price-out <x>', 'price of a million tokens of an answer', decimal(0, HIGHEST_PRICE))
    .option('--max-cost <x>', 'end the run once the calls have cost this much', decimal(0, HIGHEST_PRICE));
}

/** The settings that the options state; undefined without --model. */
export function modelSettingsIn(flags: ModelFlags): ModelSettings | undefined {
  if (flags.model === undefined) return undefined;
  return parseWith(
    modelSettingsSchema,
    Object.fromEntries(MODEL_SETTINGS.map((name) => [name, flags[name]])),
    'the model',
  );
}

/**
 * All options of the policy.
 * @param settings Those of the plan, which a resumed run keeps.
 * @param answers The file that keeps the answers.
 * @throws UsageError
 */
export function modelOptionsIn(flags: ModelFlags, settings: ModelSettings, answers?: string): ModelOptionsInput {
  const { baseUrl: baseUrls, apiKeyEnv, concurrency, callTimeout, callRetries, priceIn, priceOut, maxCost } = flags;
  if (baseUrls === undefined) {
    throw new UsageError(`--base-url gives the endpoint of the model ${quote(settings.model)}`);
  }
  const apiKey = process.env[apiKeyEnv];
  if (!apiKey && apiKeyEnv !== KEY_VARIABLE) throw new UsageError(`--api-key-env names ${apiKeyEnv}, which is not set`);
  if ((priceIn === undefined) !== (priceOut === undefined))
    throw new UsageError('--price-in and --price-out go together');
  if (maxCost !== undefined && priceIn === undefined)
    throw new UsageError('--max-cost needs --price-in and --price-out');
  return {
    ...settings,
    baseUrls,
    ...(apiKey ? { apiKey } : {}),
    concurrency,
    timeoutSeconds: callTimeout,
    retries: callRetries,
    priceIn,
    priceOut,
    maxCost,
    answers,
  };
}

/** Calls, tokens, latency and cost, for people. */
export function describeTotals(policy: ModelPolicy, hasPrices: boolean): string {
  const { totals } = policy;
  const { answers, asked, latencyMs } = totals;
  const stored = asked < answers ? ` (${countText(answers - asked)} stored before)` : '';
  const latency = asked === 0 ? '' : `, ${(latencyMs / asked / 1000).toFixed(2)} s a call`;
  return `${countText(answers)} answers${stored}${latency}, ${describeSpent(policy, hasPrices)}`;
}

/** Tokens of prompts and of answers, and cost so far, for people. */
export function describeSpent({ totals }: ModelPolicy, hasPrices: boolean): string {
  const { promptTokens, completionTokens, cost } = totals;
  const tokens = `${countText(promptTokens)} + ${countText(completionTokens)} tokens`;
  return hasPrices ? `${tokens}, cost ${cost.toFixed(4)}` : tokens;
}

function history(text: string): string {
  const { error } = historySchema.safeParse(text);
  if (error === undefined) return text;
  throw new InvalidArgumentError(`Expected all, none or last:N, got ${quote(text)}.`);
}

function endpointUrl(text: string): string {
  serverUrl(text);
  return text;
}

function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected a JSON object, got ${quote(text)}: ${messageOf(error)}.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidArgumentError(`Expected a JSON object, got ${quote(text)}.`);
}

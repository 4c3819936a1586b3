/** What an endpoint answers: its schema, how it becomes the completion of a step and its metadata, and the answers of a run on the disk. */

import { existsSync } from 'node:fs';
import { z } from 'zod';
import { disk, writing } from '../../lib/disk.ts';
import { linesOf } from '../../records/lines.ts';
import { fileSource, type LineRange } from '../../records/read.ts';
import { RunHalted } from '../failure.ts';

const toolCallSchema = z.object({
  id: z.string().nullish(),
  function: z.object({ name: z.string(), arguments: z.string().nullish() }),
});

/** Some endpoints give the content in parts, of which only texts are the answer. */
const contentSchema = z
  .union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))])
  .transform((content) => (typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('')));

const messageSchema = z.object({
  content: contentSchema.nullish(),
  tool_calls: z.array(toolCallSchema).nullish(),
  reasoning: z.json().optional(),
  reasoning_content: z.json().optional(),
});

const choiceSchema = z.object({
  message: messageSchema,
  finish_reason: z.string().nullish(),
  token_ids: z.array(z.int()).nullish(),
  logprobs: z.object({ content: z.array(z.object({ logprob: z.number() })).nullish() }).nullish(),
});

/** The part of a chat completion that is used. Other fields are ignored. */
export const chatCompletionSchema = z.object({
  model: z.string().nullish(),
  choices: z.array(choiceSchema).min(1),
  usage: z.looseObject({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() }).nullish(),
  prompt_token_ids: z.array(z.int()).nullish(),
});

/** A tool call of the model. */
export type ModelCall = { readonly id: string; readonly name: string; readonly arguments: string };

/** An answer of the model, as it is stored. */
export type ModelAnswer = {
  /** The model as the endpoint names it. */
  readonly model: string | null;
  readonly content: string;
  readonly calls: readonly ModelCall[];
  readonly finish_reason: string | null;
  /** What the endpoint counted. */
  readonly usage: Readonly<Record<string, unknown>> | null;
  /** Duration of the attempt that was answered, in milliseconds. */
  readonly latency_ms: number;
  /** How often the call was sent. */
  readonly attempts: number;
  readonly reasoning?: unknown;
  readonly reasoning_content?: unknown;
  readonly prompt_token_ids?: readonly number[] | null;
  readonly token_ids?: readonly number[] | null;
  readonly logprobs?: readonly number[] | null;
};

/**
 * Reads the body of a response. @param step Number of the step, for the id of a call without one.
 * @param tokenIds Whether token ids were requested.
 * @throws ZodError
 */
export function modelAnswerIn(
  body: unknown,
  step: number,
  tokenIds: boolean,
  how: Pick<ModelAnswer, 'latency_ms' | 'attempts'>,
): ModelAnswer {
  const { model, choices, usage, prompt_token_ids } = chatCompletionSchema.parse(body);
  const [{ message, finish_reason, token_ids, logprobs }] = choices as [z.output<typeof choiceSchema>];
  const { content, tool_calls, reasoning, reasoning_content } = message;
  const calls = (tool_calls ?? []).map(({ id, function: called }, at): ModelCall => {
    return { id: id || `call_${step}_${at}`, name: called.name, arguments: called.arguments ?? '' };
  });
  return {
    model: model ?? null,
    content: content ?? '',
    calls,
    finish_reason: finish_reason ?? null,
    usage: usage ?? null,
    ...how,
    ...(reasoning == null ? {} : { reasoning }),
    ...(reasoning_content == null ? {} : { reasoning_content }),
    ...(tokenIds
      ? {
          prompt_token_ids: prompt_token_ids ?? null,
          token_ids: token_ids ?? null,
          logprobs: logprobs?.content?.map(({ logprob }) => logprob) ?? null,
        }
      : {}),
  };
}

/** The text from which the action is read: the content; or, with a tool call, the message with its first call. */
export function completionIn({ content, calls: [first] }: ModelAnswer): string {
  if (first === undefined) return content;
  const { id, name, arguments: given } = first;
  const tool_calls = [{ id, type: 'function', function: { name, arguments: given } }];
  return JSON.stringify({ role: 'assistant', ...(content === '' ? {} : { content }), tool_calls });
}

/** What the record has besides the completion. Calls after the first were not played. */
export function answerMetadata({ content: _, calls, ...rest }: ModelAnswer, cost: number | undefined): object {
  const [, ...not_played] = calls;
  return { ...rest, ...(cost === undefined ? {} : { cost }), ...(not_played.length === 0 ? {} : { not_played }) };
}

/** Tokens of the prompt and of the answer; 0 if the endpoint does not count them. */
export function tokensOf({ usage }: ModelAnswer): { readonly prompt: number; readonly completion: number } {
  return { prompt: Number(usage?.prompt_tokens ?? 0), completion: Number(usage?.completion_tokens ?? 0) };
}

/** What an answer is stored under. */
export type AnswerKey = {
  /** Index of the episode in the run. */
  readonly episode: number;
  readonly step: number;
  /** SHA-256 of the body of the request. */
  readonly request: string;
};

type Stored = AnswerKey & { readonly answer: ModelAnswer };

/**
 * The answers of a run on the disk, one a line: a run that is resumed does not ask for them again. An answer belongs to a request at a
 * step of an episode, so that the same request in another episode has an answer of its own.
 */
export class StoredAnswers {
  private readonly path: string;
  private readonly file: number;
  private readonly places: Map<string, LineRange>;
  private size: number;

  private constructor(path: string, file: number, places: Map<string, LineRange>, size: number) {
    this.path = path;
    this.file = file;
    this.places = places;
    this.size = size;
  }

  /**
   * Opens the file, which need not exist. An incomplete last line is cut off.
   * @param onAnswer Called for each answer in the file.
   * @throws WriteError; RunHalted if a line is not an answer
   */
  static async open(path: string, onAnswer: (answer: ModelAnswer) => void): Promise<StoredAnswers> {
    const places = new Map<string, LineRange>();
    let size = 0;
    if (existsSync(path)) {
      for await (const { start, length, bytes, isWhole } of linesOf(fileSource(path))) {
        if (!isWhole) break;
        const { answer, ...key } = parse(bytes, path);
        places.set(textOf(key), { start, length });
        onAnswer(answer);
        size = start + length + 1;
      }
    }
    const file = writing(path, () => {
      const opened = disk.open('answers', path, existsSync(path) ? 'r+' : 'w');
      disk.truncate('answers', opened, size);
      return opened;
    });
    return new StoredAnswers(path, file, places, size);
  }

  /** The stored answer; undefined if there is none. */
  async get(key: AnswerKey): Promise<ModelAnswer | undefined> {
    const place = this.places.get(textOf(key));
    if (place === undefined) return undefined;
    return parse(await fileSource(this.path).read(place.start, place.length), this.path).answer;
  }

  /** Stores an answer. @throws WriteError */
  add(key: AnswerKey, answer: ModelAnswer): void {
    const bytes = Buffer.from(`${JSON.stringify({ ...key, answer } satisfies Stored)}\n`);
    writing(this.path, () => disk.write('answers', this.file, bytes, this.size));
    this.places.set(textOf(key), { start: this.size, length: bytes.length - 1 });
    this.size += bytes.length;
  }

  close(): void {
    writing(this.path, () => disk.close('answers', this.file));
  }
}

function textOf({ episode, step, request }: AnswerKey): string {
  return `${episode} ${step} ${request}`;
}

function parse(bytes: Uint8Array | undefined, path: string): Stored {
  try {
    const stored = JSON.parse(Buffer.from(bytes ?? []).toString()) as Stored;
    if (typeof stored.answer.content === 'string') return stored;
  } catch {
    // The error below says what to do.
  }
  throw new RunHalted(`${path} has a line that is not an answer of a model; remove the file to ask again`);
}

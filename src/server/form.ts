/** The forms of OpenEnv's contract. The fields of an observation are one form; the other one, in text/, has only its text. */
import type { z } from 'zod';
import { parseBoundedJson } from '../lib/json.ts';
import type { ReadAction } from '../world/completion/completion.ts';
import type { Action } from '../world/schema.ts';
import type { Surface } from './metrics.ts';
import { type Answer, answerJson, type Session } from './session.ts';
import { stepActionSchema, type ToolAction } from './step-action.ts';
import { httpAnswerSchema, type WireSchemas, wireSchemas } from './wire.ts';

/** How the clients of one path write their actions, and how they see episodes. */
export type WireForm = {
  /** The path below which the routes of the contract are. */
  readonly base: '' | '/text';
  /** The door whose profiles an episode has if its client names none. */
  readonly door: 'sessions' | 'text';
  /** The names of the surfaces in metrics. */
  readonly surfaces: { readonly http: Surface; readonly ws: Surface };
  /** The group of the routes in the OpenAPI document. */
  readonly tag: string;
  /** Parses the messages of a socket. @throws an error that says what is wrong with the text */
  readonly parse: (text: string) => unknown;
  /** The action of a step. */
  readonly action: z.ZodType<Action | ToolAction | string>;
  /** What the actions of this form are, for the OpenAPI document. */
  readonly about: string;
  /** An answer over HTTP. */
  readonly answer: z.ZodType;
  /** What GET /schema returns. */
  readonly schemas: () => WireSchemas;
  /** An answer as JSON. @param more More keys of it */
  readonly json: (answer: Answer, more?: object) => string;
  /** Plays an action. Returns the answer as JSON. @throws Problem (409, RESET_NEEDED) before the first reset */
  readonly play: (session: Session, action: ReadAction, more?: object) => string;
};

export const FIELDS: WireForm = {
  base: '',
  door: 'sessions',
  surfaces: { http: 'http', ws: 'ws' },
  tag: 'Environment',
  parse: parseBoundedJson,
  action: stepActionSchema,
  about:
    'A string, or `{completion}`, is read as a completion. A completion that cannot be read and an action that cannot be carried ' +
    'out are invalid steps: `step_ok` is false, and `error` says why. An object that does not follow the schema is answered ' +
    'with 422.',
  answer: httpAnswerSchema,
  schemas: wireSchemas,
  json: answerJson,
  play: (session, action, more) => answerJson(session.play(action), more),
};

/** The OpenAPI document, generated from the zod schemas of all routes. */

import { STATUS_CODES } from 'node:http';
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { clip } from '../../lib/text.ts';
import { VERSION } from '../../lib/version.ts';
import { defaultTaskIds } from '../../scenarios/shipped.ts';
import type { Context } from '../app.ts';
import { problemOf } from '../problem.ts';
import { type Answer, Session, wireAnswer } from '../session.ts';
import type { Specs } from '../specs.ts';
import type { WireAnswer, WireState } from '../wire.ts';

// The description of the API in the OpenAPI document: first steps, and the WebSockets, which OpenAPI itself cannot describe.

const DESCRIPTION = `A chief of staff's messy day as an environment for language-model agents, behind the interface of OpenEnv.

# First steps

\`\`\`sh
# Begin an episode. The answer contains the briefing and the id of the episode.
curl -s localhost:8000/reset -H 'content-type: application/json' \\
  -d '{"task_id": "phase2_core", "seed": 7, "episode_id": "first"}'

# Play one action in the episode. Repeat until \`done\` is true.
curl -s localhost:8000/step -H 'content-type: application/json' \\
  -d '{"episode_id": "first", "action": {"action_type": "do_nothing"}}'

# Read its state.
curl -s 'localhost:8000/state?episode_id=first'
\`\`\`

A \`/step\` without \`episode_id\` plays its action in a new episode, which the server does not keep. An action is an object that
follows the schema, or a completion: a string, or \`{"completion": "..."}\`. A completion that cannot be read, or an action that cannot
be carried out, is an invalid step: \`step_ok\` is false, and \`error\` says why. An object that does not follow the schema is answered
with 422 and a list of what was expected. If a request with an \`episode_id\` and a \`request_id\` is sent again, the server returns the
same answer and plays nothing.
Bodies are read as JSON, whatever their content type. If the server has an API key, send \`Authorization: Bearer KEY\`.

# WebSocket /ws

One connection is one session: any number of episodes, one after the other. Each message is a JSON text. Answers come in the order of
the requests. A message may have a \`request_id\`, which its answer returns. If a reset or step is sent again with the same
\`request_id\` in the same session, the server returns the same answer and plays nothing.

| you send | \`data\` | you receive |
|---|---|---|
| \`{"type": "reset", "data": {...}}\` | the same as the body of POST /reset; optional | \`observation\` |
| \`{"type": "step", "data": {...}}\` | the action itself, a completion, or a tool: the same as \`action\` of POST /step | \`observation\` |
| \`{"type": "state"}\` | none | \`state\` |
| \`{"type": "mcp", "data": {...}}\` | a JSON-RPC request, the same as for POST /mcp | \`mcp\` |
| \`{"type": "resume", "data": {"session_token": "..."}}\` | the token from the metadata of an answer | \`observation\`: the last one |
| \`{"type": "close"}\` | none | the connection closes |

| you receive | \`data\` |
|---|---|
| \`observation\` | \`{observation, reward, done, metadata}\`, the same as from POST /reset and POST /step |
| \`state\` | the same as from GET /state |
| \`mcp\` | a JSON-RPC response |
| \`error\` | \`{message, code}\`, and for some codes more keys |

| error code | meaning | more keys |
|---|---|---|
| \`INVALID_JSON\` | the message is not JSON | |
| \`UNKNOWN_TYPE\` | there is no such message type | |
| \`VALIDATION_ERROR\` | a value is not valid | \`errors\` |
| \`EXECUTION_ERROR\` | the request could not be carried out | |
| \`CAPACITY_REACHED\` | all sessions are in use; the connection closes | \`active_sessions\`, \`max_sessions\` |
| \`FACTORY_ERROR\` | the server could not make an environment | |
| \`SESSION_ERROR\` | the session does not exist, or not any more, or another socket is attached to it | |
| \`RESET_NEEDED\` | a step came before the first reset of the session | |
| \`REQUEST_ID_REUSED\` | the id belongs to another request | |
| \`ANSWER_FORGOTTEN\` | the request was carried out before, but its answer is not kept any more | |
| \`RATE_LIMITED\` | too many messages in a minute | |

Only the message \`close\` ends a session. A session that loses its connection is kept for hours, so that \`resume\` can continue it.
\`/ws?session_id=S\` attaches the socket to a session that \`openenv/session/create\` made. That session does not end with the socket.

# WebSocket /text/ws

The same messages for clients that pass observations on to a model as they are. The observation is \`{"text": "..."}\`. The data of a
step are the reply of the model, whatever it is: \`{"text": "..."}\`, a string, or any other JSON.

# WebSocket /mcp

The same JSON-RPC 2.0 as POST /mcp, with one request per message. The session lasts as long as the connection, or is the one that
\`?session_id=S\` names. The query of the URL chooses its episode.`;

/** The groups of operations in the OpenAPI document. */
export const TAGS = [
  { name: 'Environment', description: 'Episodes, one action after the other.' },
  {
    name: 'Text',
    description: 'The same episodes. An observation is one text, and any reply of a model is an action.',
  },
  { name: 'Info', description: 'Information about this server.' },
  { name: 'Tasks', description: 'The tasks of the environment, before any episode begins.' },
  { name: 'MCP', description: 'The environment as tools, over JSON-RPC 2.0.' },
  { name: 'ORS', description: 'The environment as tools for trainers, over the Open Reward Standard.' },
  { name: 'Batch', description: 'Many environments at once, for training.' },
  { name: 'Operations', description: 'For operators of the server.' },
] as const;

// Examples for the OpenAPI document. The answers come from a real episode, so they are always up to date. Long texts are cut.

/** Examples by name. */
type NamedExample = Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
type OperationExamples = { readonly body?: NamedExample; readonly answers?: Readonly<Record<string, NamedExample>> };

const EPISODE = 'first';
const SHOWN_TEXT = 600;
const COMPLETION = 'Nothing is urgent now. <action>{"action_type": "do_nothing"}</action>';

/** The examples of each operation, by method and path. */
function examplesOf(specs: Specs): ReadonlyMap<string, OperationExamples> {
  const asked = { task_id: defaultTaskIds()[0] ?? '', seed: 7, episode_id: EPISODE };
  const session = new Session(specs);
  const begun = session.reset(asked);
  const [email = ''] = begun.observation.critical_unreplied_email_ids;
  const reply = {
    action_type: 'reply_email',
    email_id: email,
    message_body: 'Thank you, I have seen this and will answer in full before noon.',
  };
  const played = session.step(reply);
  return new Map<string, OperationExamples>([
    [
      'POST /reset',
      {
        body: {
          task: { summary: 'A task by its id', value: asked },
          row: { summary: 'A row of a split', value: { split: 'train', index: 1, seed: 7 } },
          anything: { summary: 'The defaults of the server', value: {} },
        },
        answers: {
          200: { begun: { summary: 'The briefing is cut here', value: { ...shorten(begun), episode_id: EPISODE } } },
          422: { unknown: { summary: 'An unknown task', value: refusalOf(specs) } },
        },
      },
    ],
    [
      'POST /step',
      {
        body: {
          reply: { summary: 'Answer an email', value: { episode_id: EPISODE, action: reply } },
          wait: {
            summary: 'Do nothing; the request_id makes it safe to send again',
            value: { episode_id: EPISODE, action: { action_type: 'do_nothing' }, request_id: 'step-1' },
          },
          completion: {
            summary: 'The completion of a model',
            value: { episode_id: EPISODE, action: { completion: COMPLETION } },
          },
          text: { summary: 'The same completion as a string', value: { episode_id: EPISODE, action: COMPLETION } },
        },
        answers: {
          200: { played: { summary: 'The briefing is cut here', value: { ...shorten(played), episode_id: EPISODE } } },
        },
      },
    ],
    [
      'GET /state',
      { answers: { 200: { state: { summary: 'Lists are cut here', value: shortenState(session.state()) } } } },
    ],
    ['POST /text/reset', { body: { task: { summary: 'A task by its id', value: asked } } }],
    [
      'POST /text/step',
      {
        body: {
          reply: { summary: 'The reply of a model', value: { episode_id: EPISODE, action: { text: COMPLETION } } },
          action: { summary: 'A reply that is JSON', value: { episode_id: EPISODE, action: reply } },
        },
      },
    ],
    ['POST /{env}/tasks', { body: { train: { summary: 'A split', value: { split: 'train' } } } }],
    ['POST /{env}/num_tasks', { body: { train: { summary: 'A split', value: { split: 'train' } } } }],
    ['POST /{env}/task', { body: { second: { summary: 'The second row', value: { split: 'train', index: 1 } } } }],
    [
      'POST /{env}/task_range',
      { body: { two: { summary: 'The first two rows', value: { split: 'train', start: 0, stop: 2 } } } },
    ],
  ]);
}

function shorten(answer: Answer): WireAnswer {
  const { echoed_message, briefing } = answer.observation;
  const observation = {
    ...answer.observation,
    echoed_message: clip(echoed_message, SHOWN_TEXT),
    briefing: clip(briefing, SHOWN_TEXT),
  };
  return wireAnswer({ ...answer, observation, text: clip(answer.text, SHOWN_TEXT) });
}

function shortenState(state: WireState): WireState {
  const world = Object.entries(state.world ?? {}).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.slice(0, 1) : value,
  ]);
  return { ...state, world: Object.fromEntries(world) };
}

function refusalOf(specs: Specs): unknown {
  try {
    return specs.resolve({ task_id: 'tuesday' }, ['body']);
  } catch (error) {
    return problemOf(error)?.body;
  }
}

/** The version of the wire contract, which changes if a client would notice. Validators of OpenEnv expect it to begin with 1. */
const CONTRACT_VERSION = '1.0.0';

type JsonSchema = Record<string, unknown>;
type Transformed = JsonSchema & { body?: JsonSchema; response?: Record<string, JsonSchema> };

/** The options of @fastify/swagger that make the document. */
export function openApiOptions({ options, specs }: Context): FastifyDynamicSwaggerOptions {
  let examples: ReadonlyMap<string, OperationExamples> | undefined;
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        // The pages show both versions: that of the package here, that of the contract below.
        title: `Ghostexec ${VERSION}`,
        version: CONTRACT_VERSION,
        description: DESCRIPTION,
      },
      tags: [...TAGS],
      ...((options.apiKey ?? options.trainerKey) === undefined ? {} : SECURED),
    },
    // Schemas with an id are referenced; this puts them where the references point.
    transformObject: jsonSchemaTransformObject,
    transform: (document) => {
      const { url, route } = document;
      // OpenAPI cannot describe WebSockets; the description of the document does.
      if ('websocket' in route && route.websocket === true) return { schema: { hide: true }, url };
      const { schema } = jsonSchemaTransform(document);
      if (schema === undefined || ('hide' in schema && schema.hide)) return { schema: schema ?? {}, url };
      examples ??= examplesOf(specs);
      const path = url.replaceAll(/:(\w+)/g, '{$1}');
      const methods = Array.isArray(route.method) ? route.method : [route.method];
      const found = methods.map((method) => examples?.get(`${method} ${path}`)).find((one) => one !== undefined);
      const operationId = `${methods.join('_').toLowerCase()}${path.replaceAll(/\W+/g, '_')}`.replace(/_$/, '');
      return { schema: { operationId, ...illustrate(schema as Transformed, found ?? {}) }, url };
    },
  };
}

const SECURED = {
  components: {
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: 'The API key of the server; the header X-API-Key may hold it instead',
      },
    },
  },
  security: [{ bearer: [] }],
} as const satisfies Partial<FastifyDynamicSwaggerOptions['openapi']>;

/** Adds examples, and a description to answers that have none. */
function illustrate(
  { body, response, ...rest }: Transformed,
  { body: asked, answers }: OperationExamples,
): Transformed {
  const answered = Object.entries(response ?? {}).map(([status, schema]) => [
    status,
    {
      description: STATUS_CODES[status] ?? 'An answer',
      ...schema,
      ...(answers?.[status] === undefined ? {} : { 'x-examples': answers[status] }),
    },
  ]);
  return {
    ...rest,
    ...(body === undefined ? {} : { body: asked === undefined ? body : { ...body, 'x-examples': asked } }),
    ...(response === undefined ? {} : { response: Object.fromEntries(answered) }),
  };
}

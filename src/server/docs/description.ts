/** The description of the API in the OpenAPI document: first steps, and the WebSockets, which OpenAPI itself cannot describe. */

export const DESCRIPTION = `A chief of staff's messy day as an environment for language-model agents, behind the interface of OpenEnv.

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

# WebSocket /mcp

The same JSON-RPC 2.0 as POST /mcp, with one request per message. The session lasts as long as the connection, or is the one that
\`?session_id=S\` names. The query of the URL chooses its episode.`;

/** The groups of operations in the OpenAPI document. */
export const TAGS = [
  { name: 'Environment', description: 'Episodes, one action after the other.' },
  { name: 'Info', description: 'Information about this server.' },
  { name: 'Tasks', description: 'The tasks of the environment, before any episode begins.' },
  { name: 'MCP', description: 'The environment as tools, over JSON-RPC 2.0.' },
  { name: 'Batch', description: 'Many environments at once, for training.' },
  { name: 'Operations', description: 'For operators of the server.' },
] as const;

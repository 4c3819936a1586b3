/** The text at the head of the OpenAPI document: first steps, and the WebSockets, for which OpenAPI has no words. */

export const DESCRIPTION = `A chief of staff's messy day as an environment for language-model agents, behind the interface of OpenEnv.

# First steps

\`\`\`sh
# Begin an episode. The answer holds the briefing to read, and the id of the episode.
curl -s localhost:8000/reset -H 'content-type: application/json' \\
  -d '{"task_id": "phase2_core", "seed": 7, "episode_id": "first"}'

# Play one action in it, as often as \`done\` is false.
curl -s localhost:8000/step -H 'content-type: application/json' \\
  -d '{"episode_id": "first", "action": {"action_type": "do_nothing"}}'

# Look at it.
curl -s 'localhost:8000/state?episode_id=first'
\`\`\`

A \`/step\` without \`episode_id\` plays its action in a fresh episode, which is not kept. An action is an object that follows the
schema, or a completion: a text, or \`{"completion": "..."}\`. What cannot be read or done is an invalid step (\`step_ok\` is false,
\`error\` says why); an object that does not follow the schema is answered 422 with what was expected. A request with an
\`episode_id\` and a \`request_id\` that is sent again is answered the same and plays nothing.
Bodies are JSON, whatever content type they come with. Where the server has a key, send \`Authorization: Bearer KEY\`.

# WebSocket /ws

One connection is one session: any number of episodes, one after the other. Each message is a JSON text; answers come in the order
of the requests. A message may carry a \`request_id\`, which comes back in its answer; a reset or step that is
sent again with the same one, in the same session, is answered the same and plays nothing.

| you send | \`data\` | you receive |
|---|---|---|
| \`{"type": "reset", "data": {...}}\` | as the body of POST /reset; may be left out | \`observation\` |
| \`{"type": "step", "data": {...}}\` | the action itself, a completion, or a tool: as \`action\` of POST /step | \`observation\` |
| \`{"type": "state"}\` | none | \`state\` |
| \`{"type": "mcp", "data": {...}}\` | a JSON-RPC request, as to POST /mcp | \`mcp\` |
| \`{"type": "resume", "data": {"session_token": "..."}}\` | the token from the metadata of an answer | \`observation\`: the last one |
| \`{"type": "close"}\` | none | the connection closes |

| you receive | \`data\` |
|---|---|
| \`observation\` | \`{observation, reward, done, metadata}\`, as from POST /reset and POST /step |
| \`state\` | as from GET /state |
| \`mcp\` | a JSON-RPC response |
| \`error\` | \`{message, code}\` and, by code, more |

| error code | means | with it |
|---|---|---|
| \`INVALID_JSON\` | the message is no JSON | |
| \`UNKNOWN_TYPE\` | no such type of message | |
| \`VALIDATION_ERROR\` | a value is not what it should be | \`errors\` |
| \`EXECUTION_ERROR\` | the request could not be carried out | |
| \`CAPACITY_REACHED\` | all sessions are in use; the connection closes | \`active_sessions\`, \`max_sessions\` |
| \`FACTORY_ERROR\` | no environment could be made | |
| \`SESSION_ERROR\` | there is no such session, any more or at all, or another socket is attached to it | |
| \`RESET_NEEDED\` | a step before the first reset of the session | |
| \`REQUEST_ID_REUSED\` | the id was that of another request | |
| \`ANSWER_FORGOTTEN\` | the request was carried out before, and its answer is not kept any more | |
| \`RATE_LIMITED\` | too many messages in a minute | |

No message ends a session but \`close\`. A session that loses its connection is kept for hours, so that \`resume\` can go on with it.
\`/ws?session_id=S\` attaches the socket to a session that \`openenv/session/create\` made, which goes on without it.

# WebSocket /mcp

The same JSON-RPC 2.0 as POST /mcp, one request a message, with a session that lasts as long as the connection, or the one of \`?session_id=S\`.
Its episode is the one that the query of the URL asks for.`;

/** Groups of operations. */
export const TAGS = [
  { name: 'Environment', description: 'Episodes, one action after the other.' },
  { name: 'Info', description: 'What this server is.' },
  { name: 'Tasks', description: 'Which tasks there are, before any episode begins.' },
  { name: 'MCP', description: 'The environment as tools, over JSON-RPC 2.0.' },
  { name: 'Batch', description: 'Many environments at once, for training.' },
  { name: 'Operations', description: 'For those who run the server.' },
] as const;

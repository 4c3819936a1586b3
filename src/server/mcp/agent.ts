/**
 * The JSON-RPC methods of /mcp/episodes/{id}: an agent plays one episode that a trainer has begun. The agent can neither begin
 * episodes nor read rewards and grades. Every call stands alone: none needs `initialize` or the header of a session.
 */
import { z } from 'zod';
import { quote } from '../../lib/text.ts';
import type { Context } from '../app.ts';
import { once } from '../batch/remembered.ts';
import { Problem } from '../problem.ts';
import { requestIdSchema } from '../wire.ts';
import { badParams } from './errors.ts';
import { initializeSchema, initializing } from './methods.ts';
import type { AddMethod, Played, RpcCall } from './rpc.ts';
import { callTool, failed, findTool, isFailure, listTools, type ToolResult, tellAgent, tellOver } from './tools.ts';

const INSTRUCTIONS =
  "You run an executive's day. `briefing` shows what is going on. Each of the other tools is an action: it takes simulated time " +
  'and returns the next briefing. Answer the emails that need an answer, resolve clashes in the calendar and get tasks done in ' +
  'time. When the briefing says that the episode is over, further calls change nothing.';

const paramsSchema = z.looseObject({});
const callSchema = z.looseObject({
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()).nullish(),
  _meta: z.looseObject({ 'ghostexec/request_id': requestIdSchema }).nullish(),
});

export function addAgentMethods(add: AddMethod, { metrics }: Context): void {
  add('initialize', initializeSchema, ({ protocolVersion }, call) => {
    playedIn(call);
    return initializing(protocolVersion, INSTRUCTIONS);
  });
  add('ping', paramsSchema, () => ({}));
  add('tools/list', paramsSchema, (_params, call) => {
    playedIn(call);
    return { tools: listTools(false) };
  });
  add('tools/call', callSchema, async ({ name, arguments: given, _meta: meta }, call) => {
    const { session, answers } = playedIn(call);
    const tool = findTool(name, false);
    if (tool === undefined) {
      const known = listTools(false).map((listed) => listed.name);
      throw badParams(`there is no tool ${quote(name)}; known: ${known.join(', ')}`);
    }
    const act = (): ToolResult => {
      // An action after the end would only cost the model another briefing.
      if (session.answer?.done === true && !tool.annotations.readOnlyHint) return tellOver();
      const stepped = (): void => metrics.stepped('mcp', 1, call.began);
      const outcome = callTool(tool, session, given ?? {}, stepped, tellAgent);
      if (!isFailure(outcome)) return outcome;
      metrics.failed(outcome.error_type === 'invalid_args' ? 'VALIDATION_ERROR' : 'EXECUTION_ERROR');
      return failed(outcome);
    };
    const id = meta?.['ghostexec/request_id'];
    if (!id) return act();
    return JSON.parse(await once(answers, id, 'mcp', { name, given }, () => JSON.stringify(act())));
  });
}

function playedIn({ played }: RpcCall): Played {
  if (played === undefined) throw new TypeError('the URL names no episode');
  return played();
}

/**
 * The begun episode with this id: one of POST /reset, or the current one of the session with this id.
 * @throws Problem (404)
 */
export function playedUnder(id: string, { episodes, sessions }: Pick<Context, 'episodes' | 'sessions'>): Played {
  const entry = sessions.find(id);
  // An episode that the trainer has named comes before a session, whose id is drawn.
  if (entry === undefined || episodes.has(id)) return { session: episodes.find(id), answers: episodes.answersOf(id) };
  if (entry.session.answer === undefined) {
    throw new Problem(
      404,
      'UNKNOWN_EPISODE',
      `no episode has begun in the session ${quote(id)}; its trainer begins one`,
    );
  }
  sessions.touch(entry);
  entry.uncalled = false;
  return entry;
}

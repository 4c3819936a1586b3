/** The JSON-RPC methods: the handshake of MCP, its tools, and the sessions of OpenEnv. */
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { quote } from '../../lib/text.ts';
import { VERSION } from '../../lib/version.ts';
import type { Context } from '../app.ts';
import { type Session, wireAnswer } from '../session.ts';
import type { SessionEntry, Sessions } from '../sessions.ts';
import type { ToolError } from '../step-action.ts';
import { isGiven, resetDataSchema } from '../wire.ts';
import { beginEpisode, type Chosen, chosenOf, createSchema, isAsked, openWith } from './episode.ts';
import { badParams, RpcError } from './errors.ts';
import type { AddMethod, RpcCall } from './rpc.ts';
import { callTool, failed, findTool, isFailure, listTools, type ToolResult, unknownTool } from './tools.ts';

/** The supported versions of MCP, newest first. They do not differ for a server that has only tools. */
export const PROTOCOL_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** The key under which `_meta` of an initialize result describes the episode. */
const EPISODE = 'ghostexec/episode';

const INSTRUCTIONS =
  "You run an executive's day. `briefing` shows what is going on. Each of the other tools plays one step: it takes simulated " +
  'time and returns a reward and the next briefing. Answer the emails that need an answer, resolve clashes in the calendar and get ' +
  'tasks done in time. When `done` is true, the day is over and the answer has its grade; further calls change nothing.';
const CONTROL_INSTRUCTIONS =
  ' `reset` begins another episode, `state` shows the current one; neither of them is a step.';

const HOW_TO_BEGIN =
  'begin one with initialize (its answer names the session in the header mcp-session-id) or openenv/session/create (its ' +
  'answer holds a session_id for the params of later calls)';

const PARAMS = ['params'] as const;

/** The params of every method may have a session_id. null is the same as no session_id. */
const paramsSchema = z.looseObject({ session_id: z.string().nullish() });

export const initializeSchema = paramsSchema.extend({ protocolVersion: z.string().optional() });
const resetSchema = resetDataSchema.extend({ session_id: z.string().nullish() });
const closeSchema = paramsSchema.extend({ session_id: z.string() });
const callSchema = paramsSchema.extend({
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()).nullish(),
});

/** The result of `initialize`. @param protocolVersion The version that the client wishes */
export function initializing(protocolVersion: string | undefined, instructions: string): object {
  return {
    protocolVersion: PROTOCOL_VERSIONS.find((version) => version === protocolVersion) ?? PROTOCOL_VERSIONS[0],
    capabilities: { tools: {} },
    serverInfo: { name: 'ghostexec', version: VERSION },
    instructions,
  };
}

/** The methods of /mcp. */
export function addMethods(addMethod: AddMethod, context: Context): void {
  const { sessions, metrics } = context;
  const add = <S extends z.ZodType<{ session_id?: string | null | undefined }>>(
    name: string,
    schema: S,
    method: (params: z.output<S>, entry: SessionEntry | undefined, call: RpcCall) => object,
  ): void =>
    addMethod(name, schema, (params, call) => method(params, addressed(sessions, params.session_id) ?? call.own, call));

  add('initialize', initializeSchema, ({ protocolVersion }, entry, call) => {
    const begun = entry === undefined ? opened(context, call) : playing(entry, call);
    const instructions = begun?.entry.control === true ? INSTRUCTIONS + CONTROL_INSTRUCTIONS : INSTRUCTIONS;
    const meta = begun === undefined ? {} : { _meta: { [EPISODE]: begun.chosen } };
    return { ...initializing(protocolVersion, instructions), ...meta };
  });
  add('ping', paramsSchema, () => ({}));
  add('tools/list', paramsSchema, (_params, entry) => ({ tools: listTools(entry?.control ?? false) }));
  add('tools/call', callSchema, (params, entry, call) => {
    const control = entry?.control ?? false;
    const tool = findTool(params.name, control);
    if (tool === undefined) throw badParams(unknownTool(params.name, control));
    const outcome = callIn(entry, call, (session) =>
      callTool(tool, session, params.arguments ?? {}, () => metrics.stepped('mcp', 1, call.began)),
    );
    if (!isFailure(outcome)) return outcome;
    metrics.failed(outcome.error_type === 'invalid_args' ? 'VALIDATION_ERROR' : 'EXECUTION_ERROR');
    return failed(outcome);
  });
  add('openenv/session/create', createSchema, ({ session_id: _id, ...asked }, _entry, { own, address }) => {
    // A socket has its session already.
    if (own?.connection !== undefined) {
      const isToBegin = isAsked(asked) || own.session.answer === undefined;
      return { session_id: own.id, ...(isToBegin ? beginEpisode(own, asked, PARAMS) : chosenOf(own)) };
    }
    const { entry, chosen } = openWith(context, address, asked, PARAMS);
    return { session_id: entry.id, ...chosen };
  });
  add('openenv/reset', resetSchema, ({ session_id: _id, ...data }, entry) => {
    const { session } = named(entry);
    return wireAnswer(session.reset(data, PARAMS));
  });
  add('openenv/state', paramsSchema, (_params, entry) => named(entry).session.state());
  add('openenv/session/close', closeSchema, ({ session_id }, entry, { own }) => {
    if (entry === own) {
      const message = `${quote(session_id)} is the session of this connection; it ends with the connection`;
      throw new RpcError(ErrorCode.InvalidRequest, message);
    }
    const closed = entry === undefined || sessions.endWhenFree(entry);
    return closed ? { session_id, closed } : { session_id, closed, closing: true };
  });
}

/** Ends a session, and closes its connection if it has one. */
export function endSession(sessions: Sessions, entry: SessionEntry): void {
  sessions.end(entry);
  entry.connection?.close(1000, 'the session was closed');
}

/** The session of a request that needs one. */
function named(entry: SessionEntry | undefined): SessionEntry {
  if (entry === undefined) throw badParams(`the request names no session; ${HOW_TO_BEGIN}`);
  entry.uncalled = false;
  return entry;
}

type Begun = { readonly entry: SessionEntry; readonly chosen: Chosen };

/** Opens a session for an `initialize` that has none; undefined if this request may not open one. */
function opened(context: Context, { address, asked, opened: onOpened }: RpcCall): Begun | undefined {
  if (onOpened === undefined || asked === undefined) return undefined;
  const begun = openWith(context, address, asked(), ['query']);
  onOpened(begun.entry);
  return begun;
}

/** A session and its episode; undefined if it has none. If the session belongs to the connection, the episode of its URL begins here. */
function playing(entry: SessionEntry, { own, asked }: RpcCall): Begun | undefined {
  if (entry.session.answer !== undefined) return { entry, chosen: chosenOf(entry) };
  if (entry !== own || asked === undefined) return undefined;
  return { entry, chosen: beginEpisode(entry, asked(), ['query']) };
}

/** Calls a tool in the session of a request, if it has an episode. */
function callIn(
  entry: SessionEntry | undefined,
  call: RpcCall,
  act: (session: Session) => ToolResult | ToolError,
): ToolResult | ToolError {
  if (entry === undefined) {
    const message = `the call names no session, so there is no episode to play; ${HOW_TO_BEGIN}`;
    return { error_type: 'execution_error', message };
  }
  entry.uncalled = false;
  if (playing(entry, call) !== undefined) return act(entry.session);
  const message = 'no episode has begun in this session; a reset, openenv/reset or openenv/session/create begins one';
  return { error_type: 'execution_error', message };
}

/** The session that a request names; undefined if it names none. */
function addressed(sessions: Sessions, id: string | null | undefined): SessionEntry | undefined {
  if (!isGiven(id)) return undefined;
  const entry = sessions.find(id);
  if (entry === undefined) {
    throw badParams(
      `there is no session ${quote(id)}: it was never created, was closed, was idle too long or gave way to newer ones; openenv/session/create makes one`,
    );
  }
  sessions.touch(entry);
  return entry;
}

/** The methods: the handshake of MCP, its tools, and the sessions of OpenEnv. */
import { JSONRPCErrorCode, JSONRPCErrorException, type JSONRPCServer } from 'json-rpc-2.0';
import { z } from 'zod';
import { quote } from '../../lib/text.ts';
import { VERSION } from '../../lib/version.ts';
import type { Context } from '../app.ts';
import { parseRequest } from '../problem.ts';
import { Session } from '../session.ts';
import type { Entry, Sessions } from '../sessions.ts';
import { badParams } from './errors.ts';
import { callTool, listTools } from './tools.ts';

/** What is known of a request beside what it says. */
export type Call = {
  /** Address of the client. */
  readonly address: string;
  /** The session of the connection. */
  readonly own: Entry | undefined;
  readonly begin: (() => void) | undefined;
  /** performance.now() when the request was read. */
  readonly began: number;
};

/** Versions of MCP that a server with nothing but tools speaks, newest first. */
export const PROTOCOL_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

const INSTRUCTIONS =
  "You run an executive's day: `reset` begins an episode, `briefing` shows what is going on, and every other tool but `state` " +
  'plays one step, which takes simulated time and answers with a reward and the next briefing. ' +
  'Answer what is owed, resolve clashes in the calendar and get tasks done in time; when `done` is true the grade of the day is told.';

/** Every method may carry a session_id; null is the same as leaving it out. */
const paramsSchema = z.looseObject({ session_id: z.string().nullish() });

const initializeSchema = paramsSchema.extend({ protocolVersion: z.string().optional() });
const closeSchema = paramsSchema.extend({ session_id: z.string() });
const callSchema = paramsSchema.extend({
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()).nullish(),
});

/** Adds them all, and answers their names. */
export function addMethods(server: JSONRPCServer<Call>, context: Context): readonly string[] {
  const { sessions, specs, metrics } = context;
  const names: string[] = [];
  const add = <S extends z.ZodType<{ session_id?: string | null | undefined }>>(
    name: string,
    schema: S,
    method: (params: z.output<S>, entry: Entry | undefined, call: Call) => object,
  ): void => {
    names.push(name);
    server.addMethod(name, (given: unknown, call: Call) => {
      const params = parseRequest(schema, given ?? {}, 'params');
      return method(params, addressed(sessions, params.session_id) ?? call.own, call);
    });
  };

  add('initialize', initializeSchema, ({ protocolVersion }, _entry, { begin }) => {
    begin?.();
    return {
      protocolVersion: PROTOCOL_VERSIONS.find((version) => version === protocolVersion) ?? PROTOCOL_VERSIONS[0],
      capabilities: { tools: {} },
      serverInfo: { name: 'ghostexec', version: VERSION },
      instructions: INSTRUCTIONS,
    };
  });
  add('ping', paramsSchema, () => ({}));
  add('tools/list', paramsSchema, () => ({ tools: listTools() }));
  add('tools/call', callSchema, (params, entry, { began }) => {
    // A client without a session plays in one for this call alone.
    const session = entry?.session ?? Session.lone(specs);
    return callTool(session, params.name, params.arguments ?? {}, () => metrics.stepped('mcp', 1, began));
  });
  add('openenv/session/create', paramsSchema, (_params, _entry, { address }) => ({
    session_id: sessions.open(address).id,
  }));
  add('openenv/session/close', closeSchema, ({ session_id }, entry, { own }) => {
    if (entry === own) {
      throw new JSONRPCErrorException(
        `${quote(session_id)} is the session of this connection; it ends with the connection`,
        JSONRPCErrorCode.InvalidRequest,
      );
    }
    const closed = entry === undefined || sessions.endWhenFree(entry);
    return closed ? { session_id, closed } : { session_id, closed, closing: true };
  });
  return names;
}

/** Ends a session, and the connection that it may have. */
export function endSession(sessions: Sessions, entry: Entry): void {
  sessions.end(entry);
  entry.connection?.close(1000, 'the session was closed');
}

/** The session that a request names; undefined where it names none. */
function addressed(sessions: Sessions, id: string | null | undefined): Entry | undefined {
  if (id === undefined || id === null) return undefined;
  const entry = sessions.find(id);
  if (entry === undefined) {
    throw badParams(
      `there is no session ${quote(id)}: it was never created, was closed, was idle too long or gave way to newer ones; openenv/session/create makes one`,
    );
  }
  sessions.touch(entry);
  return entry;
}

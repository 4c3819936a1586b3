/** WS /mcp: bare JSON-RPC. Every connection has its own session, and the query of the URL chooses its episode. */
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { messageOf } from '../../lib/errors.ts';
import type { Context } from '../app.ts';
import { readQuery } from '../mcp/episode.ts';
import { SERVER_ERROR } from '../mcp/errors.ts';
import type { Rpc } from '../mcp/rpc.ts';
import { CapacityReached } from '../sessions.ts';
import type { SocketSurface } from './accept.ts';
import { readText } from './messages.ts';

export function mcpSurface({ metrics }: Context, rpc: Rpc): SocketSurface {
  return {
    name: '/mcp',
    begin: (entry, _link, _log, query) => ({
      entry,
      answer: async (bytes) => {
        let text: string;
        try {
          text = readText(bytes);
        } catch (error) {
          metrics.failed('INVALID_JSON');
          return failure(ErrorCode.ParseError, messageOf(error));
        }
        const answer = await rpc.receiveText(text, { address: entry.address, entry, asked: () => readQuery(query) });
        return answer === undefined ? undefined : JSON.stringify(answer);
      },
    }),
    refusal: (problem) =>
      failure(
        SERVER_ERROR,
        problem.message,
        problem instanceof CapacityReached
          ? { active_sessions: problem.activeSessions, max_sessions: problem.maxSessions }
          : { code: problem.code },
      ),
  };
}

function failure(code: number, message: string, data?: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message, data } });
}

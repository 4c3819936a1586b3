/** WS /mcp: bare JSON-RPC. Every connection has its own session, and the query of the URL chooses its episode. */
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { messageOf } from '../../lib/errors.ts';
import type { Context } from '../app.ts';
import { readQuery } from '../mcp/episode.ts';
import { errorAnswer, SERVER_ERROR } from '../mcp/errors.ts';
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
          return JSON.stringify(errorAnswer(null, ErrorCode.ParseError, messageOf(error)));
        }
        const answer = await rpc.receiveText(text, {
          address: entry.address,
          own: entry,
          asked: () => readQuery(query),
        });
        return answer === undefined ? undefined : JSON.stringify(answer);
      },
    }),
    refusal: (problem) =>
      JSON.stringify(
        errorAnswer(
          null,
          SERVER_ERROR,
          problem.message,
          problem instanceof CapacityReached ? problem.figures : { code: problem.code },
        ),
      ),
  };
}

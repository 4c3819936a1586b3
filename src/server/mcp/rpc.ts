/** A stand-in for the real JSON-RPC, which is merged elsewhere. */
import { messageOf } from '../../lib/errors.ts';
import type { Context } from '../app.ts';
import type { Entry } from '../sessions.ts';

export type Rpc = {
  receive(message: unknown, entry?: Entry): Promise<object | undefined>;
  receiveText(json: string, entry?: Entry): Promise<object | undefined>;
};

export function createRpc(_context: Context): Rpc {
  const receive = async (message: unknown, entry?: Entry): Promise<object | undefined> => {
    const { id, method } = message as { id?: number; method?: string };
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (id === undefined) return undefined;
    if (method === 'ping') return { jsonrpc: '2.0', id, result: {} };
    if (method === 'tools/list') return { jsonrpc: '2.0', id, result: { tools: [{ name: 'reset' }] } };
    if (method === 'tools/call') return { jsonrpc: '2.0', id, result: { content: [], step: entry?.session.reset() } };
    return { jsonrpc: '2.0', id, error: { code: -32601, message: `there is no method ${method}` } };
  };
  return {
    receive,
    receiveText: async (json, entry) => {
      let message: unknown;
      try {
        message = JSON.parse(json);
      } catch (error) {
        return { jsonrpc: '2.0', id: null, error: { code: -32700, message: messageOf(error) } };
      }
      return receive(message, entry);
    },
  };
}

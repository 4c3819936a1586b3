/** Turns a thrown error into the error of a JSON-RPC answer. */
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { Problem, problemOf } from '../problem.ts';
import { CapacityReached } from '../sessions.ts';

/** The first of the codes that JSON-RPC leaves to servers: the request is valid, but the server cannot carry it out now. */
export const SERVER_ERROR = -32000;

/** An error of a JSON-RPC answer. The SDK's own error would put the code into the message. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const NAMES: Readonly<Record<number, string>> = {
  [ErrorCode.ParseError]: 'INVALID_JSON',
  [ErrorCode.InvalidRequest]: 'INVALID_REQUEST',
  [ErrorCode.MethodNotFound]: 'UNKNOWN_METHOD',
  [ErrorCode.InvalidParams]: 'VALIDATION_ERROR',
  [ErrorCode.InternalError]: 'INTERNAL',
  [SERVER_ERROR]: 'CAPACITY_REACHED',
};

/** The name under which the metrics count an error. */
export function errorName(code: number): string {
  return NAMES[code] ?? 'INTERNAL';
}

/**
 * The JSON-RPC error for a thrown error.
 * @param failed Called with an error of the server itself, of which the client learns nothing
 */
export function toRpcError(error: unknown, failed: (error: unknown) => void): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof CapacityReached) {
    return new RpcError(SERVER_ERROR, error.message, error.figures);
  }
  const problem = problemOf(error, 'params');
  if (problem instanceof Problem && problem.status < 500) {
    const { message, details } = problem;
    const data = details === undefined ? { code: problem.code } : { detail: details };
    return new RpcError(ErrorCode.InvalidParams, message, data);
  }
  failed(error);
  return new RpcError(ErrorCode.InternalError, 'the server failed; its log says why');
}

/** The error for params that name something that does not exist. */
export function badParams(message: string): RpcError {
  return new RpcError(ErrorCode.InvalidParams, message);
}

/** The answer to a message that cannot be carried out. @param id The id of the message, if it has a valid one */
export function errorAnswer(id: unknown, code: number, message: string, data?: object): object {
  const known = typeof id === 'string' || typeof id === 'number' ? id : null;
  return { jsonrpc: '2.0', id: known, error: { code, message, data } };
}

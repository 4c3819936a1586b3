/** Turns a thrown error into the error of a JSON-RPC answer. */
import { JSONRPCErrorCode, JSONRPCErrorException } from 'json-rpc-2.0';
import { Problem, problemOf } from '../problem.ts';
import { CapacityReached } from '../sessions.ts';

/** The first of the codes that JSON-RPC leaves to servers: the request is valid, but the server cannot carry it out now. */
export const SERVER_ERROR = -32000;

type RpcError = { readonly code: number; readonly message: string; readonly data?: unknown };

const NAMES: Readonly<Record<number, string>> = {
  [JSONRPCErrorCode.ParseError]: 'INVALID_JSON',
  [JSONRPCErrorCode.InvalidRequest]: 'INVALID_REQUEST',
  [JSONRPCErrorCode.MethodNotFound]: 'UNKNOWN_METHOD',
  [JSONRPCErrorCode.InvalidParams]: 'VALIDATION_ERROR',
  [JSONRPCErrorCode.InternalError]: 'INTERNAL',
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
  if (error instanceof JSONRPCErrorException) return error.toObject();
  if (error instanceof CapacityReached) {
    const { message, activeSessions, maxSessions } = error;
    return { code: SERVER_ERROR, message, data: { active_sessions: activeSessions, max_sessions: maxSessions } };
  }
  const problem = problemOf(error, 'params');
  if (problem instanceof Problem && problem.status < 500) {
    const { message, details } = problem;
    const data = details === undefined ? { code: problem.code } : { detail: details };
    return { code: JSONRPCErrorCode.InvalidParams, message, data };
  }
  failed(error);
  return { code: JSONRPCErrorCode.InternalError, message: 'the server failed; its log says why' };
}

/** The error for params that name something that does not exist. */
export function badParams(message: string): JSONRPCErrorException {
  return new JSONRPCErrorException(message, JSONRPCErrorCode.InvalidParams);
}

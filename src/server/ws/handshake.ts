/** Checks the headers of a WebSocket handshake. The library checks them too, but it would answer in HTML and without a log line. */
import type { IncomingHttpHeaders } from 'node:http';
import { quote } from '../../lib/text.ts';
import { Problem } from '../problem.ts';

/** The only published version of the protocol. Version 8 is a draft with the same content. */
export const WS_VERSION = '13';
const VERSIONS: ReadonlySet<unknown> = new Set([WS_VERSION, '8']);
export const UPGRADE_REQUIRED = 426;

/** Why a WebSocket cannot be opened; undefined if it can. */
export function handshakeProblem(headers: IncomingHttpHeaders): Problem | undefined {
  const { 'sec-websocket-version': version, 'sec-websocket-key': key } = headers;
  if (!VERSIONS.has(version)) {
    const message = `expected ${WS_VERSION} as Sec-WebSocket-Version, got ${given(version)}`;
    return new Problem(UPGRADE_REQUIRED, 'UPGRADE_REQUIRED', message);
  }
  if (key === undefined || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    return new Problem(400, 'BAD_HANDSHAKE', `expected 16 bytes in base64 as Sec-WebSocket-Key, got ${given(key)}`);
  }
  return undefined;
}

function given(value: string | undefined): string {
  return value === undefined ? 'none' : quote(value);
}

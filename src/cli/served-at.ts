/**
 * A file with the address of the server in a container image. The health check reads the port from it, whichever flag or variable chose
 * the port.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { writeWhole } from '../lib/disk.ts';

/** The variable that names the file. The image sets it, `serve` writes the file, and the health check reads the file. */
const FILE_VARIABLE = 'GHOSTEXEC_ADDRESS_FILE';

/** Writes the file once the server listens. Does nothing if the variable is not set. @throws WriteError */
export function writeAddress({ address, family, port }: AddressInfo): void {
  const { [FILE_VARIABLE]: file = '' } = process.env;
  if (file === '') return;
  // A server that listens on all addresses also listens on 127.0.0.1.
  const host = /^(?:0\.0\.0\.0|::)$/.test(address) ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  writeWhole('address', file, `http://${host}:${port}\n`);
}

/** The URL that `serve` wrote. If there is no file, as on a read-only file system, the URL follows from the variables. */
export function readAddress(): string {
  const { [FILE_VARIABLE]: file = '', GHOSTEXEC_PORT, PORT } = process.env;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return `http://127.0.0.1:${GHOSTEXEC_PORT || PORT || 8000}`;
  }
}

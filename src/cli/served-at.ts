/**
 * The address that a server of this machine is served at, in a file: so that the health check of an image asks the port that is
 * served, whichever flag or variable chose it.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { writeWhole } from '../lib/write-file.ts';

/** Names the file. The image sets it; `serve` writes the file, the health check reads it. */
const FILE_VARIABLE = 'GHOSTEXEC_ADDRESS_FILE';

/** Called when the server listens. Does nothing where no file is named. @throws WriteError */
export function writeAddress({ address, family, port }: AddressInfo): void {
  const { [FILE_VARIABLE]: file = '' } = process.env;
  if (file === '') return;
  // A server on all addresses is on this one too.
  const host = /^(?:0\.0\.0\.0|::)$/.test(address) ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  writeWhole('address', file, `http://${host}:${port}\n`);
}

/** What `serve` wrote; where there is nothing, as on a file system that cannot be written to, what the variables say. */
export function readAddress(): string {
  const { [FILE_VARIABLE]: file = '', GHOSTEXEC_PORT, PORT } = process.env;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return `http://127.0.0.1:${GHOSTEXEC_PORT || PORT || 8000}`;
  }
}

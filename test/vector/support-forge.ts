/** Takes snapshots apart and builds new ones, with a valid checksum around any payload. */
import { Packr } from 'msgpackr';
import { checksum } from '../../src/vector/snapshot.ts';

export const packr = new Packr({ useRecords: false, variableMapSize: true });

export type Payload = Record<string, unknown[]> & { specs: unknown[]; states: Uint8Array };

/** The packed payload. */
export function payloadBytes(snapshot: Uint8Array): Uint8Array {
  return packr.unpack(snapshot).payload;
}

export function openForged(snapshot: Uint8Array): Payload {
  return packr.unpack(payloadBytes(snapshot));
}

/**
 * @param payload Packed, or a value to pack.
 * @param changes Changes of the outer map.
 */
export function forge(payload: unknown, changes: Record<string, unknown> = {}): Buffer {
  const bytes = payload instanceof Uint8Array ? payload : packr.pack(payload);
  return packr.pack({ format: 'ghostexec.snapshot', version: 4, xxh64: checksum(bytes), payload: bytes, ...changes });
}

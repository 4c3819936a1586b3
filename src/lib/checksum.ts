/** A checksum against damage, not against forgery, at a tenth of the cost of SHA-256. */
import xxhash from 'xxhash-wasm';

/** The bytes are copied into memory of WebAssembly, which never shrinks, so they are copied in chunks of this size. */
const CHUNK = 65_536;
const { create64 } = await xxhash();

/** XXH64 with seed 0, in the canonical byte order: highest byte first. */
export function checksum(bytes: Uint8Array): Buffer {
  const hash = create64();
  for (let at = 0; at < bytes.length; at += CHUNK) hash.update(bytes.subarray(at, at + CHUNK));
  const digest = Buffer.alloc(8);
  digest.writeBigUInt64BE(hash.digest());
  return digest;
}

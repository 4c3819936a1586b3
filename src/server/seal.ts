/**
 * Signs the snapshots that clients keep and send back, so that a server restores only snapshots from itself or from a server with the
 * same key. A sealed snapshot is 32 bytes of HMAC-SHA256, followed by the snapshot itself.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const TAG_BYTES = 32;

export class Seal {
  private readonly key: Buffer;

  /**
   * @param secret The key of the server
   * @param purpose The use of the snapshots. A snapshot that was sealed for one purpose cannot be opened for another.
   */
  constructor(secret: string, purpose: 'batch' | 'page') {
    this.key = createHmac('sha256', secret).update(`ghostexec ${purpose} snapshot`).digest();
  }

  seal(snapshot: Uint8Array): Buffer {
    return Buffer.concat([this.tagOf(snapshot), snapshot]);
  }

  /** The snapshot; undefined if it was not sealed with this key and purpose, or was changed since. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < TAG_BYTES) return undefined;
    const snapshot = snapshotIn(sealed);
    return timingSafeEqual(sealed.subarray(0, TAG_BYTES), this.tagOf(snapshot)) ? snapshot : undefined;
  }

  private tagOf(snapshot: Uint8Array): Buffer {
    return createHmac('sha256', this.key).update(snapshot).digest();
  }
}

/** The seals of a server's surfaces. The default key is random and lost when the server ends. */
export function createSeals(snapshotKey = randomBytes(32).toString('hex')): Readonly<Record<'batch' | 'page', Seal>> {
  return { batch: new Seal(snapshotKey, 'batch'), page: new Seal(snapshotKey, 'page') };
}

/** The message about a snapshot that cannot be opened. */
export const NOT_SEALED_HERE =
  'the snapshot cannot be restored: it was not signed with the key of this server, or was changed since. ' +
  'A server draws a new key at each start; only servers with the same --snapshot-key accept snapshots of each other';

/** The snapshot in an answer of `POST /batch/{id}/snapshot`, as `VectorEnv.restore` reads it. The signature is not verified. */
export function snapshotIn(sealed: Uint8Array): Uint8Array {
  return sealed.subarray(TAG_BYTES);
}

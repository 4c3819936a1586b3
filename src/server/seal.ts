/**
 * Snapshots that clients keep and bring back are signed, so that a server goes on only from what it sent itself, or another
 * one that has the same key. A sealed snapshot is 32 bytes of HMAC-SHA256, and then the snapshot as it was.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const TAG_BYTES = 32;

export class Seal {
  private readonly key: Buffer;

  /**
   * @param secret The key of the server.
   * @param purpose What the snapshots are of: one that is sealed for one purpose is not opened for another.
   */
  constructor(secret: string, purpose: 'batch' | 'page') {
    this.key = createHmac('sha256', secret).update(`ghostexec ${purpose} snapshot`).digest();
  }

  seal(snapshot: Uint8Array): Buffer {
    return Buffer.concat([this.tagOf(snapshot), snapshot]);
  }

  /** The snapshot; undefined where it was not sealed with this key, for this purpose, or has been changed since. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < TAG_BYTES) return undefined;
    const snapshot = snapshotIn(sealed);
    return timingSafeEqual(sealed.subarray(0, TAG_BYTES), this.tagOf(snapshot)) ? snapshot : undefined;
  }

  private tagOf(snapshot: Uint8Array): Buffer {
    return createHmac('sha256', this.key).update(snapshot).digest();
  }
}

/** What the surfaces of a server seal with. Without a key of its own a server draws one, which is lost with it. */
export function createSeals(snapshotKey = randomBytes(32).toString('hex')): Readonly<Record<'batch' | 'page', Seal>> {
  return { batch: new Seal(snapshotKey, 'batch'), page: new Seal(snapshotKey, 'page') };
}

/** Why a snapshot is not opened, and what helps. */
export const NOT_SEALED_HERE =
  'the snapshot cannot be restored: it was not signed with the key of this server, or was changed since. ' +
  'A server that is started anew, or another one, has another key, unless all of them are given the same --snapshot-key';

/** The snapshot inside of what `POST /batch/{id}/snapshot` has answered, as `VectorEnv.restore` reads it. It is not verified. */
export function snapshotIn(sealed: Uint8Array): Uint8Array {
  return sealed.subarray(TAG_BYTES);
}

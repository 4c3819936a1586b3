/** Where the bytes of trajectories come from: a file of this machine (file-source.ts), or one that somebody chose in a browser. */

export type Source = {
  /** Bytes that there are now; a file that is still being written has more of them later. */
  size(): Promise<number>;
  /** The bytes of a range; fewer only where the file ends before it. */
  read(offset: number, length: number): Promise<Uint8Array>;
};

/** A file that somebody chose, as it was then: a browser does not read on once it has been changed. */
export function blobSource(blob: Blob): Source {
  return {
    size: async () => blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

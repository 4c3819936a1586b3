/** A source of the bytes of trajectories: a file of this machine (file-source.ts), or a file that the user chose in a browser. */

/** Random access to the bytes of a file. */
export type Source = {
  /** The present size in bytes. It grows while a run still writes the file. */
  size(): Promise<number>;
  /** The bytes of a range; fewer only if the file ends within it. */
  read(offset: number, length: number): Promise<Uint8Array>;
};

/** A file that the user chose. The browser refuses to read it after it has changed. */
export function blobSource(blob: Blob): Source {
  return {
    size: async () => blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

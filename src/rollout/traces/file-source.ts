/** Reads ranges of a file of this machine. The file is open only during a read, so that a thousand runs keep no file open. */
import { open, stat } from 'node:fs/promises';
import type { Source } from './source.ts';

/** The source of a file at a path. */
export function fileSource(path: string): Source {
  return {
    size: async () => (await stat(path)).size,
    read: async (offset, length) => {
      const file = await open(path);
      try {
        const bytes = Buffer.allocUnsafe(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return bytes.subarray(0, done);
      } finally {
        await file.close();
      }
    },
  };
}

/** A server in a separate process, so that a test can check whether it is alive and how much memory it takes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerOptionsInput } from '../../src/server/options.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOST = `
  import { createServer } from './dist/server/server.js';
  const server = await createServer(JSON.parse(process.argv[1]));
  process.send(await server.listen());
  process.on('message', (asked) => {
    if (asked === 'close') return server.close().then(() => process.disconnect());
    gc();
    const { heapUsed, external } = process.memoryUsage();
    process.send((heapUsed + external) / 2 ** 20);
  });
`;

export type ServerProcess = {
  readonly address: string;
  readonly child: ChildProcess;
  /** The text written to stderr and stdout so far. */
  readonly output: () => string;
  /**
   * The memory in MiB that objects and buffers hold after a garbage collection. The resident memory would also count what
   * the allocator has not returned to the system.
   */
  memory(): Promise<number>;
  /** Closes the server and waits for the process. @returns the exit code */
  stop(): Promise<number | null>;
};

export async function startServerProcess(options: ServerOptionsInput = {}): Promise<ServerProcess> {
  const given = JSON.stringify({ port: 0, logLevel: 'error', ...options });
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', HOST, given], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let written = '';
  child.stdout?.on('data', (data) => {
    written += data;
  });
  child.stderr?.on('data', (data) => {
    written += data;
  });
  const [address] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the server did not start: ${written}`))),
  ]);
  return {
    address: String(address),
    child,
    output: () => written,
    memory: async () => {
      const answered = once(child, 'message');
      child.send('memory');
      const [mebibytes] = await answered;
      return Number(mebibytes);
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.send('close');
      const [code] = await exited;
      return code;
    },
  };
}

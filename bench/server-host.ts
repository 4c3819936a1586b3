/** The server that bench/server.ts measures, in a separate process; reports its address. */
import { createServer } from '#dist/server/server.js';

const server = await createServer({ port: 0, logLevel: 'error', maxSessions: 4_096, maxEnvs: 100_000 });
process.send?.(await server.listen());
process.once('message', () => void server.close().then(() => process.disconnect()));

/** The output of the log: stdout, which all servers of one process share. */
import { LineOutput } from '../lib/line-output.ts';

/** The number of the level `warn` in pino. */
const WARN = 40;

export const logOutput = new LineOutput(1, (dropped) => {
  const line = { level: WARN, time: Date.now(), pid: process.pid, dropped, msg: 'log lines were dropped' };
  return `${JSON.stringify(line)}\n`;
});

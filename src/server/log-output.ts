/** Where the log goes: to stdout, which servers of one process share. */
import { LineOutput } from '../lib/line-output.ts';

/** The level of a warning, as pino numbers it. */
const WARN = 40;

export const logOutput = new LineOutput(1, (dropped) => {
  const line = { level: WARN, time: Date.now(), pid: process.pid, dropped, msg: 'log lines were dropped' };
  return `${JSON.stringify(line)}\n`;
});

#!/usr/bin/env node
import { catchSignals, guardOutput } from './exit.ts';

catchSignals();
guardOutput();
// Handlers come first: loading the commands takes longer than everything before, and a signal may arrive during that time.
const { run } = await import('./program.ts');
process.exitCode = await run(process.argv.slice(2), process);

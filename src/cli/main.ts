#!/usr/bin/env node
import { guardOutput } from './output.ts';
import { catchSignals } from './signals.ts';

catchSignals();
guardOutput();
// Handlers come first: loading the commands takes longer than everything before, and a signal may arrive during that time.
const { runProgram } = await import('./program.ts');
await runProgram();

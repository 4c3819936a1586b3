#!/usr/bin/env node
import { guardOutput } from './output.ts';
import { catchSignals } from './signals.ts';

catchSignals();
guardOutput();
// Loading the commands takes longer than everything before, and a signal may come meanwhile.
const { runProgram } = await import('./program.ts');
await runProgram();

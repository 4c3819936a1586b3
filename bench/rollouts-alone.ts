/** npm run bench:rollouts [-- --smoke]: the figures of rollouts.ts alone; writes bench/results/rollouts.json. */
import { parseArgs } from 'node:util';
import { circumstances, writeResults } from './measure.js';
import { measureRollouts } from './rollouts.js';

const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } });
const results = await measureRollouts(values.smoke ? 2 : 5, values.smoke);
console.table(results);
writeResults('rollouts', { ...circumstances('npm run bench:rollouts'), ...results });

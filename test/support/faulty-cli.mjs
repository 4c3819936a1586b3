/**
 * The command line with faults in what it writes: node faulty-cli.mjs FAULTS SECOND ARGUMENTS..., where FAULTS is JSON and
 * SECOND the arguments, as JSON, of the command that a second writer runs from begin to end at the point it is aimed at. What
 * that one said goes to standard error, line by line behind `second:`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { disk } from '../../dist/lib/disk.js';
import { injectFaults } from './faulty-disk.mjs';

const [faults, second] = process.argv.splice(2, 2).map((text) => JSON.parse(text));
const main = new URL('../../dist/cli/main.js', import.meta.url);
injectFaults(disk, faults, {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  second: () => {
    const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(main), ...second], { encoding: 'utf8' });
    const said = stderr.trim().split('\n').at(-1);
    process.stderr.write(`second: ${status} ${said}\n`);
  },
});
await import(main.href);

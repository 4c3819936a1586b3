/**
 * The command line with faults in its writes: node faulty-cli.mjs FAULTS SECOND ARGUMENTS... FAULTS is JSON. SECOND has the
 * arguments, as JSON, of a second command, which runs to its end when a fault of kind `second` is reached. Its exit code and its
 * last line on stderr are printed to stderr after `second:`.
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
    const lastLine = stderr.trim().split('\n').at(-1);
    process.stderr.write(`second: ${status} ${lastLine}\n`);
  },
});
await import(main.href);

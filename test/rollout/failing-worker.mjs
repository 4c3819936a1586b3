/**
 * A worker that fails at the episodes in FAILING_EPISODES, such as `{"7": "exit"}`. `exit`, `throw` and `loop` fail every time.
 * `once exit`, `once throw` and `once loop` fail only the first time, which creates a file in FAILING_FOLDER.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import play from '../../dist/rollout/worker.js';

const failures = Object.entries(JSON.parse(process.env.FAILING_EPISODES ?? '{}'));

export default function run(job) {
  for (const [index, failure] of failures) {
    if (job === undefined || index < job.first || index >= job.end) continue;
    const [how, often] = failure.split(' ').reverse();
    const mark = join(process.env.FAILING_FOLDER ?? '', index);
    if (often === 'once' && existsSync(mark)) continue;
    writeFileSync(mark, '');
    if (how === 'exit') process.exit(3);
    if (how === 'throw') throw new Error('this episode cannot be played');
    while (how === 'loop');
  }
  return play(job);
}

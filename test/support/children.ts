/** Processes that tests start. A process that a test leaves behind is ended after the test. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach } from 'vitest';

const children: ChildProcess[] = [];

/** Ends the process after the test if it is still running. */
export function endAfterTest<T extends ChildProcess>(child: T): T {
  children.push(child);
  return child;
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
